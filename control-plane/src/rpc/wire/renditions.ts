// The segments of a piece, and where one can begin to show them: proto ↔ domain. What agents report is checked.
import type { Keyframe, RenditionSegments, Segment } from "@vstream/core/media.ts";
import type {
  Keyframe as WireKeyframe,
  RenditionSegments as WireRendition,
  Segment as WireSegment,
} from "@vstream/proto/types.ts";
import * as check from "./checks.ts";
import { objectFromWire, objectToWire } from "./objects.ts";

const limits = { segments: 10_000, keyframes: 64 };

export function renditionToWire(rendition: RenditionSegments): WireRendition {
  return {
    rung: rendition.rung,
    init: objectToWire(rendition.init),
    codecs: rendition.codecs,
    segments: rendition.segments.map(segmentToWire),
  };
}

export function renditionFromWire(wire: WireRendition): RenditionSegments {
  const segments = check.atMost(wire.segments, "segments", limits.segments);
  if (segments.length === 0) throw check.wrong("segments", "are missing");
  return {
    rung: check.text(wire.rung, "rung", { max: 64 }),
    init: objectFromWire(wire.init, "init segment"),
    codecs: check.text(wire.codecs, "codecs", { max: 128 }),
    segments: segments.map(segmentFromWire),
  };
}

function segmentToWire(segment: Segment): WireSegment {
  const keyframes = segment.keyframes.map((keyframe) => ({ ...keyframe }));
  return { ...segment, object: objectToWire(segment.object), keyframes };
}

function segmentFromWire(wire: WireSegment): Segment {
  const object = objectFromWire(wire.object, "segment");
  return {
    object,
    durationTicks: check.integer(wire.durationTicks, "duration ticks", { ...check.tickCount, min: 1 }),
    startTicks: check.integer(wire.startTicks, "start ticks", check.tickCount),
    keyframes: check
      .atMost(wire.keyframes, "keyframes", limits.keyframes)
      .map((keyframe) => keyframeFromWire(keyframe, object.bytes)),
  };
}

// Players are told to ask for these bytes: they lie within the segment.
function keyframeFromWire(wire: WireKeyframe, segmentBytes: number): Keyframe {
  const offset = check.integer(wire.offset, "keyframe offset", { min: 0, max: segmentBytes });
  return {
    offset,
    bytes: check.integer(wire.bytes, "keyframe bytes", { min: 1, max: segmentBytes - offset }),
    durationTicks: check.integer(wire.durationTicks, "keyframe duration ticks", check.tickCount),
  };
}
