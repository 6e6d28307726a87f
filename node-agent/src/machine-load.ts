// How busy the machine is: its processors and the store's disk, over the last seconds.
import { cpus } from "node:os";
import type { Clock } from "@vstream/core/clock.ts";

const sampleEveryMs = 2_000;
/** The shares are over this many samples: long enough that one burst is not taken for load. */
const samplesKept = 4;

export interface MachineLoadDeps {
  readonly clock: Clock;
  /** For how many milliseconds, ever, the store's disk was busy; null when that cannot be told. */
  readonly diskBusyMs: () => number | null;
  /** In any unit, ever, over all processors. */
  readonly processorTimes?: () => { readonly busy: number; readonly total: number };
}

interface Sample {
  readonly atMs: number;
  readonly busy: number;
  readonly total: number;
  readonly diskBusyMs: number | null;
}

export class MachineLoad implements Disposable {
  readonly #deps: MachineLoadDeps;
  readonly #closing = new AbortController();
  #samples: Sample[] = [];

  constructor(deps: MachineLoadDeps) {
    this.#deps = deps;
    void this.#keepSampling();
  }

  /** Share of the machine's processors in use, 0 to 1. */
  get processor(): number {
    return this.#shareOf((first, last) => (last.busy - first.busy) / (last.total - first.total));
  }

  /** Share of time that the disk is busy, 0 to 1; 0 when it cannot be told. */
  get disk(): number {
    return this.#shareOf((first, last) => {
      if (first.diskBusyMs === null || last.diskBusyMs === null) return 0;
      return (last.diskBusyMs - first.diskBusyMs) / (last.atMs - first.atMs);
    });
  }

  [Symbol.dispose](): void {
    this.#closing.abort();
  }

  async #keepSampling(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      this.#samples = [...this.#samples, this.#sample()].slice(-samplesKept);
      // Aborted: the loop's condition ends it.
      await this.#deps.clock.sleep(sampleEveryMs, signal).catch(() => undefined);
    }
  }

  #sample(): Sample {
    const { clock, diskBusyMs, processorTimes } = this.#deps;
    return { atMs: clock.monotonicMs(), ...(processorTimes ?? timesOfProcessors)(), diskBusyMs: diskBusyMs() };
  }

  // Counters may stand still or go back, as when the machine was suspended.
  #shareOf(share: (first: Sample, last: Sample) => number): number {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    const value = first === undefined || last === undefined ? 0 : share(first, last);
    return Number.isFinite(value) ? Math.min(1, Math.max(0, value)) : 0;
  }
}

function timesOfProcessors(): { busy: number; total: number } {
  let [busy, total] = [0, 0];
  for (const { times } of cpus()) {
    const working = times.user + times.nice + times.sys + times.irq;
    busy += working;
    total += working + times.idle;
  }
  return { busy, total };
}
