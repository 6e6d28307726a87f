// How many bits a rung may spend. From the averages of Apple's HLS authoring rules (1.25), between two of them by the
// logarithm of the frame's area, so that every aspect has a figure.
//
// Capped CRF: a segment of 6 s can hold maxrate · 6 s and one full buffer. With maxrate at 1.5 times the average and
// a buffer of two seconds of it, that is 1.5 · (1 + 2/6) = 2 times the average: the peak that rule 1.30 allows.
import { segmentSeconds } from "@vstream/core/media.ts";
import type { VideoCodec, VideoRange } from "@vstream/core/media.ts";

interface RatePoint {
  readonly area: number;
  readonly averageBps: number;
}

const h264Averages: readonly RatePoint[] = [
  { area: 416 * 234, averageBps: 145_000 },
  { area: 640 * 360, averageBps: 365_000 },
  { area: 768 * 432, averageBps: 1_100_000 },
  { area: 960 * 540, averageBps: 2_000_000 },
  { area: 1280 * 720, averageBps: 4_500_000 },
  { area: 1920 * 1080, averageBps: 7_800_000 },
];

// Below 540 lines three quarters of what H.264 has, which is what Apple's figures come to above.
const hevcAverages: readonly RatePoint[] = [
  { area: 416 * 234, averageBps: 109_000 },
  { area: 640 * 360, averageBps: 274_000 },
  { area: 768 * 432, averageBps: 825_000 },
  { area: 960 * 540, averageBps: 1_600_000 },
  { area: 1280 * 720, averageBps: 3_400_000 },
  { area: 1920 * 1080, averageBps: 5_800_000 },
  { area: 2560 * 1440, averageBps: 8_100_000 },
  { area: 3840 * 2160, averageBps: 16_800_000 },
];

/** Apple's figures for high dynamic range are those for HEVC times this. */
const highRangeShare = 1.2;

const maxrateOverAverage = 1.5;
const bufferSeconds = 2;
const smallestAverageBps = 40_000;

export interface RateCap {
  readonly maxrateBps: number;
  readonly bufferBits: number;
}

export interface RateKind {
  /** Times what is usual. */
  readonly rate?: number;
  readonly codec?: VideoCodec;
  readonly videoRange?: VideoRange;
}

/** For a frame of that many pixels, by default in H.264; whole kilobits. */
export function rateCapFor(area: number, { rate = 1, codec = "h264", videoRange = "SDR" }: RateKind = {}): RateCap {
  const averageBps = averageFor(area, codec === "hevc" ? hevcAverages : h264Averages);
  const share = rate * (videoRange === "SDR" ? 1 : highRangeShare);
  const maxrateBps = wholeKilobits(averageBps * maxrateOverAverage * share);
  return { maxrateBps, bufferBits: maxrateBps * bufferSeconds };
}

/** The most that one whole segment can take under the cap. */
export function peakUnder(cap: RateCap): number {
  return Math.round(cap.maxrateBps + cap.bufferBits / segmentSeconds);
}

function averageFor(area: number, averages: readonly RatePoint[]): number {
  const next = averages.findIndex((point) => area <= point.area);
  const above = averages[next === -1 ? averages.length - 1 : next];
  const below = averages[next - 1];
  if (above === undefined) return smallestAverageBps;
  if (next === -1) return (above.averageBps * area) / above.area;
  // Smaller than Apple's smallest, or larger than its largest: in proportion to the area.
  if (below === undefined) return Math.max(smallestAverageBps, (above.averageBps * area) / above.area);
  const share = Math.log(area / below.area) / Math.log(above.area / below.area);
  return below.averageBps * (above.averageBps / below.averageBps) ** share;
}

function wholeKilobits(bps: number): number {
  return Math.round(bps / 1000) * 1000;
}
