// One node.
import { nodeArgs } from "../../named-args.ts";
import { nodeFields } from "../../node-pages.ts";
import type { Node } from "../../shapes.ts";
import { VsctlCommand } from "../../vsctl-command.ts";

export default class NodesShow extends VsctlCommand {
  static override args = nodeArgs;

  async run(): Promise<Node> {
    const { args, flags } = await this.parse(NodesShow);
    await using client = await this.connect(flags);
    const node = await client.getNode(args.node);
    await this.printFields(nodeFields(node, this.clock.now()));
    return node;
  }
}
