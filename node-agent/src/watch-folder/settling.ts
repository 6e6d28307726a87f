// Which files nobody writes to any more: the same at every look for as long as was set, and last modified that long ago.
// The first by a clock that only goes forward, the second by the wall's, so that neither a copy that keeps old times nor
// a wrong clock is enough.
import type { Clock } from "@vstream/core/clock.ts";
import { isSame } from "./found-files.ts";
import type { FoundFile } from "./found-files.ts";

interface Seen {
  readonly file: FoundFile;
  /** When it was first seen to be as it is now. */
  readonly sinceMs: number;
}

export class Settling {
  readonly #clock: Clock;
  readonly #settleMs: number;
  #seen: ReadonlyMap<string, Seen> = new Map();

  constructor(clock: Clock, settleMs: number) {
    this.#clock = clock;
    this.#settleMs = settleMs;
  }

  /** Those of a look that have settled, the oldest first. What a look does not find is forgotten. */
  settled(found: readonly FoundFile[]): FoundFile[] {
    const now = this.#clock.monotonicMs();
    const seen = new Map<string, Seen>();
    for (const file of found) {
      const before = this.#seen.get(file.path);
      const sinceMs = before !== undefined && isSame(before.file, file) ? before.sinceMs : now;
      seen.set(file.path, { file, sinceMs });
    }
    this.#seen = seen;
    return [...seen.values()]
      .filter(({ file, sinceMs }) => now - sinceMs >= this.#settleMs && this.#isOld(file))
      .map(({ file }) => file)
      .toSorted((one, other) => one.modifiedAtMs - other.modifiedAtMs);
  }

  // A time that has not come yet says nothing.
  #isOld({ modifiedAtMs }: FoundFile): boolean {
    const ageMs = this.#clock.now() - modifiedAtMs;
    return ageMs < 0 || ageMs >= this.#settleMs;
  }
}
