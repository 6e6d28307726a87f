// What the newest verifications found wrong, by task, so that none is counted twice: a node repeats its report until it
// is answered. For good, the catalog keeps the findings.
import type { PieceId, TaskId } from "@vstream/core/ids.ts";

const keptResults = 2_000;

export class VerifyResults {
  readonly #damaged = new Map<TaskId, readonly PieceId[]>();

  /** Gives whether it is news; nothing wrong is none. */
  record(taskId: TaskId, damagedPieceIds: readonly PieceId[]): boolean {
    if (damagedPieceIds.length === 0 || this.#damaged.has(taskId)) return false;
    this.#damaged.set(taskId, damagedPieceIds);
    const [oldest] = this.#damaged.keys();
    if (this.#damaged.size > keptResults && oldest !== undefined) this.#damaged.delete(oldest);
    return true;
  }

  /** Empty: nothing, or it has not ended. */
  damagedIn(taskId: TaskId): readonly PieceId[] {
    return this.#damaged.get(taskId) ?? [];
  }
}
