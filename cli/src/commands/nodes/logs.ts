// The last lines of an agent's log, without access to its host.
import * as Flags from "@oclif/core/flags";
import { nodeArgs } from "../../named-args.ts";
import { VsctlCommand } from "../../vsctl-command.ts";

export default class NodesLogs extends VsctlCommand {
  static override args = nodeArgs;
  static override flags = {
    lines: Flags.integer({ description: "how many", min: 1, max: 1000, default: 100, helpValue: "N" }),
  };

  async run(): Promise<{ node: string; lines: string[] }> {
    const { args, flags } = await this.parse(NodesLogs);
    await using client = await this.connect(flags);
    const lines = await client.getNodeLogs({ node: args.node, lines: flags.lines });
    for (const line of lines) this.print(line);
    return { node: args.node, lines };
  }
}
