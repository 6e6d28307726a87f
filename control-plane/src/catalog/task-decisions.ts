// Decisions about tasks: make one, lease it, end its lease, cancel it.
import { sourcePieceId } from "@vstream/core/ids.ts";
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
import { sql } from "kysely";
import { isDue } from "../planning/decisions.ts";
import type { Decision, NewTask } from "../planning/decisions.ts";
import { assetRow } from "./assets.ts";
import { cancelOpenTask, loseLease } from "./end-task.ts";
import { isHome } from "./homes.ts";
import { fromJson } from "./json-column.ts";
import { overIn } from "./kept-editions.ts";
import { nodeRow } from "./nodes.ts";
import { hasPiece } from "./pieces.ts";
import type { TaskRecord } from "./records.ts";
import { hasLiveCopy } from "./replicas.ts";
import type { AssetRow, Db, TaskRow } from "./tables.ts";
import { findOpenTask, hasFixedNode, insertTask, leaseTask, openStates, taskRow } from "./tasks.ts";

type DecisionOf<Kind extends Decision["kind"]> = Extract<Decision, { kind: Kind }>;

export async function applyCreate(db: Db, task: NewTask, at: number): Promise<void> {
  const asset = await assetRow(db, task.assetId);
  if (asset === undefined || !(await isPossible(db, task, asset))) return;
  if ((await findOpenTask(db, task)) === undefined) await insertTask(db, task, at);
}

export async function applyLease(db: Db, lease: DecisionOf<"lease-task">, at: number): Promise<TaskRecord | null> {
  const { nodeId, expectedEpoch } = lease;
  const task = await taskRow(db, lease.taskId);
  if (task?.epoch !== expectedEpoch || !mayRun(task, at)) return null;
  if (hasFixedNode(task) && task.node_id !== nodeId) return null;
  const node = await nodeRow(db, nodeId);
  const asset = await assetRow(db, task.asset_id);
  if (node === undefined || node.health === "down" || asset === undefined) return null;
  if (!(await isStillRight(db, { task, asset, nodeId }))) return null;
  return await leaseTask(db, task, { nodeId, at });
}

export async function applyExpiry(db: Db, expiry: DecisionOf<"expire-lease">, at: number): Promise<void> {
  const task = await taskRow(db, expiry.taskId);
  if (task?.state !== "leased" || task.epoch !== expiry.epoch) return;
  await loseLease(db, task, { reason: expiry.reason, at });
}

export async function applyCancel(db: Db, cancel: DecisionOf<"cancel-task">, at: number): Promise<void> {
  const task = await taskRow(db, cancel.taskId);
  if (task === undefined || !openStates.some((state) => state === task.state)) return;
  await cancelOpenTask(db, task, { reason: cancel.reason, actor: "vstream", at });
}

function mayRun(task: TaskRow, at: number): boolean {
  return (task.state === "pending" || task.state === "waiting") && isDue(task.not_before, at);
}

async function isPossible(db: Db, task: NewTask, asset: AssetRow): Promise<boolean> {
  const isEnding = asset.state === "deleting" || asset.state === "failed";
  if (task.pieceId !== "" && overIn(asset)(task.pieceId)) return false;
  switch (task.kind) {
    case "replicate":
      return task.nodeId !== null && task.pieceId !== "" && (await hasPiece(db, asset.id, task.pieceId));
    case "discard":
      return task.nodeId !== null;
    case "verify":
      return task.nodeId !== null && asset.state !== "deleting";
    case "fetch":
      return (
        asset.state === "uploading" && asset.source_url !== "" && !(await hasLiveCopy(db, asset.id, sourcePieceId))
      );
    case "probe":
    case "transcode":
    case "audio":
      return !isEnding;
    case "text":
    case "images":
    case "check":
      return !isEnding && asset.plan !== null;
  }
}

interface Proposal {
  readonly task: TaskRow;
  readonly asset: AssetRow;
  readonly nodeId: NodeId;
}

// The world may have changed since the task was made.
async function isStillRight(db: Db, { task, asset, nodeId }: Proposal): Promise<boolean> {
  if (task.kind === "replicate") return task.piece_id !== "" && (await hasPiece(db, asset.id, task.piece_id));
  if (task.kind !== "discard" || asset.state === "deleting" || asset.state === "failed") return true;
  const named = fromJson(task.discard_piece_ids);
  if (named.length > 0 && named.every(overIn(asset))) return true;
  if (await isHome(db, asset.id, nodeId)) return false;
  return (await countNeeded(db, { task, asset, nodeId })) === 0;
}

// The last guard of "no copy is deleted unless as many verified copies as wanted remain": how many of the copies to
// be deleted have too few others on homes that are not down.
async function countNeeded(db: Db, { task, asset, nodeId }: Proposal): Promise<number> {
  const wanted = Math.max(1, Math.min(asset.replicas_wanted, asset.home_count));
  const isOver = overIn(asset);
  const pieceIds = fromJson(task.discard_piece_ids).filter((pieceId) => !isOver(pieceId));
  const held = db
    .selectFrom("replicas as mine")
    .select((eb) => eb.fn.countAll<number>().as("n"))
    .where("mine.asset_id", "=", asset.id)
    .where("mine.node_id", "=", nodeId)
    .where(verifiedOnHomes(asset.id), "<", wanted);
  const named = pieceIds.length === 0 ? held : held.where("mine.piece_id", "in", pieceIds);
  return (await named.executeTakeFirstOrThrow()).n;
}

function verifiedOnHomes(assetId: AssetId) {
  return sql<number>`(
    select count(*) from replicas
    join asset_homes on asset_homes.asset_id = replicas.asset_id and asset_homes.node_id = replicas.node_id
    join nodes on nodes.id = replicas.node_id
    where replicas.asset_id = ${assetId} and replicas.piece_id = mine.piece_id and replicas.state = 'verified'
      and nodes.copies_trusted = 1 and nodes.health <> 'down')`;
}
