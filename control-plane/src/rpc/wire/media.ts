// Pieces and what they consist of: proto ↔ domain. What agents report is checked; what goes out is trusted.
import { pieceIdOf } from "@vstream/core/media.ts";
import type { ObjectRef, Piece, PieceContent, RenditionSegments, Segment, SourceRef } from "@vstream/core/media.ts";
import type {
  ObjectRef as WireObject,
  Piece as WirePiece,
  RenditionSegments as WireRendition,
  Segment as WireSegment,
  SourcePiece as WireSource,
} from "@vstream/proto/types.ts";
import * as check from "./checks.ts";

const limits = { renditions: 32, segments: 10_000, chunk: 99_999, track: 99, timeScale: 1_000_000_000 };

export function objectToWire(object: ObjectRef): WireObject {
  return { sha256: object.sha256, bytes: object.bytes };
}

export function sourceToWire(source: SourceRef): WireSource {
  return {
    source: objectToWire(source.source),
    blockList: objectToWire(source.blockList),
    blockBytes: source.blockBytes,
  };
}

export function pieceToWire(piece: Piece): WirePiece {
  return {
    id: piece.id,
    content: contentToWire(piece.content),
    toolchain: piece.toolchain,
    madeByNodeId: piece.madeBy,
  };
}

/** @throws VsError invalid_argument also when the id is not that of the content */
export function pieceFromWire(wire: WirePiece | undefined): Piece {
  const piece = check.present(wire, "piece");
  const content = contentFromWire(check.present(piece.content, "piece content"));
  if (piece.id !== pieceIdOf(content)) throw check.wrong("piece id", `does not belong to a ${content.kind} piece`);
  return {
    id: pieceIdOf(content),
    content,
    toolchain: check.text(piece.toolchain, "toolchain", { max: 512 }),
    madeBy: piece.madeByNodeId === "" ? "" : check.nodeId(piece.madeByNodeId, "made by"),
  };
}

function contentToWire(content: PieceContent): NonNullable<WirePiece["content"]> {
  switch (content.kind) {
    case "source":
      return { $case: "source", value: sourceToWire(content) };
    case "timeline":
      return { $case: "timeline", value: { timeline: objectToWire(content.timeline) } };
    case "video": {
      const { chunk, frames, timeScale, joint } = content;
      const renditions = content.renditions.map(renditionToWire);
      return { $case: "video", value: { chunk, frames, timeScale, renditions, joint: { ...joint } } };
    }
    case "audio": {
      const { track, chunk, timeScale } = content;
      return { $case: "audio", value: { track, chunk, timeScale, rendition: renditionToWire(content.rendition) } };
    }
  }
}

function contentFromWire(wire: NonNullable<WirePiece["content"]>): PieceContent {
  switch (wire.$case) {
    case "source":
      return {
        kind: "source",
        source: objectFromWire(wire.value.source, "source"),
        blockList: objectFromWire(wire.value.blockList, "block list"),
        blockBytes: check.integer(wire.value.blockBytes, "block bytes", { min: 1, max: 2 ** 30 }),
      };
    case "timeline":
      return { kind: "timeline", timeline: objectFromWire(wire.value.timeline, "timeline") };
    case "video": {
      const renditions = check.atMost(wire.value.renditions, "renditions", limits.renditions);
      if (renditions.length === 0) throw check.wrong("renditions", "are missing");
      return {
        kind: "video",
        chunk: check.integer(wire.value.chunk, "chunk", { min: 0, max: limits.chunk }),
        frames: check.integer(wire.value.frames, "frames", { ...check.count, min: 1 }),
        timeScale: check.integer(wire.value.timeScale, "time scale", { min: 1, max: limits.timeScale }),
        renditions: renditions.map(renditionFromWire),
        joint: {
          beforeFirst: frameHash(wire.value.joint?.beforeFirst ?? "", "joint before the first frame"),
          last: frameHash(wire.value.joint?.last ?? "", "joint at the last frame"),
        },
      };
    }
    case "audio":
      return {
        kind: "audio",
        track: check.integer(wire.value.track, "track", { min: 0, max: limits.track }),
        chunk: check.integer(wire.value.chunk, "chunk", { min: 0, max: limits.chunk }),
        timeScale: check.integer(wire.value.timeScale, "time scale", { min: 1, max: limits.timeScale }),
        rendition: renditionFromWire(check.present(wire.value.rendition, "rendition")),
      };
  }
}

function renditionToWire(rendition: RenditionSegments): WireRendition {
  return {
    rung: rendition.rung,
    init: objectToWire(rendition.init),
    codecs: rendition.codecs,
    segments: rendition.segments.map((segment) => ({ ...segment, object: objectToWire(segment.object) })),
  };
}

function renditionFromWire(wire: WireRendition): RenditionSegments {
  const segments = check.atMost(wire.segments, "segments", limits.segments);
  if (segments.length === 0) throw check.wrong("segments", "are missing");
  return {
    rung: check.text(wire.rung, "rung", { max: 64 }),
    init: objectFromWire(wire.init, "init segment"),
    codecs: check.text(wire.codecs, "codecs", { max: 128 }),
    segments: segments.map(segmentFromWire),
  };
}

function segmentFromWire(wire: WireSegment): Segment {
  return {
    object: objectFromWire(wire.object, "segment"),
    durationTicks: check.integer(wire.durationTicks, "duration ticks", { ...check.tickCount, min: 1 }),
    startTicks: check.integer(wire.startTicks, "start ticks", check.tickCount),
  };
}

function objectFromWire(wire: WireObject | undefined, name: string): ObjectRef {
  const object = check.present(wire, name);
  return {
    sha256: check.sha256(object.sha256, `${name} hash`),
    bytes: check.integer(object.bytes, `${name} bytes`, check.byteCount),
  };
}

// An MD5 of a decoded frame; empty where there is none.
function frameHash(value: string, name: string): string {
  if (/^([0-9a-f]{32})?$/.test(value)) return value;
  throw check.wrong(name, "is not an MD5 in hexadecimal digits");
}
