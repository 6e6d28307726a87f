// A call that can be waited for: rung any number of times, heard once.
import type { Clock } from "@vstream/core/clock.ts";

export class WakeUp {
  readonly #clock: Clock;
  #rung = false;
  #waiter: AbortController | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  ring(): void {
    this.#rung = true;
    this.#waiter?.abort();
  }

  /** Until it is rung (also before this call) or the time is over. Never rejects. */
  async wait(limitMs: number): Promise<void> {
    if (!this.#rung) {
      const waiter = new AbortController();
      this.#waiter = waiter;
      // Ringing ends the sleep by a rejection.
      await this.#clock.sleep(limitMs, waiter.signal).catch(() => undefined);
      this.#waiter = null;
    }
    this.#rung = false;
  }
}
