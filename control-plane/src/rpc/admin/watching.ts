// Waiting for something to look at: what the control loop announces is remembered until it is asked for, and a look
// is taken from time to time all the same.
import type { Clock } from "@vstream/core/clock.ts";
import type { Change, ControlLoop } from "../../control-loop/control-loop.ts";

export interface Watching extends Disposable {
  /**
   * Resolves when something of interest changed since the last call, at the latest after `atLatestMs`.
   * Never sooner than `notBeforeMs` after the last call: what moves all the time is shown a few times a second.
   */
  next(): Promise<void>;
}

export interface WatchingOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly notBeforeMs: number;
  readonly atLatestMs: number;
  isOfInterest(change: Change): boolean;
}

/** Listens from now on; what happens before the first call of next() is not lost. */
export function watch(loop: Pick<ControlLoop, "subscribe">, options: WatchingOptions): Watching {
  const { clock, signal } = options;
  let changed = false;
  let wake: (() => void) | undefined;
  const unsubscribe = loop.subscribe((change) => {
    if (!options.isOfInterest(change)) return;
    changed = true;
    wake?.();
  });
  return {
    async next() {
      await clock.sleep(options.notBeforeMs, signal);
      if (!changed) {
        const woken = new AbortController();
        wake = () => {
          woken.abort();
        };
        await clock.sleep(options.atLatestMs, AbortSignal.any([signal, woken.signal])).catch(() => undefined);
        wake = undefined;
        signal.throwIfAborted();
      }
      changed = false;
    },
    [Symbol.dispose]: unsubscribe,
  };
}
