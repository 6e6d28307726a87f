// The assets, a line each.
import * as Flags from "@oclif/core/flags";
import { listFlags, toListQuery } from "../../flags.ts";
import { formatAgo, formatBytes, formatLength, formatShare, shorten } from "../../formats.ts";
import type { Asset, Page } from "../../shapes.ts";
import type { Column } from "../../table.ts";
import { VsctlCommand } from "../../vsctl-command.ts";

export default class AssetsList extends VsctlCommand {
  static override flags = {
    ...listFlags,
    search: Flags.string({
      description: "only those with all these words in title, source name, id or labels",
      helpValue: "TEXT",
    }),
  };

  async run(): Promise<Page<Asset>> {
    const { flags } = await this.parse(AssetsList);
    await using client = await this.connect(flags);
    const page = await client.listAssets(toListQuery(flags), flags.search ?? "");
    await this.printPage(page, columnsAt(this.clock.now()), {
      quiet: flags.quiet,
      none: "There are no such assets. Make one with: vsctl ingest FILE",
    });
    return page;
  }
}

function columnsAt(nowMs: number): Column<Asset>[] {
  return [
    { title: "ID", value: (asset) => asset.id },
    { title: "TITLE", value: (asset) => shorten(asset.title, longestTitle) },
    { title: "STATE", value: (asset) => asset.state },
    { title: "DONE", value: (asset) => formatShare(asset.progress), align: "right" },
    { title: "LENGTH", value: (asset) => formatLength(asset.durationSeconds), align: "right" },
    { title: "STORED", value: (asset) => formatBytes(asset.storedBytes), align: "right" },
    { title: "COPIES", value: copies, align: "right" },
    { title: "CREATED", value: (asset) => formatAgo(asset.createdAt, nowMs) },
  ];
}

function copies({ replicas, replicasWanted }: Asset): string {
  return `${replicas.filter(({ state }) => state === "verified").length}/${replicasWanted}`;
}

const longestTitle = 40;
