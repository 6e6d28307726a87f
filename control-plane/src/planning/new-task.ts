// The decision to create a task, with what most tasks leave at its default.
import type { NodeId, PieceId } from "@vstream/core/ids.ts";
import type { TaskKind } from "@vstream/core/media.ts";
import type { AssetRecord, TaskRecord } from "../catalog/records.ts";
import type { Decision } from "./decisions.ts";

export interface TaskWish {
  readonly kind: TaskKind;
  readonly pieceId: PieceId | "";
  readonly nodeId?: NodeId;
  readonly discardPieceIds?: readonly PieceId[];
  /** Position in playing order. */
  readonly rank?: number;
  readonly preRollKeyframes?: number;
  /** 0: at once. */
  readonly notBefore?: number;
}

export function newTask(asset: AssetRecord, wish: TaskWish): Decision {
  return {
    kind: "create-task",
    task: {
      kind: wish.kind,
      assetId: asset.id,
      pieceId: wish.pieceId,
      discardPieceIds: wish.discardPieceIds ?? [],
      nodeId: wish.nodeId ?? null,
      priority: asset.priority,
      rank: wish.rank ?? 0,
      preRollKeyframes: wish.preRollKeyframes ?? 0,
      notBefore: wish.notBefore ?? 0,
    },
  };
}

export function cancelTasks(tasks: readonly TaskRecord[], reason: string): Decision[] {
  return tasks.map((task) => ({ kind: "cancel-task", taskId: task.id, reason }));
}
