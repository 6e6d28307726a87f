// Which assets and viewers depend on a node: to be looked at before it is drained, stopped or removed.
import * as Flags from "@oclif/core/flags";
import { formatBytes, shorten } from "../../formats.ts";
import { nodeArgs } from "../../named-args.ts";
import { impactFields } from "../../node-pages.ts";
import type { AssetImpact, NodeImpact } from "../../shapes.ts";
import type { Column } from "../../table.ts";
import { VsctlCommand } from "../../vsctl-command.ts";

const mostNamed = 500;

const columns: Column<AssetImpact>[] = [
  { title: "ASSET", value: (asset) => asset.assetId },
  { title: "TITLE", value: (asset) => shorten(asset.title, 40) },
  { title: "STATE", value: (asset) => asset.state },
  { title: "COPIES ELSEWHERE", value: (asset) => String(asset.fewestCopiesElsewhere), align: "right" },
  { title: "TO COPY", value: (asset) => formatBytes(asset.bytesToCopy), align: "right" },
];

export default class NodesImpact extends VsctlCommand {
  static override args = nodeArgs;
  static override flags = {
    limit: Flags.integer({ description: "how many assets are named", min: 1, max: mostNamed, default: 50 }),
  };

  async run(): Promise<NodeImpact> {
    const { args, flags } = await this.parse(NodesImpact);
    await using client = await this.connect(flags);
    const impact = await client.getNodeImpact({ node: args.node, limit: flags.limit });
    await this.printFields(impactFields(impact));
    if (impact.items.length > 0) {
      this.print("");
      await this.printTable(impact.items, columns);
    }
    if (impact.items.length < impact.assets && flags.limit < mostNamed) this.say("There are more: add --limit 500");
    return impact;
  }
}
