// The tasks' table: rows as records, making a task, leasing it.
import { VsError } from "@vstream/core/errors.ts";
import { newId } from "@vstream/core/ids.ts";
import type { NodeId, TaskId } from "@vstream/core/ids.ts";
import type { NewTask } from "../planning/decisions.ts";
import type { VerifyFindings } from "./catalog.ts";
import { fromJson, fromJsonOrNull, toJson } from "./json-column.ts";
import type { TaskRecord, TaskState } from "./records.ts";
import { markCopying } from "./replicas.ts";
import { unsettle } from "./settling.ts";
import type { Db, TaskRow } from "./tables.ts";

export const openStates = ["pending", "leased", "waiting"] as const satisfies readonly TaskState[];

/** Tasks that have a node from the start keep it; the others get one with each lease. */
export function hasFixedNode(task: Pick<TaskRow, "kind">): boolean {
  return task.kind === "replicate" || task.kind === "discard" || task.kind === "verify";
}

export async function taskRow(db: Db, id: TaskId): Promise<TaskRow | undefined> {
  return await db.selectFrom("tasks").selectAll().where("id", "=", id).executeTakeFirst();
}

/** @throws VsError task_not_found */
export async function requireTask(db: Db, id: TaskId): Promise<TaskRow> {
  const row = await taskRow(db, id);
  if (row !== undefined) return row;
  throw new VsError("task_not_found", `there is no task ${id}`, { hint: "See the tasks with: vsctl tasks list" });
}

export async function getTask(db: Db, id: TaskId): Promise<TaskRecord | null> {
  const row = await taskRow(db, id);
  return row === undefined ? null : toTaskRecord(row);
}

/** null: there is no such verification, or it has not ended well. */
export async function getFindings(db: Db, id: TaskId): Promise<VerifyFindings | null> {
  return fromJsonOrNull((await taskRow(db, id))?.findings ?? null);
}

/** A task that does the same and is open already. */
export async function findOpenTask(
  db: Db,
  task: Pick<NewTask, "kind" | "assetId" | "pieceId" | "nodeId">,
): Promise<TaskRow | undefined> {
  const same = db
    .selectFrom("tasks")
    .selectAll()
    .where("asset_id", "=", task.assetId)
    .where("state", "in", openStates)
    .where("kind", "=", task.kind)
    .where("piece_id", "=", task.pieceId);
  const found = task.nodeId === null ? same : same.where("node_id", "=", task.nodeId);
  return await found.limit(1).executeTakeFirst();
}

export async function insertTask(db: Db, task: NewTask, at: number): Promise<TaskRow> {
  const row = newRow(task, at);
  await db.insertInto("tasks").values(row).execute();
  await unsettle(db, task.assetId);
  return row;
}

/** Another attempt, under a new epoch. The caller has checked that it may be. */
export async function leaseTask(db: Db, task: TaskRow, lease: { nodeId: NodeId; at: number }): Promise<TaskRecord> {
  const leased = await db
    .updateTable("tasks")
    .set((eb) => ({
      state: "leased",
      node_id: lease.nodeId,
      epoch: eb("epoch", "+", 1),
      attempt: eb("attempt", "+", 1),
      started_at: lease.at,
      finished_at: null,
    }))
    .where("id", "=", task.id)
    .returningAll()
    .executeTakeFirstOrThrow();
  if (task.kind === "replicate" && task.piece_id !== "") {
    await markCopying(db, task.asset_id, task.piece_id, lease.nodeId);
  }
  await unsettle(db, task.asset_id);
  return toTaskRecord(leased);
}

export function toTaskRecord(row: TaskRow): TaskRecord {
  return {
    id: row.id,
    kind: row.kind,
    assetId: row.asset_id,
    pieceId: row.piece_id,
    discardPieceIds: fromJson(row.discard_piece_ids),
    nodeId: row.node_id,
    state: row.state,
    attempt: row.attempt,
    failures: row.failures,
    epoch: row.epoch,
    priority: row.priority,
    rank: row.rank,
    preRollKeyframes: row.pre_roll_keyframes,
    notBefore: row.not_before,
    createdAt: row.created_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    error: fromJsonOrNull(row.error),
  };
}

function newRow(task: NewTask, at: number): TaskRow {
  return {
    id: newId("task", at),
    kind: task.kind,
    asset_id: task.assetId,
    piece_id: task.pieceId,
    discard_piece_ids: toJson(task.discardPieceIds),
    node_id: task.nodeId,
    state: "pending",
    attempt: 0,
    failures: 0,
    epoch: 0,
    priority: task.priority,
    rank: task.rank,
    pre_roll_keyframes: task.preRollKeyframes,
    not_before: task.notBefore,
    created_at: at,
    started_at: null,
    finished_at: null,
    error: null,
    reported_epoch: null,
    reported_by: null,
    reported_kind: null,
    findings: null,
  };
}
