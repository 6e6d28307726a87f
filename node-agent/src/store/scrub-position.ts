// How far the scrub is, kept on disk so that a restart goes on from there. Written now and then, not after each object:
// what was read since is read again.
import { z } from "zod";
import type { Clock } from "@vstream/core/clock.ts";
import { isSha256 } from "@vstream/core/ids.ts";
import type { Sha256 } from "@vstream/core/ids.ts";
import type { Logger } from "@vstream/core/log.ts";
import type { DiskLayout } from "./disk-layout.ts";
import type { JsonFiles } from "./json-files.ts";
import type { Turns } from "./turns.ts";

export const positionEveryMs = 30_000;
const documentName = "scrub";

const shape = z.object({
  passStartedAt: z.number().nonnegative(),
  lastPassEndedAt: z.number().nonnegative().nullable(),
  /** The last object that was read; null: none of this pass. */
  after: z.custom<Sha256>((value) => typeof value === "string" && isSha256(value)).nullable(),
  checkedBytes: z.number().nonnegative(),
});
export type Position = z.infer<typeof shape>;

interface Deps {
  readonly layout: DiskLayout;
  readonly files: JsonFiles;
  readonly turns: Turns;
  readonly clock: Clock;
  readonly log: Logger;
}

export class ScrubPosition {
  readonly #deps: Deps;
  #position: Position | null = null;
  #writtenAtMs = -Infinity;
  #isWritten = true;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  load(): void {
    const { files, layout } = this.#deps;
    this.#position = files.read(layout.document(documentName), shape);
  }

  /** null: no pass was ever begun. */
  get now(): Position | null {
    return this.#position;
  }

  /** Remembers it, and writes it down if that was last done some time ago. */
  async move(position: Position): Promise<void> {
    this.#position = position;
    this.#isWritten = false;
    if (this.#deps.clock.monotonicMs() - this.#writtenAtMs >= positionEveryMs) await this.write();
  }

  /** Writes what is not written yet. One that cannot be written costs a part of a pass, no more. */
  async write(): Promise<void> {
    const { files, layout, turns, clock, log } = this.#deps;
    if (this.#isWritten) return;
    this.#isWritten = true;
    this.#writtenAtMs = clock.monotonicMs();
    try {
      const write = (): Promise<number> => files.write(layout.document(documentName), this.#position);
      await turns.take(`document ${documentName}`, write);
    } catch (err) {
      log.warn({ err }, "position of the scrub not written");
    }
  }
}
