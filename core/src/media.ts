// The words for what an asset is made of, as the programs hand them to each other. Plain data, the same shape as
// the wire's (proto/vstream/v1/types.proto), which stops at each program's rpc/ folder.
import {
  audioPieceId,
  editionOf,
  imagesPieceIdIn,
  sourcePieceId,
  textPieceId,
  timelinePieceId,
  videoPieceId,
} from "./ids.ts";
import type { AssetId, NodeId, PieceId, Sha256 } from "./ids.ts";

/** A file in a store, named by its content. */
export interface ObjectRef {
  readonly sha256: Sha256;
  readonly bytes: number;
}

/** One playable, immutable file. Ticks are of its track's time scale. */
export interface Segment {
  readonly object: ObjectRef;
  readonly durationTicks: number;
  readonly startTicks: number;
  /** Of video: one for each group of pictures. Empty: not known. */
  readonly keyframes: readonly Keyframe[];
}

/** Where a group of pictures begins in its segment: its moof and its first picture, which can be shown by themselves. */
export interface Keyframe {
  /** Bytes from the segment's start to the moof. */
  readonly offset: number;
  /** To the end of the first picture. */
  readonly bytes: number;
  /** Of the whole group. */
  readonly durationTicks: number;
}

/** A JPEG file. */
export interface Image {
  readonly object: ObjectRef;
  readonly width: number;
  readonly height: number;
}

/** What one chunk gave at one rung, or one run of an audio track. */
export interface RenditionSegments {
  readonly rung: string;
  readonly init: ObjectRef;
  /** RFC 6381, read from the init segment. */
  readonly codecs: string;
  readonly segments: readonly Segment[];
}

/** The source, with the hashes of its blocks (an object: 32 bytes each, in order), so that a span can be checked. */
export interface SourceRef {
  readonly source: ObjectRef;
  readonly blockList: ObjectRef;
  readonly blockBytes: number;
}

/** MD5 of decoded frames on both sides of a chunk's first cut; see docs/decisions on joints. */
export interface Joint {
  /** The frame before the chunk's first, decoded in its pre-roll; empty for the first chunk. */
  readonly beforeFirst: string;
  readonly last: string;
}

export type PieceContent =
  | ({ readonly kind: "source" } & SourceRef)
  | { readonly kind: "timeline"; readonly timeline: ObjectRef }
  | {
      readonly kind: "video";
      readonly chunk: number;
      readonly frames: number;
      readonly timeScale: number;
      readonly renditions: readonly RenditionSegments[];
      readonly joint: Joint;
    }
  | {
      readonly kind: "audio";
      readonly track: number;
      readonly chunk: number;
      readonly timeScale: number;
      readonly rendition: RenditionSegments;
    }
  /** WebVTT; a file for each chunk, in order. */
  | { readonly kind: "text"; readonly track: number; readonly chunks: readonly ObjectRef[] }
  | ({ readonly kind: "images" } & AssetImages);

/** Pictures about an asset: a poster, and small ones on sheets for the seek bar. */
export interface AssetImages {
  readonly poster: Image;
  /** All of one size, except that the last one may have fewer rows. */
  readonly sheets: readonly Image[];
  /** Thumbnails beside each other on a sheet. */
  readonly columns: number;
  readonly rows: number;
  /** Of one thumbnail. */
  readonly width: number;
  readonly height: number;
  readonly intervalMs: number;
  readonly thumbnails: number;
}

export type VideoContent = Extract<PieceContent, { kind: "video" }>;
export type AudioContent = Extract<PieceContent, { kind: "audio" }>;
export type TextContent = Extract<PieceContent, { kind: "text" }>;
export type ImagesContent = Extract<PieceContent, { kind: "images" }>;

/** What is copied as a whole and holds together. The catalog has a row for each piece, not for each segment. */
export interface Piece {
  readonly id: PieceId;
  readonly content: PieceContent;
  /** The build and processor kind that made it; empty for the source. */
  readonly toolchain: string;
  readonly madeBy: NodeId | "";
  /** What ffmpeg was told, a line for each run, with plain names for files: of pieces that are reported, else not set. */
  readonly arguments?: readonly string[];
}

/** Whether a piece with this id may have this content. */
export function isIdOf(id: PieceId, content: PieceContent): boolean {
  return id === pieceIdOf(content, editionOf(id) ?? 0);
}

/** The id that a piece with this content has. */
export function pieceIdOf(content: PieceContent, edition = 0): PieceId {
  switch (content.kind) {
    case "source":
      return sourcePieceId;
    case "timeline":
      return timelinePieceId;
    case "video":
      return videoPieceId(content.chunk, edition);
    case "audio":
      return audioPieceId(content.track, content.chunk, edition);
    case "text":
      return textPieceId(content.track);
    case "images":
      return imagesPieceIdIn(edition);
  }
}

