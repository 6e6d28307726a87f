// Tells homes which manifests are new, by comparing each snapshot with the one before. Lost news do no harm: a node
// gets the complete list with each session and once a minute.
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
import type { AssetRecord, Snapshot } from "../catalog/records.ts";
import type { ManifestNewsEntry } from "./session.ts";

export class ManifestNews {
  #told = new Map<AssetId, AssetRecord>();

  /** For each home, what it has not been told yet of the assets in the snapshot. */
  since(snapshot: Snapshot): Map<NodeId, ManifestNewsEntry[]> {
    const news = new Map<NodeId, ManifestNewsEntry[]>();
    const told = new Map<AssetId, AssetRecord>();
    for (const { asset } of snapshot.assets) {
      if (asset.releasedChunks === 0) continue;
      told.set(asset.id, asset);
      for (const home of toBeTold(asset, this.#told.get(asset.id))) {
        news.set(home, [...(news.get(home) ?? []), entryOf(asset)]);
      }
    }
    this.#told = told;
    return news;
  }
}

function toBeTold(asset: AssetRecord, told: AssetRecord | undefined): readonly NodeId[] {
  if (told?.manifestVersion !== asset.manifestVersion) return asset.homes;
  return asset.homes.filter((home) => !told.homes.includes(home));
}

function entryOf(asset: AssetRecord): ManifestNewsEntry {
  return { assetId: asset.id, version: asset.manifestVersion, deleted: asset.state === "deleting" };
}
