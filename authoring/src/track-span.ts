// From when to when a playlist's samples last, and how long each does. Pure.
import { mainTrack } from "./views.ts";
import type { MediaView } from "./views.ts";

/** Seconds of the asset's timeline. */
export interface TrackSpan {
  readonly samples: number;
  readonly startSeconds: number;
  /** Of a sample, on average. */
  readonly frameSeconds: number;
  /** That most samples have: where frames are missing, the others show the rate. */
  readonly usualFrameSeconds: number;
  readonly shortestFrameSeconds: number;
}

/** By the boxes; null when they were not read to the end, or are no whole. */
export function spanOf(view: MediaView): TrackSpan | null {
  const track = mainTrack(view);
  if (track === null) return null;
  let [startTicks, endTicks, samples] = [Infinity, -Infinity, 0];
  const durations = new Map<number, number>();
  for (const segment of view.segments) {
    if (segment === null || segment.problem !== null) return null;
    for (const fragment of segment.fragments) {
      if (fragment.decodeTicks === null) return null;
      startTicks = Math.min(startTicks, fragment.decodeTicks);
      endTicks = Math.max(endTicks, fragment.decodeTicks + fragment.durationTicks);
      samples += fragment.samples;
      for (const [ticks, count] of fragment.shownTicks) durations.set(ticks, (durations.get(ticks) ?? 0) + count);
    }
  }
  if (samples === 0) return null;
  const mean = (endTicks - startTicks) / samples;
  const [usual = [mean, 1]] = [...durations].toSorted(([, one], [, other]) => other - one);
  return {
    samples,
    startSeconds: startTicks / track.timeScale,
    frameSeconds: mean / track.timeScale,
    usualFrameSeconds: usual[0] / track.timeScale,
    shortestFrameSeconds: Math.min(mean, ...[...durations.keys()].filter((ticks) => ticks > 0)) / track.timeScale,
  };
}
