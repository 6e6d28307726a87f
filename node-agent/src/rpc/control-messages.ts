// What the agent and the control plane say to each other, in the agent's own words. The wire's form of the same
// stops at wire.ts.
import type { Failure } from "@vstream/core/errors.ts";
import type { AssetId, PieceId, Sha256, TaskId } from "@vstream/core/ids.ts";
import type {
  AssetDemand,
  CheckReport,
  Fence,
  Load,
  NodeAddress,
  NodeDescription,
  NodeHealth,
  Piece,
  Probe,
  Scheduling,
  Scrub,
  Work,
} from "@vstream/core/media.ts";

export interface Lease {
  readonly taskId: TaskId;
  readonly epoch: number;
}

/** One task, given to this node for as long as the lease is renewed. */
export interface LeaseGrant {
  readonly taskId: TaskId;
  readonly assetId: AssetId;
  readonly fence: Fence;
  readonly timeLimitMs: number;
  readonly work: Work;
}

/** The answer to one request for renewal. Those asked for and not kept have ended. */
export interface Renewal {
  readonly asked: readonly Lease[];
  readonly kept: readonly Lease[];
  /** On the monotonic clock: when the question left. Trust counts from here, not from the answer. */
  readonly askedAtMs: number;
}

export const schedulings = ["active", "cordoned", "draining", "drained"] as const satisfies readonly Scheduling[];
export const healths = ["up", "suspect", "down"] as const satisfies readonly NodeHealth[];
export type { Scheduling };

export interface Welcome {
  readonly incarnation: string;
  readonly term: number;
  readonly heartbeatMs: number;
  readonly leaseMs: number;
  readonly ticketKeyPem: string;
  readonly scheduling: Scheduling;
}

/** A file that this node found in a folder it watches. */
export interface SourceOffer {
  readonly sourceName: string;
  readonly sourceBytes: number;
  readonly sourceSha256: Sha256;
  /** Empty: the default one. */
  readonly ladder: string;
  readonly labels: Readonly<Record<string, string>>;
  /** That an earlier answer gave for this file: only it is asked about, and none is made. */
  readonly assetId: AssetId | null;
}

export interface OfferedAsset {
  readonly assetId: AssetId;
  /** The bytes are in the cluster already, and nothing is to be stored. */
  readonly duplicate: boolean;
  /** Why the asset takes no source any more; null: it does, or has it. */
  readonly ended: Failure | null;
  /** What can be made of it is known. */
  readonly judged: boolean;
}

export interface ManifestNews {
  readonly entries: readonly { readonly assetId: AssetId; readonly version: number; readonly deleted: boolean }[];
  /** Every asset that this node is a home of is listed. */
  readonly complete: boolean;
}

export type Question =
  { readonly kind: "node_log"; readonly lines: number } | { readonly kind: "task_log"; readonly taskId: TaskId };

export interface TaskProgress extends Lease {
  /** 0 to 1. */
  readonly progress: number;
  /** Media seconds a second; 0 when it does not apply. */
  readonly speed: number;
}

export type TaskOutcome =
  ({ readonly kind: "succeeded" } & TaskResult) | { readonly kind: "failed"; readonly failure: Failure };

/** What a task that succeeded has to say. */
export interface TaskResult {
  readonly probe: Probe | null;
  /** What stands here because of the task and was not reported before. */
  readonly pieces: readonly Piece[];
  /** Of a verification: copies that were wrong or not there, and are gone. */
  readonly damagedPieceIds: readonly PieceId[];
  /** Of a verification; else 0. */
  readonly checkedBytes: number;
  /** Of a check; else null. */
  readonly check: CheckReport | null;
}

export interface TaskReport {
  readonly fence: Fence;
  readonly taskId: TaskId;
  readonly outcome: TaskOutcome;
  /** The last lines of ffmpeg. */
  readonly log: readonly string[];
}

export interface PieceReport {
  readonly fence: Fence;
  readonly taskId: TaskId;
  readonly piece: Piece;
}

export interface SubtitleFileQuery {
  readonly assetId: AssetId;
  /** Its number among those of the asset. */
  readonly file: number;
}

/** As it was given. */
export interface SubtitleFile {
  readonly name: string;
  readonly content: Uint8Array;
}

export interface UploadReport {
  readonly assetId: AssetId;
  readonly outcome:
    { readonly kind: "source"; readonly piece: Piece } | { readonly kind: "failed"; readonly failure: Failure };
}

/** What the control plane tells the agent. Called in the order of arrival; none of these may throw or wait. */
export interface ControlListener {
  welcomed(welcome: Welcome): void;
  granted(grant: LeaseGrant): void;
  renewed(renewal: Renewal): void;
  cancelled(lease: Lease, reason: string): void;
  directoryChanged(nodes: readonly NodeAddress[]): void;
  manifestsChanged(news: ManifestNews): void;
  /** Deleted while the node was away. */
  assetsUnknown(assetIds: readonly AssetId[]): void;
  /** Of assets that no longer wait for their source from here. */
  uploadsUnwanted(assetIds: readonly AssetId[]): void;
  /** The lines asked for. @throws VsError task_not_found */
  answer(question: Question): readonly string[];
  /** The session ended; the link dials again by itself. */
  disconnected(): void;
}

/** What a heartbeat tells. */
export interface HeartbeatContent {
  readonly load: Load;
  readonly scrub: Scrub;
  /** The most watched assets here, at most 20. */
  readonly demand: readonly AssetDemand[];
}

/** What the link asks of the agent. */
export interface ControlSubject {
  describe(): NodeDescription;
  heartbeat(): HeartbeatContent;
  leases(): readonly Lease[];
  inventory(): ReadonlyMap<AssetId, readonly PieceId[]>;
  /** Sources that have begun to come, by upload or by a fetch. */
  unfinishedUploads(): Promise<readonly AssetId[]>;
}
