// Time, injected, so that a test can move it.
import { setTimeout as delay } from "node:timers/promises";

export interface Clock {
  /** Wall time, milliseconds since the epoch. For people and records; may jump. */
  now(): number;
  /** Milliseconds on a clock that only moves forward. For leases, timeouts and liveness. */
  monotonicMs(): number;
  /** Waits; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  async sleep(ms, signal) {
    try {
      await delay(ms, undefined, signal === undefined ? {} : { signal });
    } catch (thrown) {
      signal?.throwIfAborted();
      throw thrown;
    }
  },
};
