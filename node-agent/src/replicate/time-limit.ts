// A limit in time for something that takes a signal.
import type { Clock } from "@vstream/core/clock.ts";
import type { VsError } from "@vstream/core/errors.ts";

export interface TimeLimit extends Disposable {
  /** Aborted with the given signal, or when the time is over. */
  readonly signal: AbortSignal;
}

/** Runs until it is disposed of. @param late the signal's reason when the time is over */
export function limitTime(
  limit: { readonly clock: Clock; readonly ms: number; readonly signal: AbortSignal },
  late: () => VsError,
): TimeLimit {
  const over = new AbortController();
  const ended = new AbortController();
  limit.clock.sleep(limit.ms, ended.signal).then(
    () => {
      over.abort(late());
    },
    () => undefined,
  );
  return {
    signal: AbortSignal.any([limit.signal, over.signal]),
    [Symbol.dispose]: () => {
      ended.abort();
    },
  };
}
