// Pure: what one chunk means in frames, timestamps, keyframes and parts of the file. Depends on the timeline and the
// chunk's place alone, so every node gives the same bytes.
import { VsError } from "@vstream/core/errors.ts";
import type { Chunk } from "@vstream/core/media.ts";
import { durationTicks, firstAtOrAfter, frameCount, keyframeStarts, segmentStarts } from "./timeline.ts";
import type { PacketSpan, Timeline } from "./timeline.ts";

/** A group of pictures: an IDR frame and what follows it up to the next. Frames are counted in the whole asset. */
export interface GroupOfPictures {
  /** Position in the asset, from 0. */
  readonly index: number;
  readonly firstFrame: number;
  readonly endFrame: number;
  /** Index of its segment in the asset. */
  readonly segment: number;
  /** Where the next group starts: ticks of the encode's clock. */
  readonly endTicks: number;
}

export interface ChunkPlan {
  readonly firstFrame: number;
  /** After the last frame. */
  readonly endFrame: number;
  /** Timestamps of the cut; null: the source's own start, or end. */
  readonly startPts: number | null;
  readonly endPts: number | null;
  /** Of the frame after `endPts`: what a filter that looks ahead still needs. */
  readonly afterEndPts: number | null;
  /** Frames to hash: the one before the chunk (null: there is none), and from this timestamp on the last. */
  readonly joint: { readonly beforePts: number | null; readonly lastFromPts: number };
  /** Where decoding starts; null: at the start of the file. */
  readonly seekSeconds: number | null;
  /** When the encoder is to make IDR frames, on its own clock: half a frame before each. */
  readonly keyframeSeconds: readonly number[];
  readonly groups: readonly GroupOfPictures[];
}

/**
 * Plans a chunk.
 * @param preRollKeyframes decoding starts at the n-th keyframe at or before the chunk's first frame (for 1: at or
 *   before the frame before it, which the joint needs); 0: at the start of the file
 * @throws VsError invalid_argument for a chunk that the timeline does not have
 */
export function planChunk(timeline: Timeline, chunk: Chunk, preRollKeyframes: number): ChunkPlan {
  const { firstFrame, endFrame } = framesOf(timeline, chunk);
  const seek = seekPts(timeline, firstFrame, preRollKeyframes);
  const groups = groupsOf(timeline, { firstFrame, endFrame });
  const secondsPerFrame = timeline.ticksPerFrame / timeline.timeScale;
  return {
    firstFrame,
    endFrame,
    startPts: firstFrame === 0 ? null : ptsOf(timeline, firstFrame),
    endPts: endFrame === frameCount(timeline) ? null : ptsOf(timeline, endFrame),
    afterEndPts: endFrame + 1 >= frameCount(timeline) ? null : ptsOf(timeline, endFrame + 1),
    joint: {
      beforePts: firstFrame === 0 ? null : ptsOf(timeline, firstFrame - 1),
      // Where decoders guess the times of a source's last frames, they may be a tick off.
      lastFromPts: ptsOf(timeline, Math.max(firstFrame, endFrame - (endFrame === frameCount(timeline) ? 3 : 1))),
    },
    // Rounded up: a microsecond too early would find the keyframe before.
    seekSeconds: seek === null ? null : Math.ceil(secondsOf(timeline, seek) * 1e6 - 1e-3) / 1e6,
    keyframeSeconds: groups.map((group) => Math.max(0, (group.firstFrame - firstFrame - 0.5) * secondsPerFrame)),
    groups,
  };
}

/** Bytes [start, end) of the source. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Smaller sources are fetched whole: asking for parts would cost more than it saves. */
export const wholeSourceBytes = 16 * 1024 * 1024;
/** libavformat reads the beginning to learn what the streams are. */
const headBytes = 1024 * 1024;
/** Spans beyond the last frame that decoders may want before they give it. */
const spansAfter = 3;

