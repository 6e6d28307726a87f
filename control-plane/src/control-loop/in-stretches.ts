// Long calculations, cut up: whoever waits for the event loop is served in between.
import { setImmediate } from "node:timers/promises";
import type { Clock } from "@vstream/core/clock.ts";

/** How long a calculation keeps everything else waiting, beside the length of one step. */
const longestStretchMs = 8;

/**
 * All that the steps give. What is true may change meanwhile: what comes out has to be held against it.
 * @param steps each a few milliseconds at most
 */
export async function inStretches<Given>(
  steps: Iterable<readonly Given[]>,
  clock: Pick<Clock, "monotonicMs">,
): Promise<Given[]> {
  const given: Given[] = [];
  let beganMs = clock.monotonicMs();
  for (const some of steps) {
    given.push(...some);
    if (clock.monotonicMs() - beganMs < longestStretchMs) continue;
    await setImmediate();
    beganMs = clock.monotonicMs();
  }
  return given;
}
