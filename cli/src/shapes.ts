// The JSON that vsctl prints: docs and other programs rely on these names. More may be added, none may go.
// Times are RFC 3339 in UTC; what is not there is null.
import type { Failure } from "@vstream/core/errors.ts";

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

export interface Asset {
  readonly id: string;
  readonly title: string;
  /** uploading, processing, playable, ready, failed, deleting. */
  readonly state: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly createdAt: string | null;
  readonly playableAt: string | null;
  readonly readyAt: string | null;
  readonly durationSeconds: number | null;
  readonly sourceSha256: string | null;
  readonly sourceBytes: number | null;
  readonly storedBytes: number;
  readonly ladder: string | null;
  readonly replicasWanted: number;
  readonly renditions: readonly Rendition[];
  readonly audioTracks: readonly { language: string | null; channels: number; codecs: string }[];
  readonly subtitles: readonly { language: string | null; name: string | null }[];
  /** `reason`: why the asset stands there, for people. */
  readonly replicas: readonly { nodeId: string; state: string; reason: string | null }[];
  readonly degraded: { wanted: number; have: number } | null;
  /** 0 to 1. */
  readonly progress: number;
  readonly duplicate: boolean;
  readonly error: Failure | null;
  readonly externalId: string | null;
  /** What it is at, for people. */
  readonly step: string | null;
  readonly regions: readonly string[];
  readonly priority: number;
  readonly sourceName: string | null;
  /** Nodes that hold it whatever else. */
  readonly pinnedNodeIds: readonly string[];
  /** Beyond those wanted, while it is watched that much. */
  readonly extraReplicas: number;
  /** Where a node fetches the source from, without what follows "?"; null: it is uploaded, or was found in a watched folder. */
  readonly sourceUrl: string | null;
  /** What is good of a damaged source may be published. */
  readonly allowDamaged: boolean;
  /** Part of the source could not be used. */
  readonly damaged: boolean;
  /** What of the source was left out or changed, for people. */
  readonly warnings: readonly string[];
  /** always, ready (until then), never (only where it arrived, until it is encoded). */
  readonly keepSource: string;
  /** Of the encoding: media seconds a second; null while none is known. */
  readonly speed: number | null;
  /** Until it is encoded, by that speed; null: not known. */
  readonly secondsLeft: number | null;
  /** The asset that has the same bytes: this one, fetched from a URL, ended because of it. */
  readonly duplicateOf: string | null;
  /** Null: not checked yet. */
  readonly check: CheckReport | null;
  /** Of the edition that is being made beside the present one; null: none is. */
  readonly nextLadder: string | null;
  /** Of that edition, 0 to 1; null: none is being made. */
  readonly nextProgress: number | null;
  /** A node that is up holds the source. */
  readonly hasSource: boolean;
  /** That plays: one more each time that a new encode took the place of the one before. */
  readonly edition: number;
  /** Why the last new edition was given up; null: it was not, or another was begun. */
  readonly reencodeError: Failure | null;
}

/** What the check before ready found; `rules`: how many were checked. */
export interface CheckReport {
  readonly rules: number;
  /** `level`: must, should. `subject`: which file or rendition. */
  readonly findings: readonly { rule: string; level: string; subject: string; message: string }[];
}

export interface Rendition {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly frameRate: number;
  readonly codecs: string;
  /** bit/s, like `bandwidth`. */
  readonly averageBandwidth: number;
  readonly bandwidth: number;
}

/** URLs, nearest or least loaded node first. */
export interface Playback {
  readonly watch: readonly string[];
  readonly hls: readonly string[];
  readonly dash: readonly string[];
}

export interface AssetPlayback {
  readonly asset: Asset;
  readonly playback: Playback;
}

