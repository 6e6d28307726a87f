// A gate that is open or shut; those who come while it is shut wait. Reports wait here for the session.
import { asError } from "./unary.ts";

export class Gate {
  #opened = Promise.withResolvers<undefined>();
  #isOpen = false;

  get isOpen(): boolean {
    return this.#isOpen;
  }

  open(): void {
    this.#isOpen = true;
    this.#opened.resolve(undefined);
  }

  shut(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#opened = Promise.withResolvers();
  }

  /** Resolves when the gate is open; rejects with the signal's reason. */
  async passed(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#isOpen) return;
    const aborted = Promise.withResolvers<never>();
    const abort = (): void => {
      aborted.reject(asError(signal.reason));
    };
    signal.addEventListener("abort", abort, { once: true });
    try {
      await Promise.race([this.#opened.promise, aborted.promise]);
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }
}
