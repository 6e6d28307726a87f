// For tests: a clock that stands still until it is moved.
import type { Clock } from "@vstream/core/clock.ts";

interface Sleeper {
  readonly untilMs: number;
  readonly wake: () => void;
}

export class ManualClock implements Clock {
  readonly #startedAt: number;
  #elapsedMs = 0;
  #jumpMs = 0;
  #sleepers: Sleeper[] = [];

  constructor(startedAt = Date.UTC(2026, 5, 1)) {
    this.#startedAt = startedAt;
  }

  now(): number {
    return this.#startedAt + this.#elapsedMs + this.#jumpMs;
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  /** Both clocks move, and who has slept long enough wakes. */
  advance(ms: number): void {
    this.#elapsedMs += ms;
    const due = this.#sleepers.filter((sleeper) => sleeper.untilMs <= this.#elapsedMs);
    this.#sleepers = this.#sleepers.filter((sleeper) => sleeper.untilMs > this.#elapsedMs);
    for (const { wake } of due) wake();
  }

  /** Only the wall clock moves, as when somebody sets it. */
  jump(ms: number): void {
    this.#jumpMs += ms;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const sleeper = { untilMs: this.#elapsedMs + ms, wake: resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener(
        "abort",
        () => {
          this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
          reject(signal.reason as Error);
        },
        { once: true },
      );
    });
  }
}
