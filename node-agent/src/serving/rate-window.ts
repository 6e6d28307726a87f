// How much passed in the last seconds, in a fixed little memory.
const slots = 10;

export class RateWindow {
  readonly #slotMs: number;
  readonly #amounts = new Float64Array(slots);
  #newestSlot = -Infinity;

  /** @param windowMs how far back it looks, to a tenth of it */
  constructor(windowMs: number) {
    this.#slotMs = windowMs / slots;
  }

  /** @param nowMs on a clock that only moves forward */
  add(nowMs: number, amount: number): void {
    const slot = this.#turnTo(nowMs);
    this.#amounts[slot] = (this.#amounts[slot] ?? 0) + amount;
  }

  perSecond(nowMs: number): number {
    this.#turnTo(nowMs);
    return (this.#amounts.reduce((sum, amount) => sum + amount, 0) * 1000) / (slots * this.#slotMs);
  }

  /** Empties the slots that time has passed since the last call. */
  #turnTo(nowMs: number): number {
    const newest = Math.floor(nowMs / this.#slotMs);
    const passed = Math.min(slots, newest - this.#newestSlot);
    for (let back = 0; back < passed; back += 1) this.#amounts[(newest - back) % slots] = 0;
    this.#newestSlot = newest;
    return newest % slots;
  }
}
