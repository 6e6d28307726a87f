// How long a task may run before its node gives it up. Generous: a limit is there for what hangs, not for what is slow.
import { sourcePieceId } from "@vstream/core/ids.ts";
import type { PieceId } from "@vstream/core/ids.ts";
import { bytesOf, segmentSeconds } from "@vstream/core/media.ts";
import type { Rung, Work } from "@vstream/core/media.ts";

const shortestMs = 10 * 60_000;
// A chunk at five rungs on a quarter of an old core takes about this many times its duration.
const transcodeMsPerSegment = 240 * segmentSeconds * 1000;
// With as many rungs in HEVC beside them, some of them in high dynamic range.
const hevcFactor = 6;
const audioMsPerSegment = 10 * segmentSeconds * 1000;
const slowestBytesPerMs = 250;
// The work of a verification names pieces, not their sizes: half a minute of video at every rung is read in far less,
// and a source of 200 GB in this time at 5 MB a second.
const verifyPieceMs = 5 * 60_000;
const verifySourceMs = 12 * 3_600_000;
// The work does not say how long the asset is: of the smallest pictures, a day is decoded in this time at 12 times the
// speed of playing. Of a check, which only reads boxes, a day takes minutes.
const imagesMs = 2 * 3_600_000;
// Nobody knows how large it is; an agent gives up what comes too slowly by itself.
const fetchMs = 24 * 3_600_000;

export function timeLimitMs(work: Work): number {
  switch (work.kind) {
    case "fetch":
      return fetchMs;
    case "probe":
    case "text":
      // They read the whole source, if any.
      return shortestMs + Math.ceil((work.source?.source.bytes ?? 0) / slowestBytesPerMs);
    case "transcode":
      return shortestMs + work.chunk.segmentCount * transcodeMsPerSegment * factorOf(work.rungs);
    case "audio":
      return shortestMs + work.chunkSegments.reduce((sum, count) => sum + count, 0) * audioMsPerSegment;
    case "images":
    case "check":
      return imagesMs;
    case "replicate":
      return shortestMs + Math.ceil(bytesOf(work.piece.content) / slowestBytesPerMs);
    case "discard":
      return shortestMs;
    case "verify":
      return work.pieceIds.reduce((sum, pieceId) => sum + verifyMs(pieceId), shortestMs);
  }
}

function factorOf(rungs: readonly Rung[]): number {
  return rungs.some(({ codec }) => codec === "hevc") ? hevcFactor : 1;
}

function verifyMs(pieceId: PieceId): number {
  return pieceId === sourcePieceId ? verifySourceMs : verifyPieceMs;
}
