// A source's frame index: when each frame is shown, on which clock its encode runs, where it can be entered. Made once
// by the probe; every node cuts by it, so that chunks made apart join exactly. What is not listed here is derived.
import { keyframeSeconds, segmentSeconds } from "@vstream/core/media.ts";

/** Seconds a tick, as a fraction. */
export interface TimeBase {
  readonly num: number;
  readonly den: number;
}

export const colourMatrices = ["bt709", "smpte170m", "bt470bg", "smpte240m", "fcc"] as const;
export const colourPrimaries = ["bt709", "bt470m", "bt470bg", "smpte170m", "smpte240m", "film", "bt2020"] as const;
export const colourTransfers = ["bt709", "bt470m", "bt470bg", "smpte170m", "smpte240m", "iec61966-2-1"] as const;
export const scalerMatrices = ["bt709", "fcc", "bt470", "smpte170m", "smpte240m", "bt2020"] as const;

/** Colours that go through a table (colour-cube.ts) to become BT.709. */
export const colourSpaces = ["pq", "hlg", "dolby-ipt", "bt2020", "p3"] as const;
/**
 * How decoded pictures lie. The last four have width and height exchanged: turned right, turned left, and mirrored
 * about either diagonal.
 */
export const orientations = [
  ...(["upright", "mirrored", "flipped", "upside-down"] as const),
  ...(["right", "left", "transposed", "transversed"] as const),
] as const;

export type ColourSpace = (typeof colourSpaces)[number];
export type Orientation = (typeof orientations)[number];

/** What the encodes are tagged with, and how pictures get there. */
export interface Colour {
  readonly matrix: (typeof colourMatrices)[number];
  readonly primaries: (typeof colourPrimaries)[number];
  readonly transfer: (typeof colourTransfers)[number];
  /** Null: samples are taken as they are. */
  readonly convertFrom: { readonly matrix: (typeof scalerMatrices)[number]; readonly range: "tv" | "pc" } | null;
  /** Null: brightness and primaries stay. */
  readonly mapFrom: ColourSpace | null;
}

/** What a film of high dynamic range was made on, and how bright it gets (SMPTE ST 2086, CTA-861.3). */
export interface Mastering {
  readonly display: MasteringDisplay | null;
  readonly light: LightLevels | null;
}

/** Colours as x and y in steps of 0.00002, luminances in steps of 0.0001 cd/m². */
export interface MasteringDisplay {
  readonly red: readonly [number, number];
  readonly green: readonly [number, number];
  readonly blue: readonly [number, number];
  readonly white: readonly [number, number];
  readonly mostLuminance: number;
  readonly leastLuminance: number;
}

/** In cd/m²: of any pixel, and on average of any picture. */
export interface LightLevels {
  readonly most: number;
  readonly mostAverage: number;
}

/** Size of decoded pictures, and the shape of their pixels. */
export interface PictureShape {
  readonly width: number;
  readonly height: number;
  readonly pixelAspect: { readonly num: number; readonly den: number };
}

export interface Picture {
  /** Number of its stream in the source, from 0, streams of every kind counted. */
  readonly stream: number;
  readonly interlaced: boolean;
  /** The earlier field, where pictures do not say it of themselves; null: each picture says what it is. */
  readonly fieldOrder: "top" | "bottom" | null;
  /** 1: every frame; 2: every second … (above 60 a second). The timeline lists only the frames that are kept. */
  readonly keepEvery: number;
  /** Frames a second of a stream without times, whose pictures are counted; null: they have their own. */
  readonly countedAt: { readonly num: number; readonly den: number } | null;
  /** Of frames with the same time the first is shown, and what is earlier than one already shown is not. */
  readonly repeats: boolean;
  readonly orientation: Orientation;
  /** Of most of the film, where pictures change their size on the way: others are fitted into it. Null: they do not. */
  readonly fitInto: PictureShape | null;
  readonly colour: Colour;
  /** Of sources that have PQ and say it. */
  readonly mastering?: Mastering;
}

/** Packets that follow each other in decoding order, and where in the file they lie. */
export interface PacketSpan {
  /** Begins with a keyframe. */
  readonly key: boolean;
  readonly minPts: number;
  readonly maxPts: number;
  readonly start: number;
  /** After the last byte. */
  readonly end: number;
}