export interface Node {
  readonly id: string;
  readonly name: string;
  readonly region: string;
  /** up, suspect, down. */
  readonly health: string;
  /** active, cordoned, draining, drained. */
  readonly scheduling: string;
  readonly playbackUrl: string;
  readonly storage: { usedBytes: number; capacityBytes: number };
  readonly tasksRunning: number;
  readonly viewers: number;
  readonly egressBps: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly lastSeenAt: string | null;
  readonly certificateExpiresAt: string | null;
  readonly version: string | null;
  readonly ffmpegVersion: string | null;
  readonly drainDeadlineAt: string | null;
  readonly assetsHeld: number;
  readonly toolchain: string | null;
  readonly zone: string | null;
  /** Open connections of viewers. */
  readonly connections: number;
  /** Share in use, 0 to 1, like `disk`. */
  readonly processor: number;
  readonly disk: number;
  /** Null while the node was not heard of since the control plane started. */
  readonly scrub: Scrub | null;
  /** Null unless it is draining. */
  readonly drain: DrainProgress | null;
}

/** How far a node's slow re-reading of its whole store is. */
export interface Scrub {
  readonly passStartedAt: string | null;
  /** Of this pass. */
  readonly checkedBytes: number;
  readonly totalBytes: number;
  readonly lastPassEndedAt: string | null;
  /** Objects found wrong since the store was made. */
  readonly damagedFound: number;
  /** Wrong files that are kept for a look. */
  readonly quarantined: number;
}

export interface DrainProgress {
  /** What it is at, for people. */
  readonly step: string;
  readonly assetsLeft: number;
  readonly tasksLeft: number;
  readonly viewersLeft: number;
}

/** What depends on a node. */
export interface NodeImpact {
  readonly node: Node;
  /** How many assets it holds copies of. */
  readonly assets: number;
  readonly assetsOnlyHere: number;
  readonly viewers: number;
  readonly egressBps: number;
  readonly bytesHeld: number;
  /** What would have fewer copies than wanted without the node. */
  readonly bytesToCopy: number;
  /** By the newest copies; null when there are none to judge by. */
  readonly copySeconds: number | null;
  /** Those with the fewest copies elsewhere first. */
  readonly items: readonly AssetImpact[];
}

export interface AssetImpact {
  readonly assetId: string;
  readonly title: string;
  readonly state: string;
  readonly fewestCopiesElsewhere: number;
  readonly bytesToCopy: number;
}

/** What hashing every copy of an asset again found. */
export interface Verification {
  readonly asset: string;
  readonly copies: readonly CopyVerification[];
  /** How many copies are bad, or could not be reached. */
  readonly bad: number;
}

export interface CopyVerification {
  readonly nodeId: string;
  readonly nodeName: string;
  /** waiting, checking, good, bad, unreachable. */
  readonly state: string;
  readonly checkedBytes: number;
  readonly totalBytes: number;
  /** Wrong or missing: dropped, and made again from the others. */
  readonly badPieceIds: readonly string[];
  /** Why it could not be checked. */
  readonly reason: string | null;
}

/** The right to fetch a source from one node. */
export interface SourceTicket {
  readonly url: string;
  readonly token: string;
  readonly nodeId: string;
}

