// Results of tasks without any media behind them: hashes of names, and joints that prove.
import { createHash } from "node:crypto";
import { audioPieceId, imagesPieceIdIn, videoPieceId } from "@vstream/core/ids.ts";
import type { LeaseGrant, TaskResult } from "@vstream/proto/agent.ts";
import type { ObjectRef, Piece, RenditionSegments } from "@vstream/proto/types.ts";

export const segments = 3;
export const frameRate = 24;

export function objectNamed(name: string): ObjectRef {
  return { sha256: createHash("sha256").update(name).digest("hex"), bytes: 1_000 };
}

export function sourcePiece(source: ObjectRef): Piece {
  const value = { source, blockList: objectNamed("block list"), blockBytes: 1_048_576 };
  return { id: "source", content: { $case: "source", value }, toolchain: "", madeByNodeId: "", arguments: [] };
}

export function resultOf(grant: LeaseGrant, nodeId: string): TaskResult {
  const { work } = grant;
  const nothing: TaskResult = { probe: undefined, pieces: [], damagedPieceIds: [], checkedBytes: 0, check: undefined };
  switch (work?.$case) {
    case "fetch":
      return { ...nothing, pieces: [sourcePiece(objectNamed(work.value.url))] };
    case "probe":
      return { ...nothing, probe, pieces: [madeBy(nodeId, timeline)] };
    case "transcode":
      return { ...nothing, pieces: [madeBy(nodeId, videoPiece(work.value))] };
    case "audio":
      return { ...nothing, pieces: audioPieces(work.value).map((piece) => madeBy(nodeId, piece)) };
    case "text":
      return { ...nothing, pieces: [madeBy(nodeId, textPiece(work.value))] };
    case "images":
      return { ...nothing, pieces: [madeBy(nodeId, { ...images, id: imagesPieceIdIn(work.value.edition) })] };
    case "check":
      return { ...nothing, check: { rules: 1, findings: [] } };
    case "replicate":
      return { ...nothing, pieces: work.value.piece === undefined ? [] : [work.value.piece] };
    case "verify":
    case "discard":
    case undefined:
      return nothing;
  }
}

type Grant<Case extends NonNullable<LeaseGrant["work"]>["$case"]> = Extract<
  NonNullable<LeaseGrant["work"]>,
  { $case: Case }
>["value"];

const plainText = { forced: false, hearingImpaired: false, convertible: true, captions: false, defaultTrack: false };

const probe: TaskResult["probe"] = {
  format: "made-up",
  durationSeconds: segments * 6,
  video: {
    width: 640,
    height: 360,
    codec: "h264",
    frameRate,
    timeScale: 12_288,
    ticksPerFrame: 512,
    frames: segments * 6 * frameRate,
    interlaced: false,
    pixelFormat: "yuv420p",
    videoRange: "SDR",
  },
  audio: [{ track: 0, codec: "aac", language: "eng", channels: 2, sampleRate: 48_000, name: "", defaultTrack: false }],
  segments,
  longestSegmentSeconds: 6,
  text: [{ stream: 0, codec: "subrip", language: "ger", name: "Deutsch", ...plainText }],
  chapters: [{ startSeconds: 0, endSeconds: 6, title: "The beginning" }],
  warnings: [],
  damaged: false,
};

const timeline: Piece = {
  id: "timeline",
  content: { $case: "timeline", value: { timeline: objectNamed("timeline") } },
  toolchain: "made-up",
  madeByNodeId: "",
  arguments: [],
};

function madeBy(nodeId: string, piece: Piece): Piece {
  return { ...piece, toolchain: "made-up", madeByNodeId: nodeId, arguments: [`ffmpeg -i file:source ${piece.id}`] };
}

function videoPiece({ chunk, firstSegment, segmentCount, rungs, edition }: Grant<"transcode">): Piece {
  const value = {
    chunk,
    frames: segmentCount * 6 * frameRate,
    timeScale: 12_288,
    renditions: rungs.map((rung) => renditionOf({ name: rung.name, firstSegment, segmentCount, timeScale: 12_288 })),
    joint: { beforeFirst: chunk === 0 ? "" : lastFrame(firstSegment), last: lastFrame(firstSegment + segmentCount) },
  };
  return pieceOf(videoPieceId(chunk, edition), { $case: "video", value });
}

function audioPieces({ target, chunkSegments, edition }: Grant<"audio">): Piece[] {
  const track = target?.track ?? 0;
  let firstSegment = 0;
  return chunkSegments.map((segmentCount, chunk) => {
    const rendition = renditionOf({ name: `audio-${String(track)}`, firstSegment, segmentCount, timeScale: 48_000 });
    firstSegment += segmentCount;
    const value = { track, chunk, timeScale: 48_000, rendition };
    return pieceOf(audioPieceId(track, chunk, edition), { $case: "audio", value });
  });
}

function textPiece({ target, chunkSegments }: Grant<"text">): Piece {
  const track = target?.track ?? 0;
  const name = `text-${String(track)}`;
  const chunks = chunkSegments.map((_, chunk) => objectNamed(`${name} ${String(chunk)}`));
  return pieceOf(name, { $case: "text", value: { track, chunks } });
}

function renditionOf(of: {
  name: string;
  firstSegment: number;
  segmentCount: number;
  timeScale: number;
}): RenditionSegments {
  const isAudio = of.name.startsWith("audio");
  return {
    rung: of.name,
    init: objectNamed(`${of.name} init`),
    codecs: isAudio ? "mp4a.40.2" : "avc1.64001f",
    segments: Array.from({ length: of.segmentCount }, (_, index) => ({
      object: objectNamed(`${of.name} ${String(of.firstSegment + index)}`),
      durationTicks: 6 * of.timeScale,
      startTicks: (of.firstSegment + index) * 6 * of.timeScale,
      keyframes: isAudio ? [] : [{ offset: 0, bytes: 500, durationTicks: 6 * of.timeScale }],
    })),
  };
}

function pieceOf(id: string, content: NonNullable<Piece["content"]>): Piece {
  return { id, content, toolchain: "", madeByNodeId: "", arguments: [] };
}

function lastFrame(segment: number): string {
  return createHash("md5")
    .update(`frame before segment ${String(segment)}`)
    .digest("hex");
}

const images = pieceOf("images", {
  $case: "images",
  value: {
    poster: { object: objectNamed("poster"), width: 640, height: 360 },
    sheets: [{ object: objectNamed("sheet"), width: 320, height: 90 }],
    ...{ columns: 2, rows: 1, width: 160, height: 90, intervalMs: 10_000, thumbnails: 2 },
  },
});
