// Takes a node out of the cluster for good: its certificate becomes worthless.
import * as Flags from "@oclif/core/flags";
import { confirmLeaving } from "../../confirm-leaving.ts";
import { yesFlag } from "../../flags.ts";
import { nodeArgs } from "../../named-args.ts";
import type { Node } from "../../shapes.ts";
import { VsctlCommand } from "../../vsctl-command.ts";

export default class NodesRemove extends VsctlCommand {
  static override args = nodeArgs;
  static override flags = {
    force: Flags.boolean({ description: "although copies or tasks are still on it" }),
    yes: yesFlag,
  };

  async run(): Promise<Node> {
    const { args, flags } = await this.parse(NodesRemove);
    const loss = flags.force ? ", and count the copies that are still on it as lost" : "";
    await using client = await this.connect(flags);
    const act = `Remove node ${args.node} from the cluster${loss}?`;
    await confirmLeaving(act, { client, node: args.node, yes: flags.yes, signal: this.signal });
    const node = await client.removeNode({ node: args.node, force: flags.force });
    this.print(`node ${node.name} is removed: to use its host again, join it with a new token`);
    return node;
  }
}
