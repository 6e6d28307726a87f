// What the newest verifications found wrong, by task: the catalog keeps that copies are lost, not who found it. In
// memory, for those who wait for the answer.
import type { PieceId, TaskId } from "@vstream/core/ids.ts";

const keptResults = 2_000;

export class VerifyResults {
  readonly #damaged = new Map<TaskId, readonly PieceId[]>();

  record(taskId: TaskId, damagedPieceIds: readonly PieceId[]): void {
    if (damagedPieceIds.length === 0) return;
    this.#damaged.set(taskId, damagedPieceIds);
    const [oldest] = this.#damaged.keys();
    if (this.#damaged.size > keptResults && oldest !== undefined) this.#damaged.delete(oldest);
  }

  /** Empty: nothing, or it has not ended. */
  damagedIn(taskId: TaskId): readonly PieceId[] {
    return this.#damaged.get(taskId) ?? [];
  }
}
