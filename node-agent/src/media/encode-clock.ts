// Pure: on which clock a source's frames are encoded. The times themselves decide; the rates that containers declare
// are not trusted (seen: 1000, 120 and 90000 frames a second for ordinary films).
import { VsError } from "@vstream/core/errors.ts";
import { keyframeSeconds } from "@vstream/core/media.ts";
import { durationLimitSeconds } from "./source-refusals.ts";
import type { TimeBase } from "./timeline.ts";

export interface EncodeClock {
  /** Ticks a second. */
  readonly timeScale: number;
  readonly ticksPerFrame: number;
  /** Frames lie anywhere, and `ticksPerFrame` is their mean distance; otherwise all lie on its multiples. */
  readonly variable: boolean;
}

/** Frames a second, as fractions. */
const standardRates: readonly (readonly [number, number])[] = [
  ...([5, 6, 8, 10, 12, 15, 16, 18, 20, 24, 25, 30, 48, 50, 60] as const).map((rate) => [rate, 1] as const),
  ...([15, 24, 30, 48, 60] as const).map((rate) => [rate * 1000, 1001] as const),
  [25, 2],
];

/** Smaller time scales than this are multiplied by ffmpeg's MP4 writer, so they never appear. */
const leastTimeScale = 10_000;
const variableRateTimeScale = 90_000;
const toleranceSeconds = 0.0005;

/**
 * A standard rate if every time lies on its grid within half a tick of the source or half a millisecond (frames may
 * be missing); otherwise 90000 ticks a second and the mean distance.
 * @param pts ascending, at least one
 * @param lastTicks how long the last frame is to be shown, in ticks of the source; 0: nobody says
 */
export function chooseClock(pts: Float64Array, timeBase: TimeBase, lastTicks = 0): EncodeClock {
  if (pts.length === 1) return singleClock((lastTicks * timeBase.num) / timeBase.den);
  const fits = standardRates
    .map((fraction) => ({ fraction, worstSeconds: worstErrorOn(fraction, { pts, timeBase }) }))
    .filter((fit) => fit.worstSeconds !== null)
    .map((fit) => ({ ...fit, worstSeconds: fit.worstSeconds ?? 0, rate: fit.fraction[0] / fit.fraction[1] }));
  // The smallest error wins; of grids that contain each other (30 and 60) the coarser, by a margin for rounding.
  const least = Math.min(...fits.map((fit) => fit.worstSeconds));
  const best = fits.filter((fit) => fit.worstSeconds <= least + 1e-9).sort((one, other) => one.rate - other.rate)[0];
  return best === undefined ? variableClock(pts, timeBase) : standardClock(best.fraction);
}

/** When each frame is shown: ticks of the clock, from 0, ascending. Derived: never stored, the same everywhere. */
export function planTimes(pts: Float64Array, timeBase: TimeBase, clock: EncodeClock): Float64Array {
  const unit = clock.variable ? 1 : clock.ticksPerFrame;
  const first = pts[0] ?? 0;
  const plan = new Float64Array(pts.length);
  for (const [index, time] of pts.entries()) {
    const units = Math.round(((time - first) * timeBase.num * clock.timeScale) / (timeBase.den * unit));
    // Two frames never share a time.
    plan[index] = index === 0 ? 0 : Math.max(units * unit, (plan[index - 1] ?? 0) + 1);
  }
  return plan;
}

/** ffmpeg's MP4 writer refuses longer frames. */
const longestFrameTicks = 2 ** 31 - 1;
/** Of one group of pictures, which is held in memory: 1500 a second. */
const groupFrameLimit = 3000;

/**
 * Refuses frames that cannot be written.
 * @param plan as from `planTimes`
 * @throws VsError media_limit when a frame lasts too long, or too many follow each other within a group of pictures
 */
export function refuseUnwritable(plan: Float64Array, { timeScale, ticksPerFrame }: EncodeClock): void {
  const groupTicks = keyframeSeconds * timeScale;
  let longestTicks = ticksPerFrame;
  let groupStart = 0;
  for (const [index, time] of plan.entries()) {
    longestTicks = Math.max(longestTicks, time - (plan[index - 1] ?? time));
    if (Math.floor(time / groupTicks) > Math.floor((plan[groupStart] ?? 0) / groupTicks)) groupStart = index;
    if (index - groupStart < groupFrameLimit) continue;
    const seconds = (time / timeScale).toFixed(1);
    throw new VsError("media_limit", `the source has more than ${groupFrameLimit} frames in 2 s, at ${seconds} s`);
  }
  if (longestTicks <= longestFrameTicks) return;
  const hours = (ticks: number): string => (ticks / timeScale / 3600).toFixed(1);
  throw new VsError(
    "media_limit",
    `a frame of the source lasts ${hours(longestTicks)} h; ${hours(longestFrameTicks)} h are allowed`,
  );
}

// The largest distance of a frame from its place on the grid; null: the grid does not fit.
function worstErrorOn(
  fraction: readonly [number, number],
  { pts, timeBase }: { pts: Float64Array; timeBase: TimeBase },
): number | null {
  const rate = fraction[0] / fraction[1];
  const tickSeconds = timeBase.num / timeBase.den;
  // A tick as long as a frame (AVI) would let anything fit; a quarter of the grid is the most.
  const tolerance = Math.min(Math.max(tickSeconds / 2, toleranceSeconds) + 1e-9, 0.25 / rate);
  let worstSeconds = 0;
  let neighbours = 0;
  let before = -1;
  for (const time of pts) {
    const seconds = (time - (pts[0] ?? 0)) * tickSeconds;
    const place = Math.round(seconds * rate);
    const error = Math.abs(seconds - place / rate);
    if (error > tolerance || place <= before) return null;
    worstSeconds = Math.max(worstSeconds, error);
    if (place === before + 1) neighbours += 1;
    before = place;
  }
  // Mixed 24 and 30 lies on a grid of 120: most frames must be neighbours on it, or the encoder would be told a rate
  // that the film never has.
  return neighbours * 2 > pts.length ? worstSeconds : null;
}

function standardClock(fraction: readonly [number, number]): EncodeClock {
  let [timeScale, ticksPerFrame] = fraction;
  while (timeScale < leastTimeScale) {
    timeScale *= 2;
    ticksPerFrame *= 2;
  }
  return { timeScale, ticksPerFrame, variable: false };
}

/** For a frame whose length nobody says. */
const usualFrameSeconds = 0.04;

function singleClock(seconds: number): EncodeClock {
  const shown = seconds > 1 / variableRateTimeScale ? Math.min(seconds, durationLimitSeconds) : usualFrameSeconds;
  const ticksPerFrame = Math.round(shown * variableRateTimeScale);
  return { timeScale: variableRateTimeScale, ticksPerFrame, variable: true };
}

function variableClock(pts: Float64Array, timeBase: TimeBase): EncodeClock {
  const seconds = (((pts.at(-1) ?? 0) - (pts[0] ?? 0)) * timeBase.num) / timeBase.den;
  const mean = (seconds * variableRateTimeScale) / Math.max(1, pts.length - 1);
  return { timeScale: variableRateTimeScale, ticksPerFrame: Math.max(1, Math.round(mean)), variable: true };
}
