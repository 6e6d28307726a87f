// What vsctl asks about tasks.
import { VsError } from "@vstream/core/errors.ts";
import type { TaskId } from "@vstream/core/ids.ts";
import type { Task as WireTask } from "@vstream/proto/admin.ts";
import type { TaskRecord } from "../../catalog/records.ts";
import { attemptHeading } from "../../catalog/task-log.ts";
import * as check from "../wire/checks.ts";
import { taskToWire } from "../wire/records.ts";
import type { AdminAnswers, AdminDeps } from "./admin-calls.ts";
import { listQuery } from "./find-node.ts";

type TaskAnswers = Pick<AdminAnswers, "listTasks" | "getTask" | "getTaskLogs" | "retryTask" | "cancelTask">;

export function taskAnswers(deps: AdminDeps): TaskAnswers {
  const { commands, queries } = deps.catalog;
  return {
    async listTasks(request) {
      const assetId = request.assetId === "" ? null : check.assetId(request.assetId);
      const page = await queries.listTasks({ ...(await listQuery(queries, request.options)), assetId });
      return { items: page.items.map((task) => show(deps, task)), nextCursor: page.nextCursor ?? "" };
    },
    getTask: async (request) => ({ task: show(deps, await findTask(deps, check.taskId(request.id))) }),
    async getTaskLogs(request) {
      const task = await findTask(deps, check.taskId(request.id));
      return { lines: [...(await logOf(deps, task))], running: task.state === "leased" };
    },
    async retryTask(request, { caller }) {
      const taskId = check.taskId(request.id);
      const task = await commands.retryTask({ taskId, at: deps.clock.now(), actor: caller.actor });
      deps.loop.kick([task.assetId]);
      return { task: show(deps, task) };
    },
    async cancelTask(request, { caller }) {
      const taskId = check.taskId(request.id);
      const task = await commands.cancelTask({ taskId, at: deps.clock.now(), actor: caller.actor });
      deps.loop.kick([task.assetId]);
      return { task: show(deps, task) };
    },
  };
}

async function findTask(deps: AdminDeps, id: TaskId): Promise<TaskRecord> {
  const task = await deps.catalog.queries.getTask(id);
  if (task !== null) return task;
  throw new VsError("task_not_found", `there is no task ${id}`, { hint: "See all tasks: vsctl tasks list" });
}

// A running attempt's lines are with its node; the ones before it have been reported.
async function logOf(deps: AdminDeps, task: TaskRecord): Promise<readonly string[]> {
  const live = await liveLines(deps, task);
  // Read last: an attempt that ended meanwhile has been reported by now.
  const reported = await deps.catalog.queries.getTaskLog(task.id);
  if (live.length === 0 || reported.length === 0) return live.length === 0 ? reported : live;
  const heading = attemptHeading(task.attempt, task.nodeId ?? "");
  return reported.includes(heading) ? reported : [...reported, heading, ...live];
}

// The node knows nothing of a task that has not begun to write, or has just ended.
async function liveLines(deps: AdminDeps, task: TaskRecord): Promise<readonly string[]> {
  if (task.state !== "leased" || task.nodeId === null || !deps.loop.isConnected(task.nodeId)) return [];
  try {
    return await deps.loop.queryNode(task.nodeId, { kind: "task-log", taskId: task.id });
  } catch (thrown) {
    if (thrown instanceof VsError && thrown.code === "task_not_found") return [];
    throw thrown;
  }
}

function show(deps: AdminDeps, task: TaskRecord): WireTask {
  if (task.state === "succeeded") return taskToWire(task, 1);
  return taskToWire(task, task.state === "leased" ? (deps.loop.progressOf(task.id)?.progress ?? 0) : 0);
}
