// What one run of one task may use, whatever its kind.
import type { AssetId } from "@vstream/core/ids.ts";
import type { Piece } from "@vstream/core/media.ts";
import type { TaskResult } from "../rpc/control-messages.ts";
import type { Scratch } from "../store/store.ts";

export interface TaskContext {
  readonly assetId: AssetId;
  /** Aborted when the lease is over, the time is up or the agent stops. */
  readonly signal: AbortSignal;
  /** A folder of the run's own; gone afterwards. */
  readonly scratch: Scratch;
  readonly log: (line: string) => void;
  /** @param fraction 0 to 1 @param speed media seconds a second */
  readonly progress: (fraction: number, speed?: number) => void;
  /** Records a piece whose objects stand in the store. @throws VsError lease_lost */
  readonly keep: (piece: Piece) => Promise<void>;
  /** Keeps a piece and tells the control plane of it before the task's end. @throws VsError lease_lost */
  readonly keepAndReport: (piece: Piece) => Promise<void>;
}

export type { TaskResult };

/** The result of a task that made or took nothing. */
export const nothingMade: TaskResult = { probe: null, pieces: [], damagedPieceIds: [], checkedBytes: 0, check: null };
