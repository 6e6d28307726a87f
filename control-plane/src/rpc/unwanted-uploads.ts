// Which sources a node keeps in part for nothing: uploads that no ticket would go to any more, and what it would not be
// told to fetch again.
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { AssetRecord } from "../catalog/records.ts";
import { isAwaitingSource } from "./admin/upload-place.ts";

export async function unwantedUploads(
  catalog: Catalog,
  { nodeId, assetIds }: { nodeId: NodeId; assetIds: readonly AssetId[] },
): Promise<AssetId[]> {
  const unwanted: AssetId[] = [];
  for (const assetId of assetIds) {
    const asset = (await catalog.queries.getAsset(assetId))?.asset;
    const isWanted = asset !== undefined && isPlace(asset, nodeId) && (await isAwaitingSource({ catalog }, asset));
    if (!isWanted) unwanted.push(assetId);
  }
  return unwanted;
}

function isPlace({ homes, sourceUrl }: AssetRecord, nodeId: NodeId): boolean {
  return sourceUrl === null ? homes[0] === nodeId : homes.includes(nodeId);
}
