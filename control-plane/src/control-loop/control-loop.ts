// The control loop as rpc/ and control-plane.ts see it: agents' sessions and reports come in, leases and news go out,
// and everything that the catalog is told is followed by a look at what is now to be decided.
import type { VsError, Failure } from "@vstream/core/errors.ts";
import type { AssetId, NodeId, PieceId, TaskId } from "@vstream/core/ids.ts";
import type { CheckReport, Load, Piece, Probe, Scrub } from "@vstream/core/media.ts";
import type { HomeMove } from "../planning/plan-rebalance.ts";
import type { BrakeState } from "./brakes.ts";
import type { DrainOutlook } from "./drains.ts";
import type { ReportOutcome } from "../catalog/catalog.ts";
import type { AgentSession, NodeQuestion, SessionOpening } from "./session.ts";

/** Who reports, and under which lease. The incarnation is the catalog's that the lease came from. */
export interface ReportFence {
  readonly taskId: TaskId;
  readonly nodeId: NodeId;
  readonly incarnation: string;
  readonly epoch: number;
}

export interface TaskEndReport extends ReportFence {
  readonly log: readonly string[];
  readonly outcome:
    | {
        readonly kind: "succeeded";
        readonly probe: Probe | null;
        readonly pieces: readonly Piece[];
        readonly damagedPieceIds: readonly PieceId[];
        /** Of a check; else null. */
        readonly check: CheckReport | null;
      }
    | { readonly kind: "failed"; readonly failure: Failure };
}

/** Something that a watcher may show has changed: look again. An announcement only; it carries no state. */
export interface Change {
  /** catalog: records and events may be new; progress: only the progress of running tasks moved. */
  readonly kind: "catalog" | "progress";
  /** The assets concerned; empty with kind catalog: any may be, or only nodes and tokens. */
  readonly assetIds: readonly AssetId[];
}

export interface HomesWish {
  readonly assetId: AssetId;
  readonly replicas: number;
  /** Empty: any. */
  readonly regions: readonly string[];
  /** Of the source; what is made from it is estimated from this. */
  readonly bytes: number;
  readonly pins: readonly NodeId[];
}

export interface ChosenHomes {
  /** The one to upload to first. */
  readonly homes: readonly NodeId[];
  /** Why each. */
  readonly reasons: Readonly<Partial<Record<NodeId, string>>>;
}

/** What evening out would move, or is moving. */
export interface RebalancePreview {
  readonly enabled: boolean;
  readonly moves: readonly HomeMove[];
  readonly movesInAll: number;
  readonly bytesInAll: number;
  /** Under way. */
  readonly moving: number;
  /** Of the fullest node's share of its capacity over the emptiest one's, 0 to 1. */
  readonly spread: number;
}

export interface TaskProgress {
  readonly progress: number;
  readonly speed: number;
}

export interface ControlLoop extends AsyncDisposable {
  /**
   * Records what the node says of itself, marks it up, and sends welcome, directory and complete manifest news.
   * An older session of the same node is ended.
   * @throws VsError node_not_found for a node that was removed
   */
  openSession(opening: SessionOpening): Promise<AgentSession>;
  /** Ends the session of a node that may no longer have one. Nothing happens when there is none. */
  endSession(nodeId: NodeId, reason: VsError): void;
  isConnected(nodeId: NodeId): boolean;

  /** The end of a task; decides when a failed one may run again. Safe to repeat. */
  reportTask(report: TaskEndReport): Promise<ReportOutcome>;
  /** A piece that a running task has finished before its own end. Safe to repeat. */
  reportPiece(report: ReportFence & { readonly piece: Piece }): Promise<ReportOutcome>;
  reportUpload(report: { assetId: AssetId; nodeId: NodeId; source: Piece }): Promise<ReportOutcome>;
  /** The receiving node could not take the source. */
  reportUploadFailure(report: { assetId: AssetId; nodeId: NodeId; failure: Failure }): Promise<void>;
  /** Gives the assets that the node must sweep. */
  reportInventory(inventory: {
    nodeId: NodeId;
    entries: readonly { assetId: AssetId; pieceIds: readonly PieceId[] }[];
  }): Promise<AssetId[]>;

  /** Copies that were found wrong on the node's disk, and are gone from it. */
  reportDamage(report: {
    nodeId: NodeId;
    entries: readonly { assetId: AssetId; pieceIds: readonly PieceId[] }[];
  }): Promise<void>;

  /** To be called after each command that rpc/ gives to the catalog itself: plans anew, and wakes the watchers. */
  kick(assetIds?: readonly AssetId[]): void;
  /** Hears of every change until the returned function is called. */
  subscribe(listener: (change: Change) => void): () => void;

  /** @throws VsError node_not_found, unavailable when the node is not connected, timed_out after 5 s, or its failure */
  queryNode(nodeId: NodeId, question: NodeQuestion): Promise<readonly string[]>;
  /** Of a running task, as last heard. */
  progressOf(taskId: TaskId): TaskProgress | null;
  /** How many tasks the node has a running lease for. */
  leasesOn(nodeId: NodeId): number;
  /** From the newest heartbeat; null when none came since this program started. */
  loadOf(nodeId: NodeId): Load | null;
  /**
   * The nodes that are to hold a new asset, the one to upload to first.
   * @throws VsError no_node_available when none may take it, storage_full when none has the room
   */
  chooseHomes(wish: HomesWish): Promise<ChosenHomes>;
  /** What is held back now because many nodes fell silent together. */
  brakes(): BrakeState;
  /** What keeps a node that is being emptied, beside the assets that it is a home of. */
  drainOutlook(nodeId: NodeId): DrainOutlook;
  /** From the newest heartbeat; null when none came since this program started. */
  scrubOf(nodeId: NodeId): Scrub | null;
  previewRebalance(): Promise<RebalancePreview>;
}
