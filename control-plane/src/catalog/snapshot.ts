// The catalog at one moment, for planning: all nodes, and the assets that are not settled.
import { sql } from "kysely";
import type { AssetId, PieceId } from "@vstream/core/ids.ts";
import { assetRecords } from "./assets.ts";
import { choosePlannable } from "./choose-plannable.ts";
import { toNodeRecord } from "./nodes.ts";
import type { AssetView, ReplicaRecord, Snapshot, TaskRecord } from "./records.ts";
import { replicaState } from "./replicas.ts";
import { readPieceChanges, withChanges, withPieces } from "./snapshot-changes.ts";
import type {
  ChangedView,
  KnownVersions,
  PieceChanges,
  SnapshotChanges,
  SnapshotQuestion,
} from "./snapshot-changes.ts";
import type { Db, TaskRow } from "./tables.ts";
import { hasFixedNode, openStates, toTaskRecord } from "./tasks.ts";

/** Of very many assets, the first ones: who asks again and again keeps the cursor, and asks for changes. */
export async function planningSnapshot(db: Db, at: number): Promise<Snapshot> {
  const { nodes, assets } = await snapshotChanges(db, { at, known: new Map(), cursor: null });
  return { at, nodes, assets: assets.map(wholeView) };
}

/** The same, without the pieces that the reader knows already. */
export async function snapshotChanges(db: Db, { at, known, cursor }: SnapshotQuestion): Promise<SnapshotChanges> {
  const nodes = await db.selectFrom("nodes").selectAll().orderBy("id").execute();
  const turn = await choosePlannable(db, cursor);
  const assets = await readViews(db, turn.ids, known);
  return { at, nodes: nodes.map(toNodeRecord), assets, cursor: turn.cursor };
}

export async function getAssetView(db: Db, id: AssetId): Promise<AssetView | null> {
  const [view] = await readViews(db, [id], new Map());
  return view === undefined ? null : wholeView(view);
}

function wholeView(view: ChangedView): AssetView {
  return withPieces(view, withChanges(undefined, view.pieces));
}

async function readViews(db: Db, ids: readonly AssetId[], known: KnownVersions): Promise<ChangedView[]> {
  if (ids.length === 0) return [];
  const rows = await db.selectFrom("assets").selectAll().where("id", "in", ids).orderBy("id").execute();
  const assets = await assetRecords(db, rows);
  const pieces = new Map<AssetId, PieceChanges>();
  for (const row of rows) pieces.set(row.id, await readPieceChanges(db, row, known.get(row.id)));
  const replicas = Map.groupBy(await readReplicas(db, ids), (replica) => replica.assetId);
  const tasks = Map.groupBy(await readTasks(db, ids), (task) => task.asset_id);
  return assets.map((asset) => ({
    asset,
    pieces: pieces.get(asset.id) ?? noPieces,
    replicas: replicas.get(asset.id) ?? [],
    ...sortTasks(tasks.get(asset.id) ?? []),
  }));
}

const noPieces: PieceChanges = { version: 0, ids: [], added: [] };

async function readReplicas(db: Db, ids: readonly AssetId[]): Promise<ReplicaRecord[]> {
  return await db
    .selectFrom("replicas")
    .innerJoin("nodes", "nodes.id", "replicas.node_id")
    .select([
      "replicas.asset_id as assetId",
      "replicas.piece_id as pieceId",
      "replicas.node_id as nodeId",
      replicaState.as("state"),
    ])
    .where("replicas.asset_id", "in", ids)
    .execute();
}

// Oldest first. Of the succeeded ones only what makes video tells planning anything.
async function readTasks(db: Db, ids: readonly AssetId[]): Promise<TaskRow[]> {
  return await db
    .selectFrom("tasks")
    .selectAll()
    .where("asset_id", "in", ids)
    .where((eb) =>
      eb.or([
        eb("state", "in", [...openStates, "dead"]),
        eb.and([eb("state", "=", "succeeded"), eb("kind", "=", "transcode")]),
      ]),
    )
    .orderBy("created_at")
    // Of the same millisecond, the dead one is the older: nothing is made anew before the death.
    .orderBy(sql`case when state = 'dead' then 0 else 1 end`)
    .orderBy("finished_at")
    .orderBy("id")
    .execute();
}

function sortTasks(rows: readonly TaskRow[]): Pick<AssetView, "openTasks" | "deadTasks" | "preRolls"> {
  const isOpen = (task: TaskRow): boolean => openStates.some((state) => state === task.state);
  return {
    openTasks: rows.filter(isOpen).map(toTaskRecord),
    deadTasks: currentDead(rows),
    preRolls: preRollsOf(rows.filter((task) => task.state === "succeeded")),
  };
}

// A dead task counts until another one for the same work was made. One that only read copies is no work that the
// asset needs.
function currentDead(rows: readonly TaskRow[]): TaskRecord[] {
  const newest = new Map(rows.map((task) => [workKey(task), task]));
  return [...newest.values()].filter((task) => task.state === "dead" && task.kind !== "verify").map(toTaskRecord);
}

function workKey(task: TaskRow): string {
  const node = hasFixedNode(task) ? task.node_id : null;
  return `${task.kind} ${task.piece_id} ${node ?? ""}`;
}

function preRollsOf(transcodes: readonly TaskRow[]): ReadonlyMap<PieceId, number> {
  const preRolls = new Map<PieceId, number>();
  for (const task of transcodes) if (task.piece_id !== "") preRolls.set(task.piece_id, task.pre_roll_keyframes);
  return preRolls;
}
