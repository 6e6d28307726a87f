// The cluster's nodes, a line each.
import { formatBitrate, formatBytes, formatShare, orNothing } from "../../formats.ts";
import { listFlags, toListQuery } from "../../flags.ts";
import type { Node, Page } from "../../shapes.ts";
import type { Column } from "../../table.ts";
import { VsctlCommand } from "../../vsctl-command.ts";

const columns: Column<Node>[] = [
  { title: "NAME", value: (node) => node.name },
  { title: "REGION", value: (node) => node.region },
  { title: "ZONE", value: (node) => orNothing(node.zone) },
  { title: "HEALTH", value: (node) => node.health },
  { title: "SCHEDULING", value: (node) => node.scheduling },
  { title: "TASKS", value: (node) => String(node.tasksRunning), align: "right" },
  { title: "VIEWERS", value: (node) => String(node.viewers), align: "right" },
  { title: "SENDS", value: (node) => formatBitrate(node.egressBps), align: "right" },
  { title: "PROCESSOR", value: (node) => formatShare(node.processor), align: "right" },
  { title: "ASSETS", value: (node) => String(node.assetsHeld), align: "right" },
  { title: "USED", value: (node) => formatBytes(node.storage.usedBytes), align: "right" },
  { title: "FULL", value: ({ storage }) => formatShare(storage.usedBytes / storage.capacityBytes), align: "right" },
  { title: "ID", value: (node) => node.id },
];

export default class NodesList extends VsctlCommand {
  static override flags = { ...listFlags };

  async run(): Promise<Page<Node>> {
    const { flags } = await this.parse(NodesList);
    await using client = await this.connect(flags);
    const page = await client.listNodes(toListQuery(flags));
    await this.printPage(page, columns, {
      quiet: flags.quiet,
      none: "There are no nodes. Make a token for one with: vsctl tokens create --for node",
    });
    return page;
  }
}
