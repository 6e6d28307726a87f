// An answer that was long in coming is given again for a while, so that whoever asks often does not keep the reading
// thread from planning. One that comes quickly is always new.
import type { Clock } from "@vstream/core/clock.ts";

/** Quicker answers are not kept. */
const slowMs = 250;

/** So many times as long as it took is it kept: the question takes a tenth of the thread at most. */
const keptFactor = 10;
export const longestKeptMs = 5_000;

export function keepSlow<Answer>(ask: () => Promise<Answer>, clock: Pick<Clock, "monotonicMs">): () => Promise<Answer> {
  let kept: { readonly answer: Answer; readonly untilMs: number } | null = null;
  return async () => {
    const askedMs = clock.monotonicMs();
    if (kept !== null && askedMs < kept.untilMs) return kept.answer;
    const answer = await ask();
    const answeredMs = clock.monotonicMs();
    const tookMs = answeredMs - askedMs;
    const keptMs = tookMs < slowMs ? 0 : Math.min(tookMs * keptFactor, longestKeptMs);
    kept = keptMs === 0 ? null : { answer, untilMs: answeredMs + keptMs };
    return answer;
  };
}
