// Pieces and what they consist of: proto ↔ domain. What agents report is checked; what goes out is trusted.
import { isIdOf } from "@vstream/core/media.ts";
import type { AssetImages, Piece, PieceContent, SourceRef } from "@vstream/core/media.ts";
import type { ImagesPiece as WireImages, Piece as WirePiece, SourcePiece as WireSource } from "@vstream/proto/types.ts";
import * as check from "./checks.ts";
import { imageFromWire, imageToWire, objectFromWire, objectToWire, sideRange } from "./objects.ts";
import { renditionFromWire, renditionToWire } from "./renditions.ts";

const limits = { renditions: 32, chunk: 99_999, track: 99, timeScale: 1_000_000_000, sheets: 2_000, tiles: 1_000 };

/** Of what ffmpeg was told; the rest is cut. */
const toldLimits = { runs: 16, lineLength: 16 * 1024 };

/** From one thumbnail to the next, at most: a day. */
const longestIntervalMs = 86_400_000;

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
    arguments: [],
  };
}

/** @throws VsError invalid_argument also when the id is not that of the content */
export function pieceFromWire(wire: WirePiece | undefined): Piece {
  const piece = check.present(wire, "piece");
  const told = piece.arguments.slice(0, toldLimits.runs).map((line) => line.slice(0, toldLimits.lineLength));
  const content = contentFromWire(check.present(piece.content, "piece content"));
  const id = check.pieceId(piece.id, "piece id");
  if (!isIdOf(id, content)) throw check.wrong("piece id", `does not belong to a ${content.kind} piece`);
  return {
    id,
    content,
    toolchain: check.text(piece.toolchain, "toolchain", { max: 512 }),
    madeBy: piece.madeByNodeId === "" ? "" : check.nodeId(piece.madeByNodeId, "made by"),
    ...(told.length === 0 ? {} : { arguments: told }),
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
    case "text":
      return { $case: "text", value: { track: content.track, chunks: content.chunks.map(objectToWire) } };
    case "images":
      return { $case: "images", value: imagesToWire(content) };
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
    case "text":
      return {
        kind: "text",
        track: check.integer(wire.value.track, "track", { min: 0, max: limits.track }),
        chunks: check
          .atMost(wire.value.chunks, "chunks of text", limits.chunk + 1)
          .map((chunk) => objectFromWire(chunk, "text")),
      };
    case "images":
      return { kind: "images", ...imagesFromWire(wire.value) };
  }
}

function imagesToWire(images: AssetImages): WireImages {
  const { columns, rows, width, height, intervalMs, thumbnails } = images;
  const numbers = { columns, rows, width, height, intervalMs, thumbnails };
  return { poster: imageToWire(images.poster), sheets: images.sheets.map(imageToWire), ...numbers };
}

function imagesFromWire(wire: WireImages): AssetImages {
  const sheets = check.atMost(wire.sheets, "sheets", limits.sheets);
  const columns = check.integer(wire.columns, "columns", { min: 1, max: limits.tiles });
  const rows = check.integer(wire.rows, "rows", { min: 1, max: limits.tiles });
  const most = sheets.length * columns * rows;
  return {
    poster: imageFromWire(wire.poster, "poster"),
    sheets: sheets.map((sheet) => imageFromWire(sheet, "sheet")),
    columns,
    rows,
    width: check.integer(wire.width, "thumbnail width", sideRange),
    height: check.integer(wire.height, "thumbnail height", sideRange),
    intervalMs: check.integer(wire.intervalMs, "thumbnail interval", { min: 1, max: longestIntervalMs }),
    thumbnails: check.integer(wire.thumbnails, "thumbnails", { min: 0, max: most }),
  };
}

// An MD5 of a decoded frame; empty where there is none.
function frameHash(value: string, name: string): string {
  if (/^([0-9a-f]{32})?$/.test(value)) return value;
  throw check.wrong(name, "is not an MD5 in hexadecimal digits");
}
