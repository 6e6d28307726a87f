// Which verifications' findings were counted already: a node repeats its report until it is answered. What was found
// the catalog keeps.
import type { TaskId } from "@vstream/core/ids.ts";

const remembered = 2_000;

export class CountedFindings {
  readonly #tasks = new Set<TaskId>();

  /** Gives whether it was not counted yet. */
  add(taskId: TaskId): boolean {
    if (this.#tasks.has(taskId)) return false;
    this.#tasks.add(taskId);
    const [oldest] = this.#tasks;
    if (this.#tasks.size > remembered && oldest !== undefined) this.#tasks.delete(oldest);
    return true;
  }
}
