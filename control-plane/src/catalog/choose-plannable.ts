// Which unsettled assets one snapshot holds. All of them as a rule; but when a large node goes down, ten thousand may
// be unsettled at once, and memory is finite: then those with running tasks, and those whose turn it is.
import { sql } from "kysely";
import type { AssetId } from "@vstream/core/ids.ts";
import type { AssetState } from "./records.ts";
import type { Db } from "./tables.ts";
import { takeTurns } from "./take-turns.ts";
import type { Turn, Urgency, Waiting } from "./take-turns.ts";

/** The most assets and pieces of one snapshot, beside those of assets with running tasks. */
export const snapshotAssets = 500;
export const snapshotPieces = 10_000;

/** @param cursor of the snapshot before, so that each asset has its turn; null: there was none */
export async function choosePlannable(db: Db, cursor: AssetId | null): Promise<Turn> {
  const unsettled = await readUnsettled(db);
  const total = unsettled.reduce((sum, asset) => sum + asset.pieces, 0);
  if (unsettled.length <= snapshotAssets && total <= snapshotPieces) {
    return { ids: unsettled.map(({ id }) => id), cursor };
  }
  const running = await withRunningTasks(db);
  const waiting = await weigh(
    db,
    unsettled.filter(({ id }) => !running.has(id)),
  );
  const turn = takeTurns(waiting, { assets: snapshotAssets, pieces: snapshotPieces }, cursor);
  return { ids: [...running, ...turn.ids], cursor: turn.cursor };
}

interface Unsettled {
  readonly id: AssetId;
  readonly state: AssetState;
  readonly pieces: number;
  readonly wanted: number;
}

// By priority. Sorted here: for this order the engine would go through all assets.
async function readUnsettled(db: Db): Promise<Unsettled[]> {
  const rows = await db
    .selectFrom("unsettled")
    .innerJoin("assets", "assets.id", "unsettled.asset_id")
    .select(["assets.id", "assets.state", "assets.priority"])
    .select(["assets.piece_count as pieces", "assets.replicas_wanted as wanted"])
    .execute();
  return rows.sort((one, other) => other.priority - one.priority || (one.id < other.id ? -1 : 1));
}

async function withRunningTasks(db: Db): Promise<Set<AssetId>> {
  const rows = await db.selectFrom("tasks").select("asset_id").distinct().where("state", "=", "leased").execute();
  return new Set(rows.map((row) => row.asset_id));
}

async function weigh(db: Db, assets: readonly Unsettled[]): Promise<Waiting[]> {
  const whole = await countWholeHomes(db);
  const homesOf = (asset: Unsettled): number => whole.get(asset.id) ?? 0;
  return assets
    .map((asset) => ({ ...asset, urgency: urgencyOf(asset, homesOf(asset)) }))
    .sort((one, other) => Number(isOutOfReach(one, homesOf(one))) - Number(isOutOfReach(other, homesOf(other))));
}

// Of an upload whose source has not arrived, nobody but the client can do anything.
function urgencyOf({ state, pieces, wanted }: Unsettled, wholeHomes: number): Urgency {
  if (state === "uploading") return pieces > 0 ? "awaited" : "none";
  if (state === "processing" || state === "playable") return "awaited";
  return state === "ready" && wholeHomes < Math.min(wanted, 2) ? "scarce" : "none";
}

// What has no whole home may have nothing left to copy from: it comes after what surely has.
function isOutOfReach({ state }: Unsettled, wholeHomes: number): boolean {
  return state === "ready" && wholeHomes === 0;
}

// Homes that count, and to which nothing is known to be missing. Told from indexes, without a look at each piece.
async function countWholeHomes(db: Db): Promise<ReadonlyMap<AssetId, number>> {
  const rows = await db
    .selectFrom("unsettled")
    .innerJoin("asset_homes", "asset_homes.asset_id", "unsettled.asset_id")
    .innerJoin("nodes", "nodes.id", "asset_homes.node_id")
    .select((eb) => ["unsettled.asset_id", eb.fn.countAll<number>().as("homes")])
    .where("nodes.health", "<>", "down")
    .where("nodes.copies_trusted", "=", 1)
    .where(lacksNothing)
    .where((eb) => eb.not(eb.exists(openCopies(db))))
    .groupBy("unsettled.asset_id")
    .execute();
  return new Map(rows.map((row) => [row.asset_id, row.homes]));
}

// Read once as a whole from the partial index, which is small, instead of all copies of each asset; with a literal, so
// that the index is seen to cover it.
const lacksNothing = sql<boolean>`(asset_homes.asset_id, asset_homes.node_id) not in (
  select asset_id, node_id from replicas where state <> 'verified')`;

function openCopies(db: Db) {
  return (
    db
      .selectFrom("tasks")
      .select("tasks.id")
      // The node as an expression, so that the asset's tasks are looked up, not all of the node's.
      .where(sql<boolean>`tasks.asset_id = asset_homes.asset_id and coalesce(tasks.node_id, '') = asset_homes.node_id`)
      .where("tasks.state", "in", ["pending", "waiting"])
      .where("tasks.kind", "=", "replicate")
  );
}
