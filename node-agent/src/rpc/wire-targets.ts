// What a source was found to be and what is to be made of it, between the wire (types.proto) and the agent's own words
// (core/src/media.ts). What comes in is checked whole.
import { textOrigins, videoCodecs, videoRanges } from "@vstream/core/media.ts";
import type {
  AudioTarget,
  ImagesTarget,
  Probe,
  Rung,
  TextOrigin,
  TextTarget,
  VideoRange,
  VideoStream,
} from "@vstream/core/media.ts";
import type * as wire from "@vstream/proto/types.ts";
import { countOf, refused, required } from "./checked.ts";

export function rungFromWire(rung: wire.Rung | undefined): Rung {
  const given = required(rung, "rung");
  const codec = videoCodecs.find((one) => one === given.codec);
  if (codec === undefined) throw refused(`codec ${JSON.stringify(given.codec)} of rung ${given.name}`);
  return { ...given, name: rungNameOf(given.name), codec, videoRange: videoRangeOf(given.videoRange) };
}

export function audioTargetFromWire(target: wire.AudioTarget | undefined): AudioTarget {
  const given = required(target, "audio target");
  return { ...given, stream: streamOf(given.stream) };
}

export function textTargetFromWire(target: wire.TextTarget | undefined): TextTarget {
  const given = required(target, "text target");
  return {
    ...given,
    track: countOf(given.track, "a track"),
    origin: originOf(given.origin),
    stream: streamOf(given.stream),
    file: countOf(given.file, "a subtitle file"),
  };
}

export function imagesTargetFromWire(target: wire.ImagesTarget | undefined): ImagesTarget {
  const given = required(target, "images target");
  if (given.intervalMs < 1) throw refused("thumbnails without an interval");
  return {
    posterRung: rungNameOf(given.posterRung),
    thumbnailRung: rungNameOf(given.thumbnailRung),
    intervalMs: countOf(given.intervalMs, "an interval"),
  };
}

export function probeFromWire(probe: wire.Probe | undefined): Probe {
  const given = required(probe, "probe");
  return { ...copied(given), video: videoFromWire(given.video) };
}

export function probeToWire(probe: Probe): wire.Probe {
  return { ...copied(probe), video: { ...probe.video } };
}

function copied<Known extends Probe | wire.Probe>(probe: Known) {
  return {
    ...probe,
    audio: probe.audio.map((stream) => ({ ...stream })),
    text: probe.text.map((stream) => ({ ...stream })),
    chapters: probe.chapters.map((chapter) => ({ ...chapter })),
    warnings: [...probe.warnings],
    damaged: probe.damaged,
  };
}

function videoFromWire(video: wire.VideoStream | undefined): VideoStream {
  const given = required(video, "video stream");
  return { ...given, videoRange: videoRangeOf(given.videoRange) };
}

// A control plane of before knows no other than SDR.
function videoRangeOf(range: string): VideoRange {
  const known = videoRanges.find((one) => one === (range === "" ? "SDR" : range));
  if (known === undefined) throw refused(`video range ${JSON.stringify(range)}`);
  return known;
}

// A control plane of before knows no other.
function originOf(origin: string): TextOrigin {
  const known = textOrigins.find((one) => one === (origin === "" ? "stream" : origin));
  if (known === undefined) throw refused(`origin ${JSON.stringify(origin)} of text`);
  return known;
}

// It becomes a folder of the scratch space and a part of URLs.
function rungNameOf(name: string): string {
  if (!/^[0-9A-Za-z][0-9A-Za-z_-]{0,31}$/.test(name)) throw refused(`rung ${JSON.stringify(name)}`);
  return name;
}

// It becomes an argument of ffmpeg.
function streamOf(stream: number): number {
  return countOf(stream, "a stream");
}
