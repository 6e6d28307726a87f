// How long a scrub pass has taken so far, whatever becomes of the wall clock meanwhile: within a run time passes by the
// monotonic clock. When the wall clock is set, the pass's start moves with it.
import type { Clock } from "@vstream/core/clock.ts";

/** What the two clocks may drift apart before the wall clock counts as set. */
const setLimitMs = 60_000;

export interface PassTimeParts {
  readonly clock: Clock;
  /** By the wall clock of the run that began the pass. */
  readonly startedAt: number;
  /** How long what has been read would have taken at the even pace. */
  readonly dueMs: number;
}

export class PassTime {
  readonly #clock: Clock;
  readonly #startedMs: number;
  #startedAt: number;

  constructor({ clock, startedAt, dueMs }: PassTimeParts) {
    this.#clock = clock;
    const sinceMs = clock.now() - startedAt;
    // A start that is yet to come says nothing: the pass is taken to have kept its pace.
    const elapsedMs = sinceMs < 0 ? dueMs : sinceMs;
    this.#startedMs = clock.monotonicMs() - elapsedMs;
    this.#startedAt = startedAt;
  }

  get elapsedMs(): number {
    return this.#clock.monotonicMs() - this.#startedMs;
  }

  /** By the wall clock as it is set now; milliseconds since the epoch. */
  get startedAt(): number {
    const startedAt = this.#clock.now() - this.elapsedMs;
    if (Math.abs(startedAt - this.#startedAt) > setLimitMs) this.#startedAt = Math.max(0, Math.round(startedAt));
    return this.#startedAt;
  }
}
