// What runs of a local cluster.
import { requireRecord } from "../../dev/cluster-record.ts";
import { clusterFields, viewCluster } from "../../dev/cluster-view.ts";
import type { DevCluster } from "../../dev/cluster-view.ts";
import { devFolder } from "../../dev/dev-folder.ts";
import { devFlags } from "../../dev-flags.ts";
import { VsctlCommand } from "../../vsctl-command.ts";

export default class DevStatus extends VsctlCommand {
  static override flags = devFlags;

  async run(): Promise<DevCluster> {
    const { flags } = await this.parse(DevStatus);
    const folder = devFolder(flags.dir, process.env);
    const cluster = viewCluster(folder, requireRecord(folder));
    await this.printFields([["folder", folder.path], ["config", cluster.config], ...clusterFields(cluster)]);
    return cluster;
  }
}
