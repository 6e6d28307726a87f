// How many objects were ever found wrong in this store; survives restarts.
import { z } from "zod";
import type { Logger } from "@vstream/core/log.ts";
import type { DiskLayout } from "./disk-layout.ts";
import type { JsonFiles } from "./json-files.ts";
import type { Turns } from "./turns.ts";

const documentName = "damage";
const shape = z.object({ damagedFound: z.int().nonnegative() });

interface Deps {
  readonly layout: DiskLayout;
  readonly files: JsonFiles;
  readonly turns: Turns;
  readonly log: Logger;
}

export class DamageCount {
  readonly #deps: Deps;
  #found = 0;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  get found(): number {
    return this.#found;
  }

  load(): void {
    const { files, layout } = this.#deps;
    this.#found = files.read(layout.document(documentName), shape)?.damagedFound ?? 0;
  }

  /** A count that cannot be written is no reason to keep a wrong file: the next one is written with it. */
  async add(): Promise<void> {
    const { files, layout, turns, log } = this.#deps;
    this.#found += 1;
    try {
      const write = (): Promise<number> => files.write(layout.document(documentName), { damagedFound: this.#found });
      await turns.take(`document ${documentName}`, write);
    } catch (err) {
      log.warn({ err }, "count of damaged objects not written");
    }
  }
}
