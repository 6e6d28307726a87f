// Chance that a seed decides: the same seed gives the same numbers in the same order, on every machine.
import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";

export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
    // Seeds that are neighbours are to differ from the first number on.
    for (let step = 0; step < 4; step += 1) this.next();
  }

  /** 0 to 1, without 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** 0 to limit, without the limit. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  between(from: number, to: number): number {
    return from + this.next() * (to - from);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<Item>(items: readonly Item[]): Item | undefined {
    return items[this.below(items.length)];
  }

  /** Another row of numbers, so that what one part draws does not shift what another does. */
  fork(): Random {
    return new Random(this.below(2 ** 32));
  }
}

/**
 * Until disposed of, what the programs draw for ids, incarnations and back-off comes from the seed. For the whole
 * process, so only one simulation runs at a time.
 */
export function seedThePrograms(random: Random): Disposable {
  const { randomBytes, randomUUID } = crypto;
  const ownRandom = Math.random;
  const hex = (length: number): string => Array.from({ length }, () => random.below(16).toString(16)).join("");
  const seeded = {
    randomBytes: (size: number) => Buffer.from(Array.from({ length: size }, () => random.below(256))),
    randomUUID: () => `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`,
  };
  const install = (methods: object): void => {
    Object.assign(crypto, methods);
    syncBuiltinESMExports();
  };
  install(seeded);
  Math.random = () => random.next();
  return {
    [Symbol.dispose]() {
      install({ randomBytes, randomUUID });
      Math.random = ownRandom;
    },
  };
}
