// The pieces that an asset is made of, between the wire (types.proto) and the agent's own words (core/src/media.ts).
// What comes in is checked whole; a wrong id, hash or size refuses the message.
import type {
  Image,
  ImagesContent,
  Joint,
  Keyframe,
  ObjectRef,
  Piece,
  PieceContent,
  RenditionSegments,
  Segment,
  SourceRef,
} from "@vstream/core/media.ts";
import { isIdOf, pieceIdOf } from "@vstream/core/media.ts";
import type * as wire from "@vstream/proto/types.ts";
import { countOf, nodeIdOf, pieceIdOfText, refused, required, sha256Of } from "./checked.ts";

export function objectFromWire(object: wire.ObjectRef | undefined, what: string): ObjectRef {
  const given = required(object, what);
  return { sha256: sha256Of(given.sha256), bytes: countOf(given.bytes, `the size of ${what}`) };
}

export function sourceFromWire(source: wire.SourcePiece | undefined): SourceRef {
  const given = required(source, "source");
  if (given.blockBytes <= 0) throw refused("a source without a block size");
  return {
    source: objectFromWire(given.source, "source"),
    blockList: objectFromWire(given.blockList, "block list"),
    blockBytes: countOf(given.blockBytes, "the block size"),
  };
}

export function pieceFromWire(piece: wire.Piece | undefined): Piece {
  const given = required(piece, "piece");
  const content = contentFromWire(given);
  const id = pieceIdOfText(given.id);
  if (!isIdOf(id, content)) throw refused(`piece ${id} holds ${pieceIdOf(content)}`);
  return {
    id,
    content,
    toolchain: given.toolchain,
    madeBy: given.madeByNodeId === "" ? "" : nodeIdOf(given.madeByNodeId),
  };
}

function contentFromWire(piece: wire.Piece): PieceContent {
  const content = required(piece.content, "content of a piece");
  switch (content.$case) {
    case "source":
      return { kind: "source", ...sourceFromWire(content.value) };
    case "timeline":
      return { kind: "timeline", timeline: objectFromWire(content.value.timeline, "timeline") };
    case "video":
      return {
        kind: "video",
        chunk: countOf(content.value.chunk, "a chunk"),
        frames: countOf(content.value.frames, "a frame count"),
        timeScale: countOf(content.value.timeScale, "a time scale"),
        renditions: content.value.renditions.map(renditionFromWire),
        joint: jointFromWire(content.value.joint),
      };
    case "audio":
      return {
        kind: "audio",
        track: countOf(content.value.track, "a track"),
        chunk: countOf(content.value.chunk, "a chunk"),
        timeScale: countOf(content.value.timeScale, "a time scale"),
        rendition: renditionFromWire(required(content.value.rendition, "rendition")),
      };
    case "text":
      return {
        kind: "text",
        track: countOf(content.value.track, "a track"),
        chunks: content.value.chunks.map((object) => objectFromWire(object, "text of a chunk")),
      };
    case "images":
      return imagesFromWire(content.value);
  }
}

function imagesFromWire(images: wire.ImagesPiece): ImagesContent {
  return {
    kind: "images",
    poster: imageFromWire(images.poster, "poster"),
    sheets: images.sheets.map((sheet) => imageFromWire(sheet, "sheet of thumbnails")),
    columns: countOf(images.columns, "a number of columns"),
    rows: countOf(images.rows, "a number of rows"),
    width: countOf(images.width, "a width"),
    height: countOf(images.height, "a height"),
    intervalMs: countOf(images.intervalMs, "an interval"),
    thumbnails: countOf(images.thumbnails, "a number of thumbnails"),
  };
}

function imageFromWire(image: wire.Image | undefined, what: string): Image {
  const given = required(image, what);
  return {
    object: objectFromWire(given.object, what),
    width: countOf(given.width, `the width of a ${what}`),
    height: countOf(given.height, `the height of a ${what}`),
  };
}

function jointFromWire(joint: wire.Joint | undefined): Joint {
  return { beforeFirst: joint?.beforeFirst ?? "", last: joint?.last ?? "" };
}

function renditionFromWire(rendition: wire.RenditionSegments): RenditionSegments {
  return {
    rung: rendition.rung,
    init: objectFromWire(rendition.init, "init segment"),
    codecs: rendition.codecs,
    segments: rendition.segments.map(segmentFromWire),
  };
}

function segmentFromWire(segment: wire.Segment): Segment {
  return {
    object: objectFromWire(segment.object, "segment"),
    durationTicks: countOf(segment.durationTicks, "a duration"),
    startTicks: countOf(segment.startTicks, "a start"),
    keyframes: segment.keyframes.map(keyframeFromWire),
  };
}

function keyframeFromWire(keyframe: wire.Keyframe): Keyframe {
  return {
    offset: countOf(keyframe.offset, "a keyframe's offset"),
    bytes: countOf(keyframe.bytes, "a keyframe's size"),
    durationTicks: countOf(keyframe.durationTicks, "the duration of a group of pictures"),
  };
}
