// Streams that outlive a restart of the control plane: they go on where they were, and give up only after a time
// without any contact.
import type { Clock } from "@vstream/core/clock.ts";
import { asVsError } from "@vstream/core/errors.ts";

/** How long a control plane may be silent before a command that waits for it gives up. */
export const patienceMs = 120_000;
const firstPauseMs = 250;
const longestPauseMs = 5_000;

export interface FollowOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called once each time that contact is lost. */
  readonly onLost?: (() => void) | undefined;
  readonly patienceMs?: number;
}

type Open<Item> = (resumeToken: string) => AsyncIterable<{ readonly item: Item; readonly resumeToken: string }>;

/**
 * Every item of a stream; ends when the stream does.
 * @param open starts the stream, at the beginning or after the item that came with this token
 * @throws VsError what the stream failed with: at once when trying again is no use, else after the patience
 */
export async function* follow<Item>(open: Open<Item>, options: FollowOptions): AsyncGenerator<Item> {
  let resumeToken = "";
  const contact = new Contact(options);
  for (;;) {
    try {
      for await (const next of open(resumeToken)) {
        contact.heard();
        resumeToken = next.resumeToken;
        yield next.item;
      }
      return;
    } catch (thrown) {
      await contact.lost(thrown);
    }
  }
}

/** Calls until it succeeds, as patiently as `follow`. */
export async function callPatiently<Result>(call: () => Promise<Result>, options: FollowOptions): Promise<Result> {
  const contact = new Contact(options);
  for (;;) {
    try {
      return await call();
    } catch (thrown) {
      await contact.lost(thrown);
    }
  }
}

// A control plane that stops cancels what it streams.
const passing: readonly string[] = ["unavailable", "timed_out", "cancelled"];

class Contact {
  readonly #options: FollowOptions;
  #heardAtMs: number;
  #pauseMs = 0;

  constructor(options: FollowOptions) {
    this.#options = options;
    this.#heardAtMs = options.clock.monotonicMs();
  }

  heard(): void {
    this.#heardAtMs = this.#options.clock.monotonicMs();
    this.#pauseMs = 0;
  }

  /** Waits before the next try. @throws what was thrown, when there is to be none */
  async lost(thrown: unknown): Promise<void> {
    const { clock, signal, onLost } = this.#options;
    signal.throwIfAborted();
    const error = asVsError(thrown);
    const silentMs = clock.monotonicMs() - this.#heardAtMs;
    if (!passing.includes(error.code)) throw error;
    if (silentMs > (this.#options.patienceMs ?? patienceMs)) throw error;
    if (this.#pauseMs === 0) onLost?.();
    this.#pauseMs = Math.min(longestPauseMs, Math.max(firstPauseMs, this.#pauseMs * 2));
    await clock.sleep(this.#pauseMs, signal);
  }
}
