// The forms of what the store keeps as JSON, checked whenever it comes from a disk or from another node.
import { z } from "zod";
import { isId, isPieceId, isSha256 } from "@vstream/core/ids.ts";
import type { AssetId, NodeId, PieceId, Sha256 } from "@vstream/core/ids.ts";
import { isIdOf, textOrigins, videoCodecs, videoRanges } from "@vstream/core/media.ts";
import type { Manifest, Piece, PieceContent } from "@vstream/core/media.ts";

const sha256 = z.custom<Sha256>((value) => typeof value === "string" && isSha256(value), "not a hash");
const assetId = z.custom<AssetId>((value) => typeof value === "string" && isId("asset", value), "not an asset id");
const nodeId = z.custom<NodeId>((value) => typeof value === "string" && isId("node", value), "not a node id");
const pieceId = z.custom<PieceId>((value) => typeof value === "string" && isPieceId(value), "not a piece id");
const count = z.int().nonnegative();

const object = z.object({ sha256, bytes: count });
const keyframe = z.object({ offset: count, bytes: count, durationTicks: count });
// What an older release wrote has no keyframes.
const segment = z.object({
  object,
  durationTicks: count,
  startTicks: count,
  keyframes: z.array(keyframe).default([]),
});
const image = z.object({ object, width: count, height: count });
const rendition = z.object({ rung: z.string(), init: object, codecs: z.string(), segments: z.array(segment) });

const content: z.ZodType<PieceContent> = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("source"), source: object, blockList: object, blockBytes: z.int().positive() }),
  z.object({ kind: z.literal("timeline"), timeline: object }),
  z.object({
    kind: z.literal("video"),
    chunk: count,
    frames: count,
    timeScale: z.int().positive(),
    renditions: z.array(rendition),
    joint: z.object({ beforeFirst: z.string(), last: z.string() }),
  }),
  z.object({
    kind: z.literal("audio"),
    track: count,
    chunk: count,
    timeScale: z.int().positive(),
    rendition,
  }),
  z.object({ kind: z.literal("text"), track: count, chunks: z.array(object) }),
  z.object({
    kind: z.literal("images"),
    poster: image,
    sheets: z.array(image),
    columns: count,
    rows: count,
    width: count,
    height: count,
    intervalMs: count,
    thumbnails: count,
  }),
]);

export const pieceShape: z.ZodType<Piece> = z
  .object({ id: pieceId, content, toolchain: z.string(), madeBy: z.union([nodeId, z.literal("")]) })
  .refine((piece) => isIdOf(piece.id, piece.content), "the content belongs to another piece");

const rung = z.object({
  name: z.string(),
  width: count,
  height: count,
  codec: z.enum(videoCodecs),
  preset: z.string(),
  crf: z.number(),
  maxrateBps: count,
  bufferBits: count,
  profile: z.string(),
  // What an older release wrote has no other.
  videoRange: z.enum(videoRanges).default("SDR"),
});

// What an older release wrote has a track for each stream.
const audioTarget = z
  .object({
    track: count,
    stream: count.optional(),
    language: z.string(),
    channels: count,
    bitrateBps: count,
    sampleRate: count,
    name: z.string().default(""),
    defaultTrack: z.boolean().default(false),
  })
  .transform((target) => ({ ...target, stream: target.stream ?? target.track }));

// What an older release wrote is made of streams.
const textTarget = z.object({
  track: count,
  origin: z.enum(textOrigins).default("stream"),
  stream: count,
  file: count.default(0),
  language: z.string(),
  name: z.string(),
  forced: z.boolean(),
  hearingImpaired: z.boolean(),
  defaultTrack: z.boolean().default(false),
});

const videoStream = z.object({
  width: count,
  height: count,
  codec: z.string(),
  frameRate: z.number(),
  timeScale: count,
  ticksPerFrame: count,
  frames: count,
  interlaced: z.boolean(),
  pixelFormat: z.string(),
  videoRange: z.enum(videoRanges).default("SDR"),
});

const audioStream = z.object({
  track: count,
  codec: z.string(),
  language: z.string(),
  channels: count,
  sampleRate: count,
  name: z.string().default(""),
  defaultTrack: z.boolean().default(false),
});

const textStream = z.object({
  stream: count,
  codec: z.string(),
  language: z.string(),
  name: z.string(),
  forced: z.boolean(),
  hearingImpaired: z.boolean(),
  convertible: z.boolean(),
  captions: z.boolean().default(false),
  defaultTrack: z.boolean().default(false),
});

const chapter = z.object({ startSeconds: z.number(), endSeconds: z.number(), title: z.string() });

const probe = z.object({
  format: z.string(),
  durationSeconds: z.number(),
  video: videoStream,
  audio: z.array(audioStream),
  segments: count,
  longestSegmentSeconds: z.number().min(0).default(0),
  text: z.array(textStream).default([]),
  chapters: z.array(chapter).default([]),
  warnings: z.array(z.string()).default([]),
  damaged: z.boolean().default(false),
});

const measured = { bandwidthBps: z.number(), averageBandwidthBps: z.number(), codecs: z.string() };

const manifestRendition = z.object({ rung, ...measured, frameRate: z.number() });
const manifestAudio = z.object({ target: audioTarget, ...measured });
const manifestEdition = z.object({
  edition: count,
  renditions: z.array(manifestRendition),
  audio: z.array(manifestAudio),
  pieces: z.array(pieceShape),
});

export const manifestShape: z.ZodType<Manifest> = z.object({
  assetId,
  version: count,
  title: z.string(),
  complete: z.boolean(),
  probe,
  renditions: z.array(manifestRendition),
  audio: z.array(manifestAudio),
  pieces: z.array(pieceShape),
  fromChunk: count,
  releasedChunks: count,
  totalChunks: count,
  homeNodeIds: z.array(nodeId),
  deleted: z.boolean(),
  text: z.array(textTarget).default([]),
  extras: z.array(pieceShape).default([]),
  edition: count.default(0),
  previous: z.array(manifestEdition).default([]),
});
