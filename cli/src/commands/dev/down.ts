// Stops a local cluster. Its data stays, and `vsctl dev up` starts it again.
import { requireRecord, writeRecord } from "../../dev/cluster-record.ts";
import { viewCluster } from "../../dev/cluster-view.ts";
import type { DevCluster } from "../../dev/cluster-view.ts";
import { devFolder } from "../../dev/dev-folder.ts";
import { lockFolder } from "../../dev/folder-lock.ts";
import { stopProgram } from "../../dev/run-program.ts";
import { devFlags } from "../../dev-flags.ts";
import { VsctlCommand } from "../../vsctl-command.ts";

export default class DevDown extends VsctlCommand {
  static override flags = devFlags;

  async run(): Promise<DevCluster> {
    const { flags } = await this.parse(DevDown);
    const folder = devFolder(flags.dir, process.env);
    requireRecord(folder);
    using _lock = lockFolder(folder);
    const record = requireRecord(folder);
    const stop = async (entry: { process: Parameters<typeof stopProgram>[0] | null }): Promise<void> => {
      if (entry.process !== null) await stopProgram(entry.process, this.clock);
      entry.process = null;
    };
    // Agents first, while there is somebody to hear that they go.
    await Promise.all(record.nodes.map(stop));
    await stop(record.control);
    writeRecord(folder, record);
    this.print(`the cluster in ${folder.path} is down; its data stays, and vsctl dev up starts it again`);
    return viewCluster(folder, record);
  }
}
