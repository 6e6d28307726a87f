// A cordoned node keeps what it has and goes on serving, and is given nothing new.
import { nodeArgs } from "../../named-args.ts";
import type { Node } from "../../shapes.ts";
import { VsctlCommand } from "../../vsctl-command.ts";

export default class NodesCordon extends VsctlCommand {
  static override args = nodeArgs;

  async run(): Promise<Node> {
    const { args, flags } = await this.parse(NodesCordon);
    await using client = await this.connect(flags);
    const node = await client.cordonNode(args.node);
    this.print(`node ${node.name} is ${node.scheduling}: it gets no new work and no new copies`);
    return node;
  }
}
