// Takes a cordon or a drain back.
import { nodeArgs } from "../../named-args.ts";
import type { Node } from "../../shapes.ts";
import { VsctlCommand } from "../../vsctl-command.ts";

export default class NodesUncordon extends VsctlCommand {
  static override args = nodeArgs;

  async run(): Promise<Node> {
    const { args, flags } = await this.parse(NodesUncordon);
    await using client = await this.connect(flags);
    const node = await client.uncordonNode(args.node);
    this.print(`node ${node.name} is ${node.scheduling}: it takes work and copies again`);
    return node;
  }
}
