// Something that is done again and again until the program stops; a failure is logged, and the next time comes.
import type { Clock } from "@vstream/core/clock.ts";
import type { Logger } from "@vstream/core/log.ts";

export interface Repetition {
  readonly name: string;
  readonly everyMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Resolves once the signal is aborted and the last run has ended. */
export async function repeat(how: Repetition, act: () => Promise<void>): Promise<void> {
  while (await pause(how)) {
    try {
      await act();
    } catch (thrown) {
      how.log.error({ err: thrown, task: how.name }, "periodic work failed");
    }
  }
}

async function pause({ clock, everyMs, signal }: Repetition): Promise<boolean> {
  try {
    await clock.sleep(everyMs, signal);
    return !signal.aborted;
  } catch {
    return false;
  }
}
