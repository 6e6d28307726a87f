// What lists show of assets beside their own rows: how their copies stand.
import type { AssetId } from "@vstream/core/ids.ts";
import { assetRecords, assetRow } from "./assets.ts";
import type { AssetSummary } from "./catalog.ts";
import { countCopies, fewestByGroups } from "./copy-counts.ts";
import { offeredText } from "./extras.ts";
import { countPresentCopies, hasPiecesApart } from "./present-copies.ts";
import type { PresentCopies } from "./present-copies.ts";
import { heldSources } from "./held-sources.ts";
import type { AssetRecord, ReplicaState } from "./records.ts";
import type { AssetRow, Db } from "./tables.ts";

export async function getAsset(db: Db, id: AssetId): Promise<AssetSummary | null> {
  const row = await assetRow(db, id);
  if (row === undefined) return null;
  const [summary] = await summarize(db, [row]);
  return summary ?? null;
}

export async function summarize(db: Db, rows: readonly AssetRow[]): Promise<AssetSummary[]> {
  if (rows.length === 0) return [];
  const assets = await assetRecords(db, rows);
  const ids = rows.map((row) => row.id);
  const groups = Map.groupBy(await countCopies(db, ids), (group) => group.assetId);
  const fewest = await fewestByGroups(db, rows, groups);
  const text = await offeredText(db, assets);
  const mixed = rows.filter(hasPiecesApart).map((row) => row.id);
  const present = await countPresentCopies(db, mixed);
  const withSource = await heldSources(db, ids);
  const piecesDone = new Map(rows.map((row) => [row.id, row.piece_count]));
  return assets.map((asset) => {
    const own = groups.get(asset.id) ?? [];
    const pieces = piecesDone.get(asset.id) ?? 0;
    const verified = own.filter((group) => group.state === "verified");
    return {
      asset,
      replicas: stateOfHomes(asset, present.get(asset.id) ?? { groups: own, pieces }),
      fewestCopies: fewest.get(asset.id) ?? 0,
      hasSource: withSource.has(asset.id),
      storedBytes: verified.reduce((sum, group) => sum + group.bytes, 0),
      piecesDone: pieces,
      text: text.get(asset.id) ?? [],
    };
  });
}

// From worst to best. A home that has no row for one of the pieces wants it.
const worstFirst: readonly ReplicaState[] = ["lost", "suspect", "wanted", "copying", "verified"];

function stateOfHomes(asset: AssetRecord, { groups, pieces }: PresentCopies): AssetSummary["replicas"] {
  return asset.homes.map((nodeId) => {
    const here = groups.filter((group) => group.nodeId === nodeId);
    const states = new Set(here.map((group) => group.state));
    const copies = here.reduce((sum, group) => sum + group.copies, 0);
    if (copies < pieces || pieces === 0) states.add("wanted");
    return { nodeId, state: worstFirst.find((state) => states.has(state)) ?? "wanted" };
  });
}