/** Parts of the file that are needed whatever is read; null: the whole file is. */
export interface SourceLayout {
  /** First, and end, of each part. */
  readonly fixed: readonly (readonly [number, number])[] | null;
  /** Seeking goes to presentation times; otherwise libavformat lands up to 0.13 s and a keyframe earlier. */
  readonly seeksToPts: boolean;
}

export interface Timeline {
  /** Ticks a second of the encode's clock. */
  readonly timeScale: number;
  /** Ticks between two frames in the encoder; what is published has the plan's times. */
  readonly ticksPerFrame: number;
  /** Frames do not lie on a grid; see encode-clock.ts. */
  readonly variable: boolean;
  /** Of the source's timestamps. */
  readonly timeBase: TimeBase;
  /** Every frame's timestamp in the source, ascending. */
  readonly pts: Float64Array;
  /** Every frame's time on the encode's clock, from 0. Derived from the others. */
  readonly plan: Float64Array;
  /** Timestamps at which decoding can begin, ascending. */
  readonly keyframes: Float64Array;
  readonly spans: readonly PacketSpan[];
  readonly layout: SourceLayout;
  readonly picture: Picture;
  /** Of a source without pictures: what is shown instead. Then `pts` is no clock of the source. */
  readonly still?: StillPicture;
}

/** One picture for all frames. */
export interface StillPicture {
  readonly jpeg: Uint8Array;
  /** When the sound begins, and with it the first frame, in seconds of the source's clock. */
  readonly soundSeconds: number;
}

export function frameCount(timeline: Timeline): number {
  return timeline.pts.length;
}

/** Where the last frame ends, in ticks of the encode's clock. */
export function durationTicks(timeline: Timeline): number {
  return (timeline.plan[timeline.plan.length - 1] ?? 0) + timeline.ticksPerFrame;
}

/** When the first frame is shown, on the source's clock. */
export function firstSeconds({ pts, timeBase, still }: Timeline): number {
  return still?.soundSeconds ?? ((pts[0] ?? 0) * timeBase.num) / timeBase.den;
}

export function durationSeconds(timeline: Timeline): number {
  return durationTicks(timeline) / timeline.timeScale;
}

/** The first frame of each segment: the first one at or after each multiple of 6 s. */
export function segmentStarts(timeline: Timeline): number[] {
  return framesAtMultiplesOf(segmentSeconds, timeline);
}

/** The first frame of each group of pictures: the first one at or after each multiple of 2 s. */
export function keyframeStarts(timeline: Timeline): number[] {
  return framesAtMultiplesOf(keyframeSeconds, timeline);
}

/** How many segments the timeline cuts into. */
export function segmentCount(timeline: Timeline): number {
  return segmentStarts(timeline).length;
}

/** When each segment starts, in seconds, and when the last one ends: one more than there are segments. */
export function segmentTimes(timeline: Timeline): number[] {
  const starts = segmentStarts(timeline).map((frame) => (timeline.plan[frame] ?? 0) / timeline.timeScale);
  return [...starts, durationSeconds(timeline)];
}

/** Length of the longest segment, in seconds. */
export function longestSegmentSeconds(timeline: Timeline): number {
  const times = segmentTimes(timeline);
  return times.reduce((longest, end, at) => Math.max(longest, end - (times[at - 1] ?? end)), 0);
}

// Where a hole in the source swallows a multiple, two of them find the same frame: it counts once.
function framesAtMultiplesOf(seconds: number, timeline: Timeline): number[] {
  const starts: number[] = [];
  const last = timeline.plan[timeline.plan.length - 1] ?? 0;
  for (let ticks = 0; ticks <= last; ticks += seconds * timeline.timeScale) {
    const frame = firstAtOrAfter(timeline.plan, ticks);
    if (starts.at(-1) !== frame) starts.push(frame);
  }
  return starts;
}

/** Index of the first value that is at least `least`; the length if there is none. `ascending` must be. */
export function firstAtOrAfter(ascending: Float64Array, least: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] ?? 0) < least) low = middle + 1;
    else high = middle;
  }
  return low;
}
