// Stops one program of a local cluster: `control`, or a node by its name.
import { VsError } from "@vstream/core/errors.ts";
import { programOf, requireRecord, writeRecord } from "../../dev/cluster-record.ts";
import { viewCluster } from "../../dev/cluster-view.ts";
import type { DevCluster } from "../../dev/cluster-view.ts";
import { devFolder } from "../../dev/dev-folder.ts";
import { lockFolder } from "../../dev/folder-lock.ts";
import { stopProgram } from "../../dev/run-program.ts";
import { runs } from "../../dev/start-cluster.ts";
import { devArgs, devFlags } from "../../dev-flags.ts";
import { VsctlCommand } from "../../vsctl-command.ts";

export default class DevStop extends VsctlCommand {
  static override args = devArgs;
  static override flags = devFlags;

  async run(): Promise<DevCluster> {
    const { args, flags } = await this.parse(DevStop);
    const folder = devFolder(flags.dir, process.env);
    requireRecord(folder);
    using _lock = lockFolder(folder);
    const record = requireRecord(folder);
    const entry = programOf(record, args.name);
    if (entry.process === null || !runs(entry)) throw new VsError("conflict", `${args.name} does not run`);
    await stopProgram(entry.process, this.clock);
    entry.process = null;
    writeRecord(folder, record);
    this.print(`${args.name} is stopped; start it again with: vsctl dev start ${args.name}`);
    return viewCluster(folder, record);
  }
}
