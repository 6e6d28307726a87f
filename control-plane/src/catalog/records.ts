// What the catalog keeps, as plain data. Instants are milliseconds since the epoch.
import type { Failure } from "@vstream/core/errors.ts";
import type { AssetId, NodeId, PieceId, Sha256, TaskId, TokenId } from "@vstream/core/ids.ts";
import type {
  AudioTarget,
  CheckReport,
  Chunk,
  ImagesTarget,
  ManifestAudio,
  ManifestRendition,
  NodeHealth,
  NodeDescription,
  Piece,
  Probe,
  Rung,
  Scheduling,
  TaskKind,
  TextTarget,
} from "@vstream/core/media.ts";

export type AssetState = "uploading" | "processing" | "playable" | "ready" | "failed" | "deleting";
export type { NodeHealth, Scheduling };
export type TaskState = "pending" | "leased" | "waiting" | "succeeded" | "dead" | "cancelled";
export type ReplicaState = "wanted" | "copying" | "verified" | "suspect" | "lost";
export type Role = "admin";

/** What an asset is encoded into; decided once, from the source and the settings alone. */
export interface EncodePlan {
  readonly rungs: readonly Rung[];
  readonly audio: readonly AudioTarget[];
  readonly text: readonly TextTarget[];
  /** null: none are made, as of assets that were planned before there were any. */
  readonly images: ImagesTarget | null;
  readonly chunks: readonly Chunk[];
}

export interface AssetRecord {
  readonly id: AssetId;
  readonly title: string;
  readonly state: AssetState;
  readonly labels: Readonly<Record<string, string>>;
  readonly externalId: string | null;
  readonly ladder: string;
  readonly replicasWanted: number;
  /** Empty: any. */
  readonly regions: readonly string[];
  readonly priority: number;
  readonly sourceName: string;
  /** null: not known yet, since a node still fetches the source. */
  readonly sourceSha256: Sha256 | null;
  /** 0 while it is not known. */
  readonly sourceBytes: number;
  /** Where a node fetches it from; null: it is uploaded. */
  readonly sourceUrl: string | null;
  /** What is good of a damaged source may be published. */
  readonly allowDamaged: boolean;
  readonly keepSource: KeepSource;
  /** The asset that had the same bytes when this one's source was fetched, which ended it. */
  readonly duplicateOf: AssetId | null;
  /** In the order in which they were given; their content stands in a table of its own. */
  readonly subtitleFiles: readonly SubtitleFileRecord[];
  readonly createdAt: number;
  readonly playableAt: number | null;
  readonly readyAt: number | null;
  /** When it went into the trash. */
  readonly deletedAt: number | null;
  /** What undelete brings back. */
  readonly stateBeforeDelete: AssetState | null;
  /** The nodes that are to hold the whole asset; the first received the upload. In serving order. */
  readonly homes: readonly NodeId[];
  /** Homes that are to go once their copies stand on the others: they were moved from. */
  readonly leavingHomes: readonly NodeId[];
  /** Why each home was chosen, for people; a home of before reasons were kept has none. */
  readonly homeReasons: Readonly<Partial<Record<NodeId, string>>>;
  /** Nodes that are to be homes whatever else, as long as they may take copies. */
  readonly pins: readonly NodeId[];
  /** Homes beyond those wanted, while it is watched that much. They count neither for ready nor for degraded. */
  readonly extraReplicas: number;
  readonly probe: Probe | null;
  readonly plan: EncodePlan | null;
  /** Of what viewers get: one more each time that it was encoded anew with another ladder. */
  readonly edition: number;
  /** What is made beside it, to take its place when it is whole. */
  readonly nextEdition: NextEdition | null;
  /** Those that viewers who began with them may still be given. The oldest first. */
  readonly previousEditions: readonly PreviousEdition[];
  /** Why the making of an edition ended without one; null: it did not, or another has been begun since. */
  readonly reencodeError: Failure | null;
  /** What the check before ready found; null: there was none yet. */
  readonly check: CheckReport | null;
  /** Leading chunks that a player may be given. */
  readonly releasedChunks: number;
  /** One more at each change that a player can see. */
  readonly manifestVersion: number;
  /** Measured when everything is encoded; null until then. */
  readonly measured: MeasuredRates | null;
  /** Nothing is left to plan until something about it, or one of its homes, changes. */
  readonly settled: boolean;
  readonly error: Failure | null;
}

