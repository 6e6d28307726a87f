// A limit of time that can be taken back.
import type { Clock } from "@vstream/core/clock.ts";

/** The same one each time: an abort without a reason makes an error with a trace, which most calls would pay for. */
const takenBack = new Error("taken back in time");

/** Acts once the time is over, unless the returned function is called before. */
export function after(clock: Clock, ms: number, act: () => void): () => void {
  const cancelled = new AbortController();
  clock.sleep(ms, cancelled.signal).then(act, () => undefined);
  return () => {
    cancelled.abort(takenBack);
  };
}
