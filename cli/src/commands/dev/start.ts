// Starts one program of a local cluster again: `control`, or a node by its name.
import { VsError } from "@vstream/core/errors.ts";
import { programOf, requireRecord } from "../../dev/cluster-record.ts";
import { viewCluster } from "../../dev/cluster-view.ts";
import type { DevCluster } from "../../dev/cluster-view.ts";
import { controlName, devFolder } from "../../dev/dev-folder.ts";
import { lockFolder } from "../../dev/folder-lock.ts";
import { runs, startPrograms } from "../../dev/start-cluster.ts";
import { devArgs, devFlags } from "../../dev-flags.ts";
import { VsctlCommand } from "../../vsctl-command.ts";

export default class DevStart extends VsctlCommand {
  static override args = devArgs;
  static override flags = devFlags;

  async run(): Promise<DevCluster> {
    const { args, flags } = await this.parse(DevStart);
    const folder = devFolder(flags.dir, process.env);
    requireRecord(folder);
    using _lock = lockFolder(folder);
    const record = requireRecord(folder);
    const entry = programOf(record, args.name);
    if (runs(entry)) throw new VsError("conflict", `${args.name} runs already`);
    const name = "name" in entry ? entry.name : controlName;
    const options = {
      clock: this.clock,
      signal: this.signal,
      say: (text: string) => {
        this.say(text);
      },
    };
    await startPrograms(folder, record, { ...options, names: [name] });
    this.print(`${name} is up`);
    return viewCluster(folder, record);
  }
}
