// So many pulls at one time, and a limit on how long another one waits for its turn: a viewer is better told to ask
// elsewhere than kept waiting.
import type { Clock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import { limitTime } from "../replicate/time-limit.ts";

const waitingLimit = 256;

export interface PullSlotsDeps {
  readonly clock: Clock;
  readonly slots: number;
  readonly waitLimitMs: number;
}

export class PullSlots {
  readonly #deps: PullSlotsDeps;
  /** In the order that they came. */
  readonly #waiting = new Set<() => void>();
  #taken = 0;

  constructor(deps: PullSlotsDeps) {
    this.#deps = deps;
  }

  /** A slot, until it is disposed of. @throws VsError unavailable when none is free in time, or the signal's reason */
  async take(signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    if (this.#taken < this.#deps.slots) this.#taken += 1;
    else await this.#wait(signal);
    return {
      [Symbol.dispose]: () => {
        this.#giveBack();
      },
    };
  }

  // The slot is handed over: it stays taken.
  #giveBack(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#taken -= 1;
    else {
      this.#waiting.delete(next);
      next();
    }
  }

  async #wait(signal: AbortSignal): Promise<void> {
    if (this.#waiting.size >= waitingLimit) throw tooMuch();
    using limit = limitTime({ clock: this.#deps.clock, ms: this.#deps.waitLimitMs, signal }, tooMuch);
    const turn = Promise.withResolvers<undefined>();
    const begin = (): void => {
      turn.resolve(undefined);
    };
    const giveUp = (): void => {
      // Whoever was given the slot meanwhile keeps it.
      if (this.#waiting.delete(begin)) turn.reject(limit.signal.reason as Error);
    };
    this.#waiting.add(begin);
    limit.signal.addEventListener("abort", giveUp, { once: true });
    await turn.promise;
  }
}

function tooMuch(): VsError {
  return new VsError("unavailable", "this node has too much to fetch from others at once", {
    hint: "Try again, or on another node",
  });
}
