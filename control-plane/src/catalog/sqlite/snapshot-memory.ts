// Planning's snapshots on the program's side: the pieces of the last one are kept, so that only what is new of them
// has to be read and carried from the reading thread.
import type { AssetId } from "@vstream/core/ids.ts";
import type { CatalogQueries } from "../catalog.ts";
import { withChanges, withPieces } from "../snapshot-changes.ts";
import type { KnownPieces, SnapshotChanges, SnapshotQuestion } from "../snapshot-changes.ts";

export type AskForChanges = (question: SnapshotQuestion) => Promise<SnapshotChanges>;

/** Kept are the assets of the newest snapshot, which is bounded; an asset that is not in it is forgotten. */
export function rememberSnapshots(ask: AskForChanges): CatalogQueries["planningSnapshot"] {
  let newest: ReadonlyMap<AssetId, KnownPieces> = new Map();
  let cursor: AssetId | null = null;
  return async (at) => {
    // Another call may be answered before this one: what this one's answer rests on stays as it is.
    const before = newest;
    const known = new Map([...before].map(([assetId, { version }]) => [assetId, version]));
    const { nodes, assets, ...turn } = await ask({ at, known, cursor });
    cursor = turn.cursor;
    const now = new Map(assets.map(({ asset, pieces }) => [asset.id, withChanges(before.get(asset.id), pieces)]));
    newest = now;
    return { at, nodes, assets: assets.map((view) => withPieces(view, now.get(view.asset.id) ?? nothing)) };
  };
}

const nothing: KnownPieces = { version: 0, pieces: [] };
