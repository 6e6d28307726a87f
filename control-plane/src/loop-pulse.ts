// Whether the control loop still looks at the cluster: it does so at least once a second.
import type { Clock } from "@vstream/core/clock.ts";
import type { Look } from "./control-loop/loop-parts.ts";
import type { Metrics } from "./metrics.ts";

/** Without a look for so long, the control plane is not ready. */
export const staleMs = 5_000;

export class LoopPulse {
  readonly #clock: Clock;
  readonly #metrics: Pick<Metrics, "observeLook">;
  #lastMs: number | null = null;

  constructor(clock: Clock, metrics: Pick<Metrics, "observeLook">) {
    this.#clock = clock;
    this.#metrics = metrics;
  }

  /** A look ended well. */
  beat(look: Look): void {
    this.#lastMs = this.#clock.monotonicMs();
    this.#metrics.observeLook(look);
  }

  isFresh(): boolean {
    return this.#lastMs !== null && this.#clock.monotonicMs() - this.#lastMs < staleMs;
  }
}
