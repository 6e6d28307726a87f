// Which uploads a node keeps for nothing: those that no ticket would go to any more.
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { isAwaitingSource } from "./admin/upload-place.ts";

export async function unwantedUploads(
  catalog: Catalog,
  { nodeId, assetIds }: { nodeId: NodeId; assetIds: readonly AssetId[] },
): Promise<AssetId[]> {
  const unwanted: AssetId[] = [];
  for (const assetId of assetIds) {
    const asset = (await catalog.queries.getAsset(assetId))?.asset;
    const isWanted = asset?.homes[0] === nodeId && (await isAwaitingSource({ catalog }, asset));
    if (!isWanted) unwanted.push(assetId);
  }
  return unwanted;
}
