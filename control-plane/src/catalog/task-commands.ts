// What an operator can do to a task: try again what is dead, cancel what is open.
import { VsError } from "@vstream/core/errors.ts";
import { sourcePieceId, textPieceId } from "@vstream/core/ids.ts";
import type { TaskId } from "@vstream/core/ids.ts";
import { isExtra } from "../planning/asset-facts.ts";
import { assetRow, changeAsset } from "./assets.ts";
import type { Actor } from "./catalog.ts";
import { cancelOpenTask, describe } from "./end-task.ts";
import { writeEvent } from "./events.ts";
import { hasPiece } from "./pieces.ts";
import type { TaskRecord } from "./records.ts";
import { unsettle } from "./settling.ts";
import { hasSourceOver } from "./source-keeping.ts";
import { planFromJson } from "./stored-media.ts";
import type { AssetRow, Db, TaskRow } from "./tables.ts";
import { findOpenTask, hasFixedNode, openStates, requireTask, toTaskRecord } from "./tasks.ts";

interface Change {
  readonly taskId: TaskId;
  readonly at: number;
  readonly actor: Actor;
}

/** @throws VsError task_not_found; conflict when it is not dead or cancelled, or its asset cannot go on */
export async function retryTask(db: Db, { taskId, at, actor }: Change): Promise<TaskRecord> {
  const task = await requireTask(db, taskId);
  await checkRetry(db, task);
  await checkSource(db, task);
  await reviveAsset(db, task, { at, actor });
  const revived = await db
    .updateTable("tasks")
    .set({
      state: "pending",
      failures: 0,
      error: null,
      not_before: at,
      finished_at: null,
      // The time that it may take in all begins anew.
      ...(task.kind === "fetch" ? { created_at: at } : {}),
      node_id: hasFixedNode(task) || task.kind === "fetch" ? task.node_id : null,
    })
    .where("id", "=", taskId)
    .returningAll()
    .executeTakeFirstOrThrow();
  if (isExtra(task)) await changeAsset(db, task.asset_id, {}, "visible");
  await unsettle(db, task.asset_id);
  const message = `${describe(task)} is tried again`;
  await writeEvent(db, { at, kind: "task.retried", subject: taskId, actor, message });
  return toTaskRecord(revived);
}

/** @throws VsError task_not_found; conflict when it has ended */
export async function cancelTask(db: Db, { taskId, at, actor }: Change): Promise<TaskRecord> {
  const task = await requireTask(db, taskId);
  if (!openStates.some((state) => state === task.state)) {
    throw new VsError("conflict", `task ${taskId} has ended already: it is ${task.state}`);
  }
  await cancelOpenTask(db, task, { reason: `by ${actor}`, actor, at });
  return toTaskRecord(await requireTask(db, taskId));
}

async function checkRetry(db: Db, task: TaskRow): Promise<void> {
  if (task.state !== "dead" && task.state !== "cancelled") {
    throw new VsError("conflict", `task ${task.id} is ${task.state}: only a dead or cancelled one can be retried`);
  }
  const same = { kind: task.kind, assetId: task.asset_id, pieceId: task.piece_id, nodeId: task.node_id };
  if ((await findOpenTask(db, hasFixedNode(task) ? same : { ...same, nodeId: null })) !== undefined) {
    throw new VsError("conflict", `another task is at the same work as ${task.id} already`, {
      hint: `See it with: vsctl tasks list --asset ${task.asset_id}`,
    });
  }
}

// Planning would wait for ever for a node that has it.
async function checkSource(db: Db, task: TaskRow): Promise<void> {
  const asset = await assetRow(db, task.asset_id);
  if (asset === undefined || !hasSourceOver(asset) || !readsSource(task, asset)) return;
  throw new VsError("conflict", `${describe(task)} reads the asset's source, which is not kept`, {
    hint: "Ingest it once more, with --keep-source always: vsctl ingest FILE --force",
  });
}

function readsSource({ kind, piece_id: pieceId }: TaskRow, { plan }: AssetRow): boolean {
  if (kind !== "text") return kind === "probe" || kind === "transcode" || kind === "audio";
  const text = plan === null ? [] : planFromJson(plan).text;
  return text.some(({ origin, track }) => textPieceId(track) === pieceId && origin !== "file");
}

// To read copies again makes nothing that a failed asset lacks.
async function reviveAsset(db: Db, task: TaskRow, change: { at: number; actor: Actor }): Promise<void> {
  const asset = await assetRow(db, task.asset_id);
  if (asset === undefined || asset.state === "deleting") {
    throw new VsError("conflict", "the task's asset was deleted");
  }
  if (asset.state !== "failed" || task.kind === "verify") return;
  if (isExtra(task)) {
    throw new VsError("conflict", `asset ${asset.id} failed, and not for want of its ${task.kind}`, {
      hint: `See what else of it is dead: vsctl tasks list --asset ${asset.id}`,
    });
  }
  const hasSource = await hasPiece(db, asset.id, sourcePieceId);
  if (!hasSource && task.kind !== "fetch") {
    throw new VsError("conflict", `asset ${asset.id} failed before its source had arrived`, {
      hint: "Delete it and ingest the source again",
    });
  }
  const made = asset.released_chunks > 0 ? "playable" : "processing";
  const state = hasSource ? made : "uploading";
  await changeAsset(db, asset.id, { state, error: null });
  const message = `"${asset.title}" is ${state} again`;
  await writeEvent(db, { ...change, kind: "asset.revived", subject: asset.id, message });
}