/** Every object that a piece consists of, each once. A node holds the piece when it holds them all. */
export function objectsOf(content: PieceContent): ObjectRef[] {
  switch (content.kind) {
    case "source":
      return distinct([content.source, content.blockList]);
    case "timeline":
      return [content.timeline];
    case "video":
      return distinct(content.renditions.flatMap(objectsOfRendition));
    case "audio":
      return distinct(objectsOfRendition(content.rendition));
    case "text":
      return distinct(content.chunks);
    case "images":
      return distinct([content.poster, ...content.sheets].map((image) => image.object));
  }
}

/** The sum of a piece's objects. */
export function bytesOf(content: PieceContent): number {
  return objectsOf(content).reduce((sum, object) => sum + object.bytes, 0);
}

function objectsOfRendition(rendition: RenditionSegments): ObjectRef[] {
  return [rendition.init, ...rendition.segments.map((segment) => segment.object)];
}

function distinct(objects: readonly ObjectRef[]): ObjectRef[] {
  return [...new Map(objects.map((object) => [object.sha256, object])).values()];
}

export const videoCodecs = ["h264", "hevc"] as const;
export type VideoCodec = (typeof videoCodecs)[number];

/** How bright and how wide colours are, as HLS calls it: SDR, and the two kinds of high dynamic range. */
export const videoRanges = ["SDR", "PQ", "HLG"] as const;
export type VideoRange = (typeof videoRanges)[number];

/** One target of the ladder, with all that decides its bytes. */
export interface Rung {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly codec: VideoCodec;
  readonly preset: string;
  readonly crf: number;
  readonly maxrateBps: number;
  readonly bufferBits: number;
  readonly profile: string;
  /** Other than SDR only where the source is the same. */
  readonly videoRange: VideoRange;
}

export interface AudioTarget {
  /** Its number among the asset's audio tracks, from 0. */
  readonly track: number;
  /** The n-th audio stream of the source, from 0; several targets may be made of one. */
  readonly stream: number;
  /** BCP 47; empty when unknown. */
  readonly language: string;
  readonly channels: number;
  readonly bitrateBps: number;
  readonly sampleRate: number;
  /** What the source calls it; empty: nothing. */
  readonly name: string;
  /** What plays unless a viewer chooses another: one of an asset's; none of those that were planned before. */
  readonly defaultTrack: boolean;
}

/** What a track of text is made of: a subtitle stream, CEA-608 captions in the video, a file beside the source. */
export const textOrigins = ["stream", "captions", "file"] as const;
export type TextOrigin = (typeof textOrigins)[number];

/** A text track of an asset and how it is offered. */
export interface TextTarget {
  /** Its number among the asset's text tracks, from 0. */
  readonly track: number;
  readonly origin: TextOrigin;
  /** The n-th subtitle stream of the source, from 0; 0 of another origin. */
  readonly stream: number;
  /** Which of the asset's subtitle files; 0 of another origin. */
  readonly file: number;
  /** BCP 47; empty when unknown. */
  readonly language: string;
  readonly name: string;
  readonly forced: boolean;
  readonly hearingImpaired: boolean;
  /** Shown unless a viewer chooses otherwise: at most one of an asset's. */
  readonly defaultTrack: boolean;
}

/** What images are made of, and how close. */
export interface ImagesTarget {
  readonly posterRung: string;
  readonly thumbnailRung: string;
  readonly intervalMs: number;
}

export interface VideoStream {
  /** As shown: rotation and sample aspect ratio applied. */
  readonly width: number;
  readonly height: number;
  readonly codec: string;
  readonly frameRate: number;
  /** Ticks a second of the timeline's grid. */
  readonly timeScale: number;
  readonly ticksPerFrame: number;
  readonly frames: number;
  readonly interlaced: boolean;
  readonly pixelFormat: string;
  /** What rungs of high dynamic range can be made of; SDR where none can. */
  readonly videoRange: VideoRange;
}

export interface AudioStream {
  readonly track: number;
  readonly codec: string;
  readonly language: string;
  readonly channels: number;
  readonly sampleRate: number;
  /** What the source calls it; empty: nothing. */
  readonly name: string;
  /** The source flags it so. */
  readonly defaultTrack: boolean;
}

/** A track of subtitles. */
export interface TextStream {
  /** The n-th subtitle stream of the source, from 0; 0 of captions. */
  readonly stream: number;
  readonly codec: string;
  readonly language: string;
  readonly name: string;
  readonly forced: boolean;
  readonly hearingImpaired: boolean;
  /** Text; pictures of text (PGS, VobSub) are not. */
  readonly convertible: boolean;
  /** CEA-608 in the video stream. */
  readonly captions: boolean;
  /** The source flags it so. */
  readonly defaultTrack: boolean;
}