/** A source that was fetched back. */
export interface Download {
  readonly asset: string;
  /** "-": standard output. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** What was wrong or missing of an asset, and what became of it. */
export interface Rebuild {
  readonly asset: string;
  /** How many copies were read again; of those, how many were bad or could not be reached. */
  readonly verified: { copies: number; bad: number; unreachable: number };
  /** Encoded again, since no good copy was left. */
  readonly rebuilt: readonly RebuiltPiece[];
  /** How many copies of pieces were made. */
  readonly copied: number;
  /** What cannot be made again. */
  readonly failed: readonly { pieceId: string; error: Failure }[];
}

export interface RebuiltPiece {
  readonly pieceId: string;
  readonly nodeId: string;
  readonly taskId: string;
  readonly objects: readonly ObjectRef[];
  /** Every object has the hash that it had before. */
  readonly sameBytes: boolean;
}

export interface ObjectRef {
  readonly sha256: string;
  readonly bytes: number;
}

/** How far a rebuild is. */
export interface RebuildProgress {
  readonly copies: readonly CopyVerification[];
  readonly pieces: readonly PieceRebuild[];
  readonly copiesMade: number;
  readonly done: boolean;
}

export interface PieceRebuild {
  readonly pieceId: string;
  /** waiting, copying, encoding; copied, encoded, failed. */
  readonly state: string;
  readonly taskId: string | null;
  readonly nodeId: string | null;
  readonly nodeName: string | null;
  readonly objects: readonly ObjectRef[];
  readonly sameBytes: boolean;
  readonly error: Failure | null;
}

/** What an asset was made from and with. */
export interface Provenance {
  readonly asset: string;
  readonly source: { name: string | null; url: string | null; sha256: string | null; bytes: number | null };
  readonly ladder: string;
  /** What the probe found; null: nothing yet. */
  readonly probe: ProbeShape | null;
  /** The targets, exactly. */
  readonly rungs: readonly RungShape[];
  readonly audio: readonly object[];
  readonly text: readonly object[];
  readonly pieces: readonly PieceProvenance[];
}

/** The fields that people are shown; there are more. */
export interface ProbeShape {
  readonly format: string;
  readonly durationSeconds: number;
  readonly video: {
    readonly codec: string;
    readonly width: number;
    readonly height: number;
    readonly frameRate: number;
    readonly pixelFormat: string;
  } | null;
  readonly audio: readonly { codec: string; channels: number; sampleRate: number; language: string }[];
  readonly text: readonly { codec: string; language: string }[];
  readonly warnings: readonly string[];
}

export interface RungShape {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly codec: string;
  readonly preset: string;
  readonly crf: number;
  readonly maxrateBps: number;
  readonly bufferBits: number;
  readonly profile: string;
}

export interface PieceProvenance {
  readonly pieceId: string;
  readonly toolchain: string | null;
  /** Null: that node is gone, or has another build by now. */
  readonly ffmpegVersion: string | null;
  readonly nodeId: string | null;
  readonly nodeName: string | null;
  /** What ffmpeg and ffprobe were told, a line for each run; none: it was made before that was kept. */
  readonly arguments: readonly string[];
  readonly objects: readonly ObjectRef[];
}

/** What would even out how full the nodes are. */
export interface Rebalance {
  /** Whether the control plane does it by itself, in the background. */
  readonly enabled: boolean;
  /** The next ones. */
  readonly moves: readonly RebalanceMove[];
  readonly movesInAll: number;
  readonly bytesInAll: number;
  /** How many are under way. */
  readonly moving: number;
  /** From the emptiest node's share of its capacity in use to the fullest one's, 0 to 1. */
  readonly spread: number;
}

export interface RebalanceMove {
  readonly assetId: string;
  readonly title: string;
  readonly fromNodeId: string;
  readonly toNodeId: string;
  readonly bytes: number;
}

export interface Token {
  readonly id: string;
  /** node, user. */
  readonly kind: string;
  readonly name: string | null;
  readonly region: string | null;
  readonly role: string | null;
  readonly createdAt: string | null;
  readonly expiresAt: string | null;
  readonly usedAt: string | null;
  readonly revokedAt: string | null;
}

export interface Task {
  readonly id: string;
  readonly kind: string;
  readonly assetId: string;
  readonly nodeId: string | null;
  /** pending, leased, waiting, succeeded, dead, cancelled. */
  readonly state: string;
  readonly attempt: number;
  readonly progress: number;
  readonly createdAt: string | null;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly error: Failure | null;
  readonly pieceId: string | null;
}

export interface Event {
  readonly id: number;
  readonly at: string | null;
  readonly kind: string;
  readonly subject: string;
  readonly actor: string;
  readonly message: string;
}

export interface Status {
  readonly version: string;
  readonly startedAt: string | null;
  readonly nodesByHealth: Readonly<Record<string, number>>;
  readonly assetsByState: Readonly<Record<string, number>>;
  readonly tasksByState: Readonly<Record<string, number>>;
  readonly storedBytes: number;
  readonly capacityBytes: number;
  readonly degradedAssets: number;
  readonly problems: readonly string[];
}
