// What a probe found, and what is made from it: proto ↔ domain.
import type {
  AudioStream,
  AudioTarget,
  Chapter,
  Probe,
  Rung,
  TextStream,
  TextTarget,
  VideoStream,
} from "@vstream/core/media.ts";
import type {
  AudioStream as WireAudio,
  AudioTarget as WireTarget,
  Chapter as WireChapter,
  Probe as WireProbe,
  Rung as WireRung,
  TextStream as WireText,
  TextTarget as WireTextTarget,
  VideoStream as WireVideo,
} from "@vstream/proto/types.ts";
import { videoRanges } from "@vstream/core/media.ts";
import * as check from "./checks.ts";

const limits = {
  side: 65_536,
  frameRate: 1_000,
  timeScale: 1_000_000_000,
  tracks: 64,
  chapters: 1_000,
  warnings: 20,
  name: 200,
  word: 64,
  warning: 500,
  channels: 64,
  sampleRate: 1_000_000,
};

/** Longest timeline that is believed, seconds: a hundred days. */
const longestSeconds = 8_640_000;

export function probeToWire(probe: Probe): WireProbe {
  return {
    format: probe.format,
    durationSeconds: probe.durationSeconds,
    video: { ...probe.video },
    audio: probe.audio.map((stream) => ({ ...stream })),
    segments: probe.segments,
    longestSegmentSeconds: probe.longestSegmentSeconds,
    text: probe.text.map((stream) => ({ ...stream })),
    chapters: probe.chapters.map((chapter) => ({ ...chapter })),
    warnings: [...probe.warnings],
    damaged: probe.damaged,
  };
}

/** What only describes is cut to its limits; what is decided upon must keep to them. */
export function probeFromWire(wire: WireProbe): Probe {
  return {
    format: check.text(wire.format, "format", { max: 128 }),
    durationSeconds: check.finite(wire.durationSeconds, "duration", { min: 0, max: longestSeconds }),
    video: videoFromWire(check.present(wire.video, "video stream")),
    audio: check.atMost(wire.audio, "audio streams", limits.tracks).map(audioFromWire),
    segments: check.integer(wire.segments, "segments", { min: 1, max: longestSeconds }),
    longestSegmentSeconds: check.finite(wire.longestSegmentSeconds, "longest segment", { min: 0, max: longestSeconds }),
    text: check.atMost(wire.text, "text streams", limits.tracks).map(textFromWire),
    chapters: wire.chapters.slice(0, limits.chapters).map(chapterFromWire),
    warnings: wire.warnings.slice(0, limits.warnings).map((warning) => cut(warning, limits.warning)),
    damaged: wire.damaged,
  };
}

export function rungToWire(rung: Rung): WireRung {
  return { ...rung };
}

export function targetToWire(target: AudioTarget): WireTarget {
  return { ...target };
}

export function textToWire(target: TextTarget): WireTextTarget {
  return { ...target };
}

function videoFromWire(wire: WireVideo): VideoStream {
  return {
    width: check.integer(wire.width, "width", { min: 1, max: limits.side }),
    height: check.integer(wire.height, "height", { min: 1, max: limits.side }),
    codec: check.text(wire.codec, "video codec", { max: 64 }),
    frameRate: check.finite(wire.frameRate, "frame rate", { min: 0, max: limits.frameRate }),
    timeScale: check.integer(wire.timeScale, "time scale", { min: 1, max: limits.timeScale }),
    ticksPerFrame: check.integer(wire.ticksPerFrame, "ticks a frame", check.tickCount),
    frames: check.integer(wire.frames, "frames", { ...check.count, min: 1 }),
    interlaced: wire.interlaced,
    pixelFormat: check.text(wire.pixelFormat, "pixel format", { max: 64 }),
    // An agent of before knows no other.
    videoRange: check.oneOf(wire.videoRange || "SDR", "video range", videoRanges),
  };
}

function audioFromWire(wire: WireAudio): AudioStream {
  return {
    track: check.integer(wire.track, "track", { min: 0, max: limits.tracks }),
    codec: check.text(wire.codec, "audio codec", { max: 64 }),
    language: languageFromWire(wire.language),
    channels: check.integer(wire.channels, "channels", { min: 0, max: limits.channels }),
    sampleRate: check.integer(wire.sampleRate, "sample rate", { min: 0, max: limits.sampleRate }),
    name: cut(wire.name, limits.name),
    defaultTrack: wire.defaultTrack,
  };
}

function textFromWire(wire: WireText): TextStream {
  return {
    // Of all subtitle streams of the source, also of those that are not told here.
    stream: check.integer(wire.stream, "subtitle stream", check.count),
    codec: cut(wire.codec, limits.word),
    language: languageFromWire(wire.language),
    name: cut(wire.name, limits.name),
    forced: wire.forced,
    hearingImpaired: wire.hearingImpaired,
    convertible: wire.convertible,
    captions: wire.captions,
    defaultTrack: wire.defaultTrack,
  };
}

// Half a tag is another one.
function languageFromWire(language: string): string {
  return language.length > limits.word ? "" : language;
}

function chapterFromWire({ startSeconds, endSeconds, title }: WireChapter): Chapter {
  const within = { min: 0, max: longestSeconds };
  return {
    startSeconds: check.clamped(startSeconds, within),
    endSeconds: check.clamped(endSeconds, within),
    title: cut(title, limits.name),
  };
}

// Not between the two halves of a character.
function cut(text: string, length: number): string {
  return text.slice(0, length).toWellFormed();
}