/** The parts of the source that a node needs to encode a chunk; sorted, not touching each other. */
export function byteRangesFor(
  timeline: Timeline,
  chunk: Chunk,
  { preRollKeyframes, sourceBytes }: { preRollKeyframes: number; sourceBytes: number },
): ByteRange[] {
  const whole = [{ start: 0, end: sourceBytes }];
  const { spans, layout, still } = timeline;
  if (still !== undefined) return [];
  if (layout.fixed === null || spans.length === 0 || sourceBytes <= wholeSourceBytes) return whole;
  const { firstFrame, endFrame } = framesOf(timeline, chunk);
  const from = firstSpan(timeline, seekPts(timeline, firstFrame, preRollKeyframes));
  const endPts = endFrame === frameCount(timeline) ? Infinity : ptsOf(timeline, endFrame);
  const to = spans.findLastIndex((span) => span.minPts <= endPts) + 1 + spansAfter;
  const needed = spans.slice(from, to);
  const start = needed.reduce((least, span) => Math.min(least, span.start), Infinity);
  const end = needed.reduce((most, span) => Math.max(most, span.end), 0);
  const fixed = layout.fixed.map(([first, after]) => ({ start: first, end: after }));
  return joined([{ start: 0, end: headBytes }, ...fixed, { start, end }], sourceBytes);
}

/** Sorted and merged, within the file. */
export function joined(ranges: readonly ByteRange[], sourceBytes: number): ByteRange[] {
  const result: ByteRange[] = [];
  for (const range of ranges.toSorted((one, other) => one.start - other.start)) {
    const end = Math.min(range.end, sourceBytes);
    const last = result.at(-1);
    if (range.start >= end) continue;
    if (last !== undefined && range.start <= last.end) {
      result[result.length - 1] = { start: last.start, end: Math.max(last.end, end) };
    } else result.push({ start: range.start, end });
  }
  return result;
}

function framesOf(timeline: Timeline, chunk: Chunk): { firstFrame: number; endFrame: number } {
  const starts = [...segmentStarts(timeline), frameCount(timeline)];
  const firstFrame = starts[chunk.firstSegment];
  const endFrame = starts[chunk.firstSegment + chunk.segmentCount];
  if (firstFrame === undefined || endFrame === undefined || endFrame <= firstFrame) {
    throw new VsError(
      "invalid_argument",
      `the timeline has ${starts.length - 1} segments; chunk ${chunk.index} asks for ${chunk.segmentCount} from ${chunk.firstSegment}`,
    );
  }
  return { firstFrame, endFrame };
}

function seekPts(timeline: Timeline, firstFrame: number, preRollKeyframes: number): number | null {
  if (firstFrame === 0 || preRollKeyframes === 0) return null;
  const latest = ptsOf(timeline, preRollKeyframes === 1 ? firstFrame - 1 : firstFrame);
  const after = firstAtOrAfter(timeline.keyframes, latest + 1);
  const chosen = after - preRollKeyframes;
  // The first keyframe is reached without seeking.
  return chosen <= 0 ? null : (timeline.keyframes[chosen] ?? null);
}

function firstSpan(timeline: Timeline, seek: number | null): number {
  if (seek === null) return 0;
  const { spans, layout } = timeline;
  const at = spans.findIndex((span) => span.key && span.minPts <= seek && seek <= span.maxPts);
  const begins = (span: PacketSpan): boolean =>
    span.key && (layout.seeksToPts || secondsOf(timeline, seek - span.minPts) > 0.2);
  const entry = spans.slice(0, at + 1).findLastIndex(begins);
  return Math.max(0, entry);
}

function groupsOf(timeline: Timeline, chunk: { firstFrame: number; endFrame: number }): GroupOfPictures[] {
  const starts = [...keyframeStarts(timeline), frameCount(timeline)];
  const segments = segmentStarts(timeline);
  const groups: GroupOfPictures[] = [];
  let segment = -1;
  for (const [index, firstFrame] of starts.slice(0, -1).entries()) {
    if (segments[segment + 1] === firstFrame) segment += 1;
    if (firstFrame < chunk.firstFrame || firstFrame >= chunk.endFrame) continue;
    const endFrame = starts[index + 1] ?? 0;
    groups.push({ index, firstFrame, endFrame, segment, endTicks: timeline.plan[endFrame] ?? durationTicks(timeline) });
  }
  return groups;
}

function ptsOf(timeline: Timeline, frame: number): number {
  return timeline.pts[frame] ?? 0;
}

function secondsOf(timeline: Timeline, ticks: number): number {
  return (ticks * timeline.timeBase.num) / timeline.timeBase.den;
}
