// What planning may decide. Plain data; the catalog applies a list of them in one transaction, and each is checked
// there against what is true by then, so that one that came too late changes nothing.
import type { Failure } from "@vstream/core/errors.ts";
import type { AssetId, NodeId, PieceId, TaskId } from "@vstream/core/ids.ts";
import type { TaskKind } from "@vstream/core/media.ts";
import type { AssetState, EncodePlan, MeasuredRates, NodeHealth, Scheduling } from "../catalog/records.ts";

export interface NewTask {
  readonly kind: TaskKind;
  readonly assetId: AssetId;
  readonly pieceId: PieceId | "";
  readonly discardPieceIds: readonly PieceId[];
  /** Set for replicate and discard. */
  readonly nodeId: NodeId | null;
  readonly priority: number;
  readonly rank: number;
  readonly preRollKeyframes: number;
  readonly notBefore: number;
}

export type Decision =
  /** Nothing happens while an open task with the same kind, asset, piece and (if set) node exists. */
  | { readonly kind: "create-task"; readonly task: NewTask }
  | { readonly kind: "cancel-task"; readonly taskId: TaskId; readonly reason: string }
  /** Adds one to the task's epoch and attempt. Only from pending, or from waiting when it is due. */
  | { readonly kind: "lease-task"; readonly taskId: TaskId; readonly nodeId: NodeId; readonly expectedEpoch: number }
  /** The node lost it: back to pending with one failure more (of a fetch: with no more), or dead when that was one too many. */
  | { readonly kind: "expire-lease"; readonly taskId: TaskId; readonly epoch: number; readonly reason: string }
  | {
      readonly kind: "set-homes";
      readonly assetId: AssetId;
      /** The homes that this was computed from, in their order: nothing happens when the asset has others by now. */
      readonly expected: readonly NodeId[];
      readonly homes: readonly NodeId[];
      /** Why, for those that are new. */
      readonly reasons: Readonly<Partial<Record<NodeId, string>>>;
    }
  /** `to` becomes a home, and `from` goes once its copies stand on the others. Only while `from` is a home and `to` is not. */
  | {
      readonly kind: "move-home";
      readonly assetId: AssetId;
      readonly from: NodeId;
      readonly to: NodeId;
      readonly reason: string;
    }
  | { readonly kind: "set-extra-replicas"; readonly assetId: AssetId; readonly extraReplicas: number }
  | {
      readonly kind: "set-plan";
      readonly assetId: AssetId;
      readonly plan: EncodePlan;
      /** The whole ladder, where `plan` has only what goes first: it becomes the next edition. */
      readonly next?: EncodePlan;
    }
  /** Of the edition that is being made; text is the asset's own. */
  | {
      readonly kind: "set-next-plan";
      readonly assetId: AssetId;
      readonly edition: number;
      readonly plan: EncodePlan;
    }
  /** Nobody can make the rungs in HEVC of this edition, present or next, and none of its video is made: it does without. */
  | { readonly kind: "drop-hevc"; readonly assetId: AssetId; readonly edition: number }
  /** The edition that is being made is whole, and takes the place of the present one. */
  | {
      readonly kind: "adopt-edition";
      readonly assetId: AssetId;
      readonly edition: number;
      readonly measured: MeasuredRates;
    }
  /** It cannot be made: the asset stays as it is. */
  | {
      readonly kind: "give-up-edition";
      readonly assetId: AssetId;
      readonly edition: number;
      readonly failure: Failure;
    }
  /** A previous one is served no longer. */
  | { readonly kind: "retire-edition"; readonly assetId: AssetId; readonly edition: number }
  /** What no edition needs and no node holds any more leaves the catalog. */
  | { readonly kind: "forget-editions"; readonly assetId: AssetId }
  /** Its joint did not prove: the piece and its replicas go, to be made again with another pre-roll. */
  | { readonly kind: "drop-piece"; readonly assetId: AssetId; readonly pieceId: PieceId; readonly reason: string }
  | { readonly kind: "release-chunks"; readonly assetId: AssetId; readonly releasedChunks: number }
  | {
      readonly kind: "set-asset-state";
      readonly assetId: AssetId;
      readonly from: AssetState;
      readonly to: AssetState;
      readonly error: Failure | null;
    }
  | { readonly kind: "set-measured"; readonly assetId: AssetId; readonly measured: MeasuredRates }
  | { readonly kind: "settle-asset"; readonly assetId: AssetId; readonly manifestVersion: number }
  /** All copies are gone: the row goes too and a tombstone stays. */
  | { readonly kind: "forget-asset"; readonly assetId: AssetId }
  | {
      readonly kind: "set-node-health";
      readonly nodeId: NodeId;
      readonly health: NodeHealth;
      /** The node's healthSince that this was computed from: nothing happens when it is another by now. */
      readonly since: number;
    }
  | { readonly kind: "set-scheduling"; readonly nodeId: NodeId; readonly from: Scheduling; readonly to: Scheduling };

/** Tasks wait for half a minute at most; one that is to wait longer was made before the wall clock was set back. */
const longestWaitMs = 60_000;

/** Whether a task that is to run from an instant on may run now. */
export function isDue(notBefore: number, at: number): boolean {
  return notBefore <= at || notBefore - at > longestWaitMs;
}

/** How often a task may fail, or be lost with its node, before it is dead. */
export const taskAttemptLimit = 3;
