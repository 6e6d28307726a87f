// How a task's lease or the task itself ends: success, failure, a lost node, cancellation. Each leaves it in exactly
// one state, takes back what its lease had marked, and leaves its asset to planning.
import type { Failure } from "@vstream/core/errors.ts";
import type { AssetId } from "@vstream/core/ids.ts";
import { isExtra } from "../planning/asset-facts.ts";
import { taskAttemptLimit } from "../planning/decisions.ts";
import { changeAsset } from "./assets.ts";
import type { Actor } from "./catalog.ts";
import { writeEvent } from "./events.ts";
import { toJson } from "./json-column.ts";
import { unmarkCopying } from "./replicas.ts";
import { unsettle } from "./settling.ts";
import type { Db, TaskRow, TasksTable } from "./tables.ts";
import { hasFixedNode, openStates } from "./tasks.ts";

export async function succeedTask(db: Db, task: TaskRow, at: number): Promise<void> {
  await end(db, task, { state: "succeeded", finished_at: at, error: null });
}

/**
 * retryAt: when it may run again; null: never. Too many failures: never, either. That an agent was stopped is no
 * failure of the task.
 */
export async function failTask(
  db: Db,
  task: TaskRow,
  end: { failure: Failure; retryAt: number | null; at: number },
): Promise<void> {
  if (end.failure.code === "interrupted") {
    const { failures } = task;
    await tryAgain(db, task, { state: "pending", failures, failure: end.failure, notBefore: end.at });
  } else if (end.retryAt === null || task.failures + 1 >= taskAttemptLimit) {
    await killTask(db, task, end);
  } else {
    await tryAgain(db, task, { state: "waiting", failure: end.failure, notBefore: end.retryAt });
  }
}

/**
 * The node lost it, or was lost with it. A fetch, which may take a day and goes on where it was, is not dead for that:
 * the limit of its time ends it.
 */
export async function loseLease(db: Db, task: TaskRow, loss: { reason: string; at: number }): Promise<void> {
  const failure: Failure = {
    code: "lease_lost",
    message: `${task.node_id ?? "its node"} lost the task: ${loss.reason}`,
    hint: "See the node with: vsctl nodes show",
  };
  const again = { state: "pending", failure, notBefore: loss.at } as const;
  if (task.kind === "fetch") await tryAgain(db, task, { ...again, failures: task.failures });
  else if (task.failures + 1 >= taskAttemptLimit) await killTask(db, task, { failure, at: loss.at });
  else await tryAgain(db, task, again);
}

export async function cancelOpenTask(
  db: Db,
  task: TaskRow,
  cause: { reason: string; actor: Actor; at: number },
): Promise<void> {
  await end(db, task, { state: "cancelled", finished_at: cause.at });
  await writeEvent(db, {
    at: cause.at,
    kind: "task.cancelled",
    subject: task.id,
    actor: cause.actor,
    message: `${describe(task)} was cancelled: ${cause.reason}`,
  });
}

/** For an asset that ends: its open tasks go with it, without an event each. */
export async function cancelTasksOf(db: Db, assetId: AssetId, at: number, keep?: "discard"): Promise<void> {
  const open = db.selectFrom("tasks").selectAll().where("asset_id", "=", assetId).where("state", "in", openStates);
  const rows = await (keep === undefined ? open : open.where("kind", "<>", keep)).execute();
  for (const task of rows) await end(db, task, { state: "cancelled", finished_at: at });
}

/** What a task is, for messages. */
export function describe(task: TaskRow): string {
  return `${task.kind} ${task.piece_id === "" ? "" : `of ${task.piece_id} `}of ${task.asset_id}`;
}

async function killTask(db: Db, task: TaskRow, death: { failure: Failure; at: number }): Promise<void> {
  const { failure, at } = death;
  const failures = task.failures + 1;
  await end(db, task, { state: "dead", failures, error: toJson(failure), finished_at: at });
  // Players are not to wait for what the asset does without from now on.
  if (isExtra(task)) await changeAsset(db, task.asset_id, {}, "visible");
  await writeEvent(db, {
    at,
    kind: "task.dead",
    subject: task.id,
    actor: "vstream",
    message: `${describe(task)} will not be tried again after ${failures} failure(s): ${failure.message}`,
  });
}

async function tryAgain(
  db: Db,
  task: TaskRow,
  next: { state: "waiting" | "pending"; failures?: number; failure: Failure; notBefore: number },
): Promise<void> {
  await end(db, task, {
    state: next.state,
    failures: next.failures ?? task.failures + 1,
    error: toJson(next.failure),
    not_before: next.notBefore,
    // What has come of a source stands where it was being fetched.
    node_id: hasFixedNode(task) || task.kind === "fetch" ? task.node_id : null,
  });
}

async function end(db: Db, task: TaskRow, changes: Partial<TasksTable>): Promise<void> {
  await db.updateTable("tasks").set(changes).where("id", "=", task.id).execute();
  const copied = task.state === "leased" && task.kind === "replicate" && changes.state !== "succeeded";
  if (copied && task.piece_id !== "" && task.node_id !== null) {
    await unmarkCopying(db, task.asset_id, task.piece_id, task.node_id);
  }
  await unsettle(db, task.asset_id);
}
