// Pure: times of packets or frames, in the order in which they are shown.
import { VsError } from "@vstream/core/errors.ts";
import type { SourceDescription } from "./describe-source.ts";
import { durationLimitSeconds, tooLong } from "./source-refusals.ts";

/** Timestamps may come this many packets out of order; more is a clock that jumps back. */
const reorderLimit = 64;

/** Times in ascending order. @throws VsError source_unsupported when the clock jumps back, media_limit */
export function inShownOrder(times: readonly number[], source: SourceDescription): Float64Array {
  const sorted = Float64Array.from(times).sort();
  const length = (((sorted.at(-1) ?? 0) - (sorted[0] ?? 0)) * source.timeBase.num) / source.timeBase.den;
  if (length > durationLimitSeconds) throw tooLong(length);
  for (let index = reorderLimit; index < times.length; index += 1) {
    if ((times[index] ?? 0) >= (sorted[index - reorderLimit] ?? 0)) continue;
    throw jumpsBack();
  }
  return sorted;
}

/** The refusal of several recordings in one file. */
export function jumpsBack(): VsError {
  return new VsError("source_unsupported", "the source's clock jumps back: it seems to be several recordings in one", {
    hint: "Remux it first, so that timestamps only grow",
  });
}
