// Where a viewer is in what it watches, and when it stood still. Reckoned from what was buffered when, not sampled: a
// stall begins at the moment when the buffer ran out, to the millisecond.

/** A pause shorter than a few frames is none. */
const shortestStallMs = 100;

export interface Stall {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly durationMs: number;
  /** Seconds into the asset. */
  readonly position: number;
}

export class Playhead {
  readonly stalls: Stall[] = [];
  readonly #speed: number;
  #position = 0;
  #reckonedMs = performance.now();
  #bufferedSeconds = 0;
  #started = false;
  #stalledSinceMs: number | null = null;
  #atEdge = false;

  /** @param speed seconds of the asset in a second */
  constructor(speed: number) {
    this.#speed = speed;
  }

  get position(): number {
    this.#reckon();
    return this.#position;
  }

  get bufferedSeconds(): number {
    return this.#bufferedSeconds;
  }

  get started(): boolean {
    return this.#started;
  }

  /** How long it has stood still by now; 0 while it plays. */
  get stalledMs(): number {
    this.#reckon();
    return this.#stalledSinceMs === null ? 0 : performance.now() - this.#stalledSinceMs;
  }

  /** Milliseconds until the position is reached, if nothing runs out. */
  msUntil(position: number): number {
    return ((position - this.position) / this.#speed) * 1000;
  }

  /** Everything up to here can be played; it only grows. Starts to play with the first of it. */
  bufferTo(seconds: number): void {
    this.#reckon();
    if (seconds <= this.#bufferedSeconds) return;
    this.#bufferedSeconds = seconds;
    this.#started = true;
    this.#endStall();
    this.#reckonedMs = performance.now();
  }

  /** There is no more than what is buffered, so that standing still there is no fault: the end, or not made yet. */
  setAtEdge(atEdge: boolean): void {
    this.#reckon();
    this.#atEdge = atEdge;
    if (atEdge) this.#endStall();
    else if (this.#started && this.#position >= this.#bufferedSeconds) this.#stalledSinceMs ??= performance.now();
  }

  /** Notes a stall that has not ended, for a viewer that leaves. */
  close(): void {
    this.#reckon();
    this.#endStall();
  }

  #reckon(): void {
    const nowMs = performance.now();
    const reached = this.#position + (this.#started ? ((nowMs - this.#reckonedMs) / 1000) * this.#speed : 0);
    if (reached > this.#bufferedSeconds) {
      const ranOutMs = this.#reckonedMs + ((this.#bufferedSeconds - this.#position) / this.#speed) * 1000;
      if (this.#started && !this.#atEdge) this.#stalledSinceMs ??= ranOutMs;
    }
    this.#position = Math.min(reached, this.#bufferedSeconds);
    this.#reckonedMs = nowMs;
  }

  #endStall(): void {
    const sinceMs = this.#stalledSinceMs;
    this.#stalledSinceMs = null;
    const durationMs = sinceMs === null ? 0 : performance.now() - sinceMs;
    if (durationMs < shortestStallMs) return;
    this.stalls.push({
      at: Math.round(Date.now() - durationMs),
      durationMs: Math.round(durationMs),
      position: this.#position,
    });
  }
}
