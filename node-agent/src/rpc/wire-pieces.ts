// The pieces that an asset is made of, to the wire. How they come from it: wire-media.ts.
import type { Image, Piece, PieceContent, RenditionSegments } from "@vstream/core/media.ts";
import type * as wire from "@vstream/proto/types.ts";

export function pieceToWire(piece: Piece): wire.Piece {
  return {
    id: piece.id,
    content: contentToWire(piece.content),
    toolchain: piece.toolchain,
    madeByNodeId: piece.madeBy,
    arguments: [...(piece.arguments ?? [])],
  };
}

function contentToWire(content: PieceContent): NonNullable<wire.Piece["content"]> {
  switch (content.kind) {
    case "source":
      return {
        $case: "source",
        value: { source: { ...content.source }, blockList: { ...content.blockList }, blockBytes: content.blockBytes },
      };
    case "timeline":
      return { $case: "timeline", value: { timeline: { ...content.timeline } } };
    case "video":
      return {
        $case: "video",
        value: {
          chunk: content.chunk,
          frames: content.frames,
          timeScale: content.timeScale,
          renditions: content.renditions.map(renditionToWire),
          joint: { ...content.joint },
        },
      };
    case "audio":
      return {
        $case: "audio",
        value: {
          track: content.track,
          chunk: content.chunk,
          timeScale: content.timeScale,
          rendition: renditionToWire(content.rendition),
        },
      };
    case "text":
      return {
        $case: "text",
        value: { track: content.track, chunks: content.chunks.map((object) => ({ ...object })) },
      };
    case "images":
      return {
        $case: "images",
        value: { ...content, poster: imageToWire(content.poster), sheets: content.sheets.map(imageToWire) },
      };
  }
}

function imageToWire(image: Image): wire.Image {
  return { ...image, object: { ...image.object } };
}

function renditionToWire(rendition: RenditionSegments): wire.RenditionSegments {
  return {
    rung: rendition.rung,
    init: { ...rendition.init },
    codecs: rendition.codecs,
    segments: rendition.segments.map((segment) => ({
      ...segment,
      object: { ...segment.object },
      keyframes: segment.keyframes.map((keyframe) => ({ ...keyframe })),
    })),
  };
}
