// Which unsettled assets one snapshot holds. All of them as a rule; but when a large node goes down, ten thousand may
// be unsettled at once, and memory is finite: then those with running tasks, those that somebody waits for, and of
// the rest a part that is another one each second.
import type { AssetId } from "@vstream/core/ids.ts";
import type { Db } from "./tables.ts";

/** The most assets and pieces of one snapshot, beside those of assets with running tasks. */
export const snapshotAssets = 500;
export const snapshotPieces = 10_000;

export async function choosePlannable(db: Db, at: number): Promise<AssetId[]> {
  const unsettled = await readUnsettled(db);
  const total = unsettled.reduce((sum, asset) => sum + asset.pieces, 0);
  if (unsettled.length <= snapshotAssets && total <= snapshotPieces) return unsettled.map((asset) => asset.id);
  const running = new Set(await withRunningTasks(db));
  const awaited = unsettled.filter((asset) => isAwaited(asset) && !running.has(asset.id));
  const rest = unsettled.filter((asset) => !isAwaited(asset) && !running.has(asset.id));
  const half = { assets: snapshotAssets / 2, pieces: snapshotPieces / 2 };
  return [...running, ...take(awaited, half), ...take(rotate(rest, at, half.assets), half)];
}

interface Unsettled {
  readonly id: AssetId;
  readonly state: string;
  readonly pieces: number;
}

// Most urgent first. Sorted here: for this order the engine would go through all assets.
async function readUnsettled(db: Db): Promise<Unsettled[]> {
  const rows = await db
    .selectFrom("unsettled")
    .innerJoin("assets", "assets.id", "unsettled.asset_id")
    .select(["assets.id", "assets.state", "assets.priority", "assets.piece_count as pieces"])
    .execute();
  return rows.sort((one, other) => other.priority - one.priority || (one.id < other.id ? -1 : 1));
}

async function withRunningTasks(db: Db): Promise<AssetId[]> {
  const rows = await db.selectFrom("tasks").select("asset_id").distinct().where("state", "=", "leased").execute();
  return rows.map((row) => row.asset_id);
}

function isAwaited(asset: Unsettled): boolean {
  return asset.state === "uploading" || asset.state === "processing" || asset.state === "playable";
}

function rotate(assets: readonly Unsettled[], at: number, step: number): Unsettled[] {
  if (assets.length === 0) return [];
  const start = (Math.floor(at / 1000) * step) % assets.length;
  return [...assets.slice(start), ...assets.slice(0, start)];
}

// At least one, however large.
function take(assets: readonly Unsettled[], limit: { assets: number; pieces: number }): AssetId[] {
  let pieces = 0;
  const chosen: AssetId[] = [];
  for (const asset of assets.slice(0, limit.assets)) {
    pieces += asset.pieces;
    if (pieces > limit.pieces && chosen.length > 0) break;
    chosen.push(asset.id);
  }
  return chosen;
}
