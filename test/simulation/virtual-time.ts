// Time that only moves from one event to the next. After each event everything that follows from it by promises alone
// has happened before the next one begins, so that the order of all things is a matter of the seed.
import type { Clock } from "@vstream/core/clock.ts";

interface Happening {
  readonly atMs: number;
  /** Of two at the same moment, the one that was planned first goes first. */
  readonly order: number;
  act: (() => void) | null;
}

/** The moment at which every simulation begins, by the wall. */
const beginsAt = Date.UTC(2026, 5, 1);

export class VirtualTime {
  readonly #heap: Happening[] = [];
  #nowMs = 0;
  #planned = 0;
  #done = 0;

  get nowMs(): number {
    return this.#nowMs;
  }

  /** How many events there were. */
  get events(): number {
    return this.#done;
  }

  /** Gives what takes it back. */
  after(ms: number, act: () => void): () => void {
    const happening = { atMs: this.#nowMs + Math.max(0, ms), order: this.#planned, act } as Happening;
    this.#planned += 1;
    this.#push(happening);
    return () => {
      happening.act = null;
    };
  }

  /** Runs events until that moment, or until `isOver` says so after one. */
  async runUntil(untilMs: number, isOver: () => boolean = () => false): Promise<void> {
    await allPromises();
    for (let next = this.#heap[0]; next !== undefined && next.atMs <= untilMs; next = this.#heap[0]) {
      this.#pop();
      if (next.act === null) continue;
      this.#nowMs = next.atMs;
      this.#done += 1;
      next.act();
      await allPromises();
      if (isOver()) return;
    }
    this.#nowMs = untilMs;
  }

  #push(happening: Happening): void {
    const heap = this.#heap;
    let at = heap.push(happening) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(happening, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = happening;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

// Promises are settled before the loop comes to this, whatever hangs on them.
async function allPromises(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

function isBefore(one: Happening, other: Happening): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}

/** A program that runs: it can be stopped for a while, and killed for good. What belongs to it happens through `run`. */
export class Program {
  readonly clock: ProgramClock;
  /** Resolves when it is killed. */
  readonly killed = Promise.withResolvers<undefined>();
  readonly #time: VirtualTime;
  readonly #onKill: (() => void)[] = [];
  #backlog: (() => void)[] = [];
  #isAlive = true;
  #isPaused = false;

  constructor(time: VirtualTime, wall: Wall) {
    this.#time = time;
    this.clock = new ProgramClock(this, time, wall);
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** After that time; not any more when it was killed, and later when it stands still then. */
  after(ms: number, act: () => void): () => void {
    return this.#time.after(ms, () => {
      this.run(act);
    });
  }

  run(act: () => void): void {
    if (!this.#isAlive) return;
    if (this.#isPaused) this.#backlog.push(act);
    else act();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    const backlog = this.#backlog;
    this.#backlog = [];
    for (const act of backlog) this.after(0, act);
  }

  onKill(act: () => void): void {
    this.#onKill.push(act);
  }

  kill(): void {
    if (!this.#isAlive) return;
    this.#isAlive = false;
    this.#backlog = [];
    this.killed.resolve(undefined);
    for (const act of this.#onKill) act();
  }
}

/** What a machine's wall clock shows beside the true time; programs on it are told so when it is set. */
export interface Wall {
  jumpMs: number;
}

class ProgramClock implements Clock {
  readonly #program: Program;
  readonly #time: VirtualTime;
  readonly #wall: Wall;

  constructor(program: Program, time: VirtualTime, wall: Wall) {
    this.#program = program;
    this.#time = time;
    this.#wall = wall;
  }

  now(): number {
    return Math.floor(beginsAt + this.#time.nowMs + this.#wall.jumpMs);
  }

  monotonicMs(): number {
    return this.#time.nowMs;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const slept = Promise.withResolvers<undefined>();
    const cancel = this.#program.after(ms, () => {
      signal?.removeEventListener("abort", abort);
      slept.resolve(undefined);
    });
    const abort = (): void => {
      cancel();
      slept.reject(signal?.reason as Error);
    };
    signal?.addEventListener("abort", abort, { once: true });
    await slept.promise;
  }
}