export interface Chapter {
  readonly startSeconds: number;
  readonly endSeconds: number;
  readonly title: string;
}

/** What the probe found. */
export interface Probe {
  readonly format: string;
  /** Of the video, by its timeline. */
  readonly durationSeconds: number;
  readonly video: VideoStream;
  readonly audio: readonly AudioStream[];
  /** How many segments the timeline cuts into. */
  readonly segments: number;
  /** Of those, before any is encoded: the target duration of a growing playlist must not change. */
  readonly longestSegmentSeconds: number;
  readonly text: readonly TextStream[];
  readonly chapters: readonly Chapter[];
  /** What of the source was left out or changed, for people. */
  readonly warnings: readonly string[];
  /** Part of the source could not be used: only where that was allowed. */
  readonly damaged: boolean;
}

/** What a check against the authoring rules (docs/authoring-rules.md) found. */
export interface CheckReport {
  /** How many were checked. */
  readonly rules: number;
  /** At most 50. */
  readonly findings: readonly RuleFinding[];
}

export interface RuleFinding {
  /** Its number in docs/authoring-rules.md. */
  readonly rule: string;
  readonly level: "must" | "should";
  /** Which file or rendition. */
  readonly subject: string;
  readonly message: string;
}

/** A time slice: the unit of encoding, a whole number of segments. */
export interface Chunk {
  readonly index: number;
  readonly firstSegment: number;
  readonly segmentCount: number;
}

/** Target duration of segments and distance of keyframes, seconds. Apple's HLS authoring rules 7.5 and 1.13. */
export const segmentSeconds = 6;
export const keyframeSeconds = 2;

export interface ManifestRendition {
  readonly rung: Rung;
  /** The rate cap while encoding goes on, the measured peak when complete; bit/s, video and audio. */
  readonly bandwidthBps: number;
  readonly averageBandwidthBps: number;
  readonly codecs: string;
  readonly frameRate: number;
}

export interface ManifestAudio {
  readonly target: AudioTarget;
  readonly bandwidthBps: number;
  readonly averageBandwidthBps: number;
  readonly codecs: string;
}

/**
 * What a player can be given of an asset. Versions only grow; what one version names stays named in the next: when an
 * edition takes the place of another, that one stays among the previous ones for a time.
 * `pieces` are the released video and audio pieces of chunks fromChunk … releasedChunks − 1.
 */
export interface Manifest {
  readonly assetId: AssetId;
  readonly version: number;
  readonly title: string;
  /** Nothing is to come. */
  readonly complete: boolean;
  readonly probe: Probe;
  readonly renditions: readonly ManifestRendition[];
  readonly audio: readonly ManifestAudio[];
  readonly pieces: readonly Piece[];
  readonly fromChunk: number;
  readonly releasedChunks: number;
  readonly totalChunks: number;
  /** In serving order. */
  readonly homeNodeIds: readonly NodeId[];
  readonly deleted: boolean;
  /** Announced from the start; their pieces may follow. */
  readonly text: readonly TextTarget[];
  /** Pieces that belong to no chunk: text, images. Always all there are. */
  readonly extras: readonly Piece[];
  /** One more each time that another encode of the source took its place. */
  readonly edition: number;
  /** Those that viewers who began with them are still given; complete, or in an answer with fromChunk > 0 empty. */
  readonly previous: readonly ManifestEdition[];
}

export interface ManifestEdition {
  readonly edition: number;
  readonly renditions: readonly ManifestRendition[];
  readonly audio: readonly ManifestAudio[];
  /** Of all chunks, and the images. */
  readonly pieces: readonly Piece[];
}

/**
 * The previous editions of a newer manifest that starts past chunk 0 and so says only which they are: with what an
 * older one has of them. null: the older one lacks one.
 */
export function knownEditions(
  newer: Pick<Manifest, "previous">,
  older: Pick<Manifest, "previous">,
): ManifestEdition[] | null {
  const known = newer.previous.map(({ edition }) => older.previous.find((one) => one.edition === edition));
  return known.every((one) => one !== undefined) ? known : null;
}

/** What an agent says of its node. */
export interface NodeDescription {
  readonly name: string;
  readonly region: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly playbackUrl: string;
  readonly peerUrl: string;
  readonly version: string;
  readonly ffmpegVersion: string;
  readonly toolchain: string;
  readonly encodeSlots: number;
  readonly capacityBytes: number;
  /** A part of the region that fails as a whole; empty: none is set. */
  readonly zone: string;
}

/** Whether a node is heard: silent for a while it is suspect, then down. */
export type NodeHealth = "up" | "suspect" | "down";
/** What a node is wanted for. */
export type Scheduling = "active" | "cordoned" | "draining" | "drained";

