// The last lines that ffmpeg wrote, of all attempts of a task.
import type { TaskId } from "@vstream/core/ids.ts";
import { fromJson, toJson } from "./json-column.ts";
import type { Db } from "./tables.ts";

/** Lines kept of one report, of a task in all, and characters kept of a line. */
export const linesPerReport = 100;
export const linesPerTask = 300;
export const lineLength = 500;

export async function appendLog(
  db: Db,
  taskId: TaskId,
  report: { attempt: number; nodeId: string; lines: readonly string[] },
): Promise<void> {
  if (report.lines.length === 0) return;
  const lines = report.lines.slice(-linesPerReport).map((line) => line.slice(0, lineLength));
  const heading = attemptHeading(report.attempt, report.nodeId);
  const all = toJson([...(await getTaskLog(db, taskId)), heading, ...lines].slice(-linesPerTask));
  await db
    .insertInto("task_logs")
    .values({ task_id: taskId, lines: all })
    .onConflict((row) => row.column("task_id").doUpdateSet({ lines: all }))
    .execute();
}

/** What stands above the lines of one attempt. */
export function attemptHeading(attempt: number, nodeId: string): string {
  return `--- attempt ${attempt} on ${nodeId}`;
}

export async function getTaskLog(db: Db, taskId: TaskId): Promise<readonly string[]> {
  const row = await db.selectFrom("task_logs").select("lines").where("task_id", "=", taskId).executeTakeFirst();
  return row === undefined ? [] : fromJson(row.lines);
}
