// For tests: a clock that is moved by hand. Sleepers wake in the order of their times.
import { setImmediate as turn } from "node:timers/promises";
import type { Clock } from "@vstream/core/clock.ts";

interface Sleeper {
  readonly atMs: number;
  readonly wake: () => void;
}

export class MovedClock implements Clock {
  #nowMs = 0;
  #sleepers: Sleeper[] = [];

  now(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const sleeper = {
      atMs: this.#nowMs + ms,
      wake: () => {
        resolve(undefined);
      },
    };
    this.#sleepers.push(sleeper);
    signal?.addEventListener("abort", sleeper.wake, { once: true });
    await promise;
    signal?.removeEventListener("abort", sleeper.wake);
    this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
    signal?.throwIfAborted();
  }

  /** Time passes, and everybody who wakes meanwhile has a turn. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const next = this.#sleepers.filter((sleeper) => sleeper.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.wake();
      await turn();
    }
    this.#nowMs = untilMs;
    await turn();
  }

  /** Time has passed while the process stood still: nobody has had a turn yet. */
  jump(ms: number): void {
    this.#nowMs += ms;
  }
}
