// Who wants to hear that something changed. A listener that throws harms nobody else.
import type { Logger } from "@vstream/core/log.ts";
import type { Change } from "./control-loop.ts";

export class Changes {
  readonly #log: Logger;
  readonly #listeners = new Set<(change: Change) => void>();

  constructor(log: Logger) {
    this.#log = log;
  }

  subscribe(listener: (change: Change) => void): () => void {
    const own = (change: Change): void => {
      listener(change);
    };
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  announce(change: Change): void {
    for (const listener of this.#listeners) {
      try {
        listener(change);
      } catch (thrown) {
        this.#log.error({ err: thrown }, "a listener failed");
      }
    }
  }
}
