// Small JSON files of the store. One that cannot be read is moved aside and counts as absent: the cluster can tell
// the node again what it said.
import { readFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import type { z } from "zod";
import type { Clock } from "@vstream/core/clock.ts";
import type { Logger } from "@vstream/core/log.ts";
import { diskFailure, isAbsent } from "./disk-failure.ts";
import type { DiskLayout } from "./disk-layout.ts";
import { writeDurably } from "./durable-file.ts";
import type { FolderSync } from "./folder-sync.ts";

/** How many damaged files are kept for a person to look at. */
const damagedLimit = 100;

export class JsonFiles {
  readonly #layout: DiskLayout;
  readonly #folders: FolderSync;
  readonly #log: Logger;
  readonly #clock: Clock;

  constructor(deps: { layout: DiskLayout; folders: FolderSync; log: Logger; clock: Clock }) {
    this.#layout = deps.layout;
    this.#folders = deps.folders;
    this.#log = deps.log;
    this.#clock = deps.clock;
  }

  /** What the file says, or null when there is none that makes sense. @throws VsError disk_failed */
  read<Content>(path: string, shape: z.ZodType<Content>): Content | null {
    const text = this.#readText(path);
    if (text === null) return null;
    try {
      return shape.parse(JSON.parse(text));
    } catch (thrown) {
      this.#moveAside(path, thrown);
      return null;
    }
  }

  /** Durable when resolved. Gives how many bytes the file has. */
  async write(path: string, content: unknown, { mode = 0o644 }: { mode?: number } = {}): Promise<number> {
    const bytes = Buffer.from(JSON.stringify(content ?? null));
    await writeDurably({ path, bytes, staging: this.#layout.staging, mode }, this.#folders);
    return bytes.length;
  }

  #readText(path: string): string | null {
    try {
      return readFileSync(path, "utf8");
    } catch (thrown) {
      if (isAbsent(thrown)) return null;
      throw diskFailure(thrown, `read ${basename(path)}`);
    }
  }

  #moveAside(path: string, reason: unknown): void {
    const { damaged } = this.#layout;
    const message = reason instanceof Error ? reason.message : String(reason);
    this.#log.warn({ path, reason: message.slice(0, 1000) }, "damaged record moved aside");
    if (readdirSync(damaged).length >= damagedLimit) rmSync(path);
    else renameSync(path, join(damaged, `${basename(path)}.${String(this.#clock.now())}`));
  }
}
