// The last lines of each of the last tasks, for the report of a task and for `vsctl tasks logs`.
import type { TaskId } from "@vstream/core/ids.ts";

export const linesPerTask = 100;
export const rememberedTasks = 200;
const lineLimit = 500;

export class TaskLogs {
  readonly #tasks = new Map<TaskId, string[]>();

  /** Adds a line; control characters of hostile file names are made harmless. */
  add(taskId: TaskId, line: string): void {
    const lines = this.#tasks.get(taskId) ?? this.#begin(taskId);
    lines.push(line.replaceAll(/\p{Cc}+/gu, " ").slice(0, lineLimit));
    if (lines.length > linesPerTask) lines.shift();
  }

  /** Null: nothing is known of the task here. */
  linesOf(taskId: TaskId): readonly string[] | null {
    return this.#tasks.get(taskId) ?? null;
  }

  #begin(taskId: TaskId): string[] {
    const lines: string[] = [];
    this.#tasks.set(taskId, lines);
    const oldest = this.#tasks.keys().next();
    if (this.#tasks.size > rememberedTasks && oldest.done !== true) this.#tasks.delete(oldest.value);
    return lines;
  }
}
