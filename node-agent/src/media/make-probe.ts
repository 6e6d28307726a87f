// Pure: what people and the planner are told of a source.
import type { Probe } from "@vstream/core/media.ts";
import { colourWarning, videoRangeOf } from "./colour-of.ts";
import type { SourceDescription } from "./describe-source.ts";
import type { ShownFrames } from "./frame-times.ts";
import { displaySize } from "./picture-of.ts";
import type { SourceDamage } from "./source-damage.ts";
import { durationSeconds, frameCount, longestSegmentSeconds, segmentCount } from "./timeline.ts";
import type { Timeline } from "./timeline.ts";
import { chaptersOf } from "./tracks-of.ts";
import type { SourceTracks } from "./tracks-of.ts";

/** Warnings that are kept, as the wire has it. */
const warningLimit = 20;

export interface KnownSource {
  readonly source: SourceDescription;
  readonly frames: ShownFrames;
  readonly timeline: Timeline;
  readonly tracks: SourceTracks;
  readonly damage: SourceDamage;
}

export function makeProbe({ source, frames, timeline, tracks, damage }: KnownSource): Probe {
  const { video } = source;
  const { timeBase } = timeline;
  const duration = durationSeconds(timeline);
  const start = ((timeline.pts[0] ?? 0) * timeBase.num) / timeBase.den;
  return {
    format: source.format,
    durationSeconds: duration,
    video: {
      ...displaySize({ video, samples: frames.samples }),
      codec: video.codec_name,
      frameRate: timeline.timeScale / timeline.ticksPerFrame,
      timeScale: timeline.timeScale,
      ticksPerFrame: timeline.ticksPerFrame,
      frames: frameCount(timeline),
      interlaced: timeline.picture.interlaced,
      pixelFormat: video.pix_fmt,
      videoRange: videoRangeOf(video),
    },
    audio: tracks.audio,
    segments: segmentCount(timeline),
    longestSegmentSeconds: longestSegmentSeconds(timeline),
    text: tracks.text,
    chapters: chaptersOf(source, { start, duration }),
    warnings: [...damage.found, ...pictureWarnings(source, timeline), ...tracks.warnings].slice(0, warningLimit),
    damaged: damage.found.length > 0,
  };
}

function pictureWarnings({ video }: SourceDescription, { picture }: Timeline): string[] {
  const colour = colourWarning(video);
  return [
    ...(colour === null ? [] : [colour]),
    ...(picture.fitInto === null ? [] : ["its pictures change their size: those of other shapes get black bars"]),
    ...(picture.repeats ? ["some of its frames have the same time: one of them is shown"] : []),
    ...(picture.countedAt === null ? [] : ["its pictures have no times: they follow each other evenly"]),
    ...(picture.keepEvery > 1
      ? [`of its frames 1 in ${picture.keepEvery} is shown: no more than 60 a second are`]
      : []),
    ...(/^(yuva|gbrap|rgba|argb|bgra|abgr|ya)/.test(video.pix_fmt) ? ["its transparency is left out"] : []),
  ];
}