/** A node as other nodes need to know it. */
export interface NodeAddress {
  readonly nodeId: NodeId;
  readonly name: string;
  readonly region: string;
  readonly playbackUrl: string;
  readonly peerUrl: string;
  /** Up, and neither drained nor removed. */
  readonly serving: boolean;
  readonly zone: string;
  readonly health: NodeHealth;
  readonly scheduling: Scheduling;
}

export interface Load {
  readonly usedBytes: number;
  readonly capacityBytes: number;
  readonly tasksRunning: number;
  readonly viewers: number;
  readonly egressBps: number;
  /** Open connections of viewers. */
  readonly connections: number;
  /** Share of the machine's processors in use, 0 to 1. */
  readonly processor: number;
  /** Share of time that the store's disk is busy, 0 to 1; 0 when it cannot be told. */
  readonly disk: number;
  /** What the operator lets the node send; 0: no limit is set. */
  readonly egressLimitBps: number;
  /** Since a viewer last asked for media; since the start when none has. */
  readonly viewersQuietMs: number;
}

/** How far a node's re-reading of its whole store is. Instants are milliseconds since the epoch. */
export interface Scrub {
  readonly passStartedAt: number;
  /** Of this pass. */
  readonly checkedBytes: number;
  readonly totalBytes: number;
  /** null: no pass has ended yet. */
  readonly lastPassEndedAt: number | null;
  /** Objects found wrong since the store was made, by scrubs, reads and verification. */
  readonly damagedFound: number;
  /** Wrong files that are kept for a look. */
  readonly quarantined: number;
}

/** How much an asset is watched on a node. */
export interface AssetDemand {
  readonly assetId: AssetId;
  readonly viewers: number;
  readonly egressBps: number;
}

/** Which lease a word belongs to; a report that names another one changes nothing. */
export interface Fence {
  /** Of the catalog: a restored backup is another one. */
  readonly incarnation: string;
  /** Of the scheduler: one more at each start. */
  readonly term: number;
  /** Of the lease: one more each time that the task is leased. */
  readonly epoch: number;
}

/** What a task is to do. Node ids in `holders` are nodes that hold what it needs, best first. */
export type Work =
  | {
      readonly kind: "probe";
      readonly source: SourceRef;
      readonly holders: readonly NodeId[];
      /** What is good of a damaged source may be published. */
      readonly allowDamaged: boolean;
    }
  | {
      readonly kind: "transcode";
      readonly source: SourceRef;
      readonly timeline: ObjectRef;
      readonly holders: readonly NodeId[];
      readonly chunk: Chunk;
      readonly rungs: readonly Rung[];
      /** How many keyframes before the chunk decoding starts; 0: at the start of the file. */
      readonly preRollKeyframes: number;
      /** That the piece is to be of. */
      readonly edition: number;
    }
  | {
      readonly kind: "audio";
      readonly source: SourceRef;
      readonly timeline: ObjectRef;
      readonly holders: readonly NodeId[];
      readonly target: AudioTarget;
      /** Segments in each chunk, in order. */
      readonly chunkSegments: readonly number[];
      /** That the pieces are to be of. */
      readonly edition: number;
    }
  | {
      readonly kind: "text";
      /** null: of a file beside the source, which the control plane has. */
      readonly source: SourceRef | null;
      readonly timeline: ObjectRef;
      readonly holders: readonly NodeId[];
      readonly target: TextTarget;
      /** Segments in each chunk, in order. */
      readonly chunkSegments: readonly number[];
    }
  /** Out of what is encoded: the objects stand in the asset's manifest. */
  | {
      readonly kind: "images";
      readonly target: ImagesTarget;
      readonly holders: readonly NodeId[];
      /** Whose manifest it is, and that the piece is to be of. */
      readonly edition: number;
    }
  /** Holds what is encoded, as it stands in the asset's manifest, against the authoring rules on its content. */
  | {
      readonly kind: "check";
      readonly holders: readonly NodeId[];
      /** Whose manifest it is. */
      readonly edition: number;
    }
  /** Brings the source from its URL (http, https, s3) into the node's store. */
  /** limitBytes: the most that the source may have, whatever the node itself allows; null: nothing was said. */
  | { readonly kind: "fetch"; readonly url: string; readonly limitBytes: number | null }
  | { readonly kind: "replicate"; readonly piece: Piece; readonly holders: readonly NodeId[] }
  /** With no piece named: all that belongs to the asset. */
  | { readonly kind: "discard"; readonly pieceIds: readonly PieceId[] }
  /** Every object of these copies is read and held against its hash; what is wrong goes. */
  | { readonly kind: "verify"; readonly pieceIds: readonly PieceId[] };

export type TaskKind = Work["kind"];