/** How long a source is kept: for ever, until its asset is ready, or, where it arrived, until it is encoded. */
export const keepSources = ["always", "ready", "never"] as const;
export type KeepSource = (typeof keepSources)[number];

export interface SubtitleFileRecord {
  readonly number: number;
  /** As it was given, with its ending. */
  readonly name: string;
  /** BCP 47; empty when unknown. */
  readonly language: string;
}

export interface NextEdition {
  readonly edition: number;
  readonly ladder: string;
  /** null: not planned yet. */
  readonly plan: EncodePlan | null;
  /** null: there was none yet. */
  readonly check: CheckReport | null;
}

export interface PreviousEdition {
  readonly edition: number;
  readonly measured: MeasuredRates;
  /** When another took its place. */
  readonly replacedAt: number;
}

export interface MeasuredRates {
  readonly renditions: readonly ManifestRendition[];
  readonly audio: readonly ManifestAudio[];
}

export interface ReplicaRecord {
  readonly assetId: AssetId;
  readonly pieceId: PieceId;
  readonly nodeId: NodeId;
  readonly state: ReplicaState;
}

export interface NodeRecord extends NodeDescription {
  readonly id: NodeId;
  readonly health: NodeHealth;
  /** When its health last changed. */
  readonly healthSince: number;
  readonly scheduling: Scheduling;
  readonly drainDeadlineAt: number | null;
  readonly onDeadline: "hold" | "force";
  readonly usedBytes: number;
  readonly joinedAt: number;
  readonly lastSeenAt: number;
  readonly certificateExpiresAt: number;
}

export interface TaskRecord {
  readonly id: TaskId;
  readonly kind: TaskKind;
  readonly assetId: AssetId;
  /**
   * What it makes or copies: `timeline` for a probe, `video-…` for a transcode, `audio-<track>-00000` for the track's
   * one encode, `text-<track>`, `images`. For a discard: empty (all of the asset) or the pieces in `discardPieceIds`.
   */
  readonly pieceId: PieceId | "";
  readonly discardPieceIds: readonly PieceId[];
  /** Where it runs; for replicate and discard fixed from the start, for the others set by the lease. */
  readonly nodeId: NodeId | null;
  readonly state: TaskState;
  /** How often it was leased. */
  readonly attempt: number;
  /** How often a node reported that it failed, or lost it. */
  readonly failures: number;
  readonly epoch: number;
  /** Higher goes first. */
  readonly priority: number;
  /** Position in playing order among tasks of the same priority; lower goes first. */
  readonly rank: number;
  readonly preRollKeyframes: number;
  readonly notBefore: number;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly error: Failure | null;
}

export interface TokenRecord {
  readonly id: TokenId;
  readonly kind: "node" | "user";
  readonly secretSha256: Sha256;
  readonly name: string;
  readonly region: string;
  readonly role: Role | "";
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly usedAt: number | null;
  readonly revokedAt: number | null;
}

export interface EventRecord {
  readonly id: number;
  readonly at: number;
  /** subject and verb: asset.ready, node.down. */
  readonly kind: string;
  readonly subject: string;
  /** Who caused it: user:<token name>, node:<name>, or vstream. */
  readonly actor: string;
  readonly message: string;
}

/** An unsettled asset with all that planning needs of it. */
export interface AssetView {
  readonly asset: AssetRecord;
  readonly pieces: readonly Piece[];
  readonly replicas: readonly ReplicaRecord[];
  /** Pending, leased and waiting. */
  readonly openTasks: readonly TaskRecord[];
  /** Dead tasks of the current work: they fail the asset, but for those of text and images, which it does without. */
  readonly deadTasks: readonly TaskRecord[];
  /** preRollKeyframes of the newest succeeded transcode of each video piece: a joint's retry decodes from further back. */
  readonly preRolls: ReadonlyMap<PieceId, number>;
}

/** One moment of the catalog, for planning. */
export interface Snapshot {
  readonly at: number;
  readonly nodes: readonly NodeRecord[];
  readonly assets: readonly AssetView[];
}

/** What evening out needs to know of an asset. */
export interface MovableAsset {
  readonly assetId: AssetId;
  readonly title: string;
  /** What it takes on each home. */
  readonly bytes: number;
  readonly homes: readonly NodeId[];
  readonly regions: readonly string[];
  readonly pins: readonly NodeId[];
}
