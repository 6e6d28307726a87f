// Rules on bit rates: what the playlist says against what the segments weigh (RFC 8216bis 4.4.6.2: the peak is the
// largest rate of any run of segments that lasts 0.5 to 1.5 target durations). Pure.
import { peakRate } from "@vstream/core/peak-rate.ts";
import type { TimedBits } from "@vstream/core/peak-rate.ts";
import { unless } from "./findings.ts";
import type { Finding } from "./findings.ts";
import { percent } from "./multivariant-rules.ts";
import type { Variant } from "./parse-multivariant.ts";
import { renditionsOf, segmentBytes } from "./views.ts";
import type { MediaView, StreamView } from "./views.ts";

const tolerance = 0.1;

/** bit/s. */
export interface Rates {
  readonly average: number;
  readonly peak: number;
}

export function checkRates(stream: StreamView): Finding[] {
  return stream.multivariant.variants.flatMap((variant) => checkVariant(stream, variant));
}

function checkVariant(stream: StreamView, variant: Variant): Finding[] {
  const combined = combinedRates(stream, variant);
  if (combined === null) return [];
  const { least, most } = combined;
  const { url, bandwidth, averageBandwidth: declared } = variant;
  const said = `BANDWIDTH says ${bandwidth}`;
  const inside = bandwidth <= most.peak / (1 - tolerance) && bandwidth >= least.peak / (1 + tolerance);
  const average = `AVERAGE-BANDWIDTH says ${declared ?? 0}, measured are ${whole(most.average)}`;
  const ratio = most.peak / most.average;
  return [
    ...unless(declared === null || isNear(declared, most.average), "Apple 1.26", url, average),
    ...unless(bandwidth === 0 || inside, "Apple 1.27", url, `${said}, the measured peak is ${whole(most.peak)}`),
    ...unless(
      bandwidth === 0 || bandwidth * (1 + tolerance) >= most.peak,
      "Apple 9.13",
      url,
      `${said}, its pictures and the largest sound have a peak of ${whole(most.peak)}`,
    ),
    ...unless(ratio <= 2, "Apple 1.30", url, `the measured peak is ${percent(ratio)} of the average`),
  ];
}

function isNear(declared: number, measured: number): boolean {
  return Math.abs(measured - declared) <= declared * tolerance;
}

function whole(rate: number): string {
  return rate.toFixed(0);
}

/**
 * Of a variant with the smallest and the largest sound that is played with it; null unless all was measured. Subtitles
 * are left out: BANDWIDTH is written when pictures and sound are whole, and text comes and goes after that.
 */
function combinedRates({ multivariant, media }: StreamView, variant: Variant): { least: Rates; most: Rates } | null {
  const own = ratesOf(media.get(variant.url));
  if (own === null) return null;
  const members = renditionsOf(multivariant, variant, "AUDIO").filter(({ url }) => url !== null);
  const rates = members.map(({ url }) => ratesOf(media.get(url ?? "")));
  const known = rates.filter((rate) => rate !== null);
  if (known.length < rates.length) return null;
  if (known.length === 0) return { least: own, most: own };
  return { least: plus(own, known, Math.min), most: plus(own, known, Math.max) };
}

function plus(rates: Rates, members: readonly Rates[], choose: (...values: number[]) => number): Rates {
  return {
    average: rates.average + choose(...members.map(({ average }) => average)),
    peak: rates.peak + choose(...members.map(({ peak }) => peak)),
  };
}

/** Null while the playlist grows, or when a segment was not weighed. */
export function ratesOf(view: MediaView | undefined): Rates | null {
  if (view === undefined || !view.playlist.ended) return null;
  const { segments, targetSeconds } = view.playlist;
  const timed: TimedBits[] = [];
  for (const [index, { durationSeconds }] of segments.entries()) {
    const bytes = segmentBytes(view, index);
    if (bytes === null) return null;
    timed.push({ bits: bytes * 8, seconds: durationSeconds });
  }
  const seconds = timed.reduce((sum, segment) => sum + segment.seconds, 0);
  if (seconds <= 0) return null;
  const average = timed.reduce((sum, segment) => sum + segment.bits, 0) / seconds;
  return { average, peak: Math.max(average, peakRate(timed, targetSeconds)) };
}
