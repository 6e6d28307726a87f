// A limit of time that can be taken back.
import type { Clock } from "@vstream/core/clock.ts";

/** Acts once the time is over, unless the returned function is called before. */
export function after(clock: Clock, ms: number, act: () => void): () => void {
  const cancelled = new AbortController();
  clock.sleep(ms, cancelled.signal).then(act, () => undefined);
  return () => {
    cancelled.abort();
  };
}
