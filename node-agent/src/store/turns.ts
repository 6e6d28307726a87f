// One at a time for each key: acts on the same name wait for each other, acts on different names do not.
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Runs the act after all earlier ones with the same key have ended, however they ended. */
  async take<Result>(key: string, act: () => Promise<Result>): Promise<Result> {
    const earlier = this.#last.get(key) ?? Promise.resolve();
    const mine = earlier.then(act, act);
    this.#last.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.#last.get(key) === mine) this.#last.delete(key);
    }
  }

  /** Resolves when every act that is under way now has ended. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#last.values());
  }
}
