// How a DASH representation names its segments: their times once, in runs of equal length, and the URL of each, for
// our URLs are hashes and follow no template.
import type { TrackSegment } from "./track-segments.ts";
import { element } from "./xml.ts";

/** @param startSeconds the media time that the period begins with */
export function segmentList(segments: readonly TrackSegment[], startSeconds: number): string[] {
  const [first] = segments;
  if (first === undefined) return [];
  const { timeScale, init } = first;
  const offset = Math.round(startSeconds * timeScale);
  const attributes = { timescale: timeScale, presentationTimeOffset: offset === 0 ? null : offset };
  return element("SegmentList", attributes, [
    ...element("Initialization", { sourceURL: `${init.sha256}.mp4` }),
    ...element("SegmentTimeline", {}, runsOf(segments)),
    ...segments.flatMap(({ object }) => element("SegmentURL", { media: `${object.sha256}.m4s` })),
  ]);
}

interface Run {
  startTicks: number;
  durationTicks: number;
  repeats: number;
  /** Whether it begins where the one before ends. */
  follows: boolean;
}

function runsOf(segments: readonly TrackSegment[]): string[] {
  const runs: Run[] = [];
  let endTicks = -1;
  for (const { startTicks, durationTicks } of segments) {
    const last = runs.at(-1);
    const follows = startTicks === endTicks;
    if (last !== undefined && follows && last.durationTicks === durationTicks) last.repeats += 1;
    else runs.push({ startTicks, durationTicks, repeats: 0, follows });
    endTicks = startTicks + durationTicks;
  }
  return runs.flatMap(({ startTicks, durationTicks, repeats, follows }) =>
    element("S", { t: follows ? null : startTicks, d: durationTicks, r: repeats === 0 ? null : repeats }),
  );
}
