// What an asset is made of, between the wire (types.proto) and the agent's own words (core/src/media.ts).
// What comes in is checked whole; a wrong id, hash or size refuses the message.
import type {
  AudioTarget,
  Joint,
  ObjectRef,
  Piece,
  PieceContent,
  Probe,
  RenditionSegments,
  Rung,
  Segment,
  SourceRef,
  VideoStream,
} from "@vstream/core/media.ts";
import { pieceIdOf } from "@vstream/core/media.ts";
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
  if (pieceIdOf(content) !== id) throw refused(`piece ${id} holds ${pieceIdOf(content)}`);
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
  }
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
  };
}

export function rungFromWire(rung: wire.Rung | undefined): Rung {
  const given = required(rung, "rung");
  if (given.codec !== "h264") throw refused(`codec ${JSON.stringify(given.codec)} of rung ${given.name}`);
  // The name becomes a folder of the scratch space and a part of URLs.
  if (!/^[0-9A-Za-z][0-9A-Za-z_-]{0,31}$/.test(given.name)) throw refused(`rung ${JSON.stringify(given.name)}`);
  return { ...given, codec: "h264" };
}

export function audioTargetFromWire(target: wire.AudioTarget | undefined): AudioTarget {
  return { ...required(target, "audio target") };
}

export function probeFromWire(probe: wire.Probe | undefined): Probe {
  const given = required(probe, "probe");
  return { ...given, video: videoFromWire(given.video), audio: given.audio.map((stream) => ({ ...stream })) };
}

function videoFromWire(video: wire.VideoStream | undefined): VideoStream {
  return { ...required(video, "video stream") };
}

export function pieceToWire(piece: Piece): wire.Piece {
  return {
    id: piece.id,
    content: contentToWire(piece.content),
    toolchain: piece.toolchain,
    madeByNodeId: piece.madeBy,
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
  }
}

function renditionToWire(rendition: RenditionSegments): wire.RenditionSegments {
  return {
    rung: rendition.rung,
    init: { ...rendition.init },
    codecs: rendition.codecs,
    segments: rendition.segments.map((segment) => ({ ...segment, object: { ...segment.object } })),
  };
}

export function probeToWire(probe: Probe): wire.Probe {
  return { ...probe, video: { ...probe.video }, audio: probe.audio.map((stream) => ({ ...stream })) };
}
