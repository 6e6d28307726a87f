// Wrong files, kept for a person to look at: a bounded number of them, for a while. Each is named by the hash that it
// should have had and by when it was found. They give way to everything else that needs their room.
import { readdirSync, rmSync, statSync } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import type { Clock } from "@vstream/core/clock.ts";
import type { Sha256 } from "@vstream/core/ids.ts";
import { isAbsent } from "./disk-failure.ts";
import { isQuarantineName } from "./disk-layout.ts";
import type { DiskLayout } from "./disk-layout.ts";

/** How many files are kept, how long each, and how much of a node's capacity they may take. */
const filesLimit = 100;
const keptMs = 14 * 24 * 3_600_000;
const bytesLimit = 1024 ** 3;
const capacityShare = 0.01;

interface Kept {
  readonly path: string;
  readonly bytes: number;
  readonly foundAt: number;
}

export class Quarantine {
  readonly #layout: DiskLayout;
  readonly #clock: Clock;
  readonly #limitBytes: number;
  /** Oldest first. */
  #kept: Kept[] = [];

  constructor(deps: { layout: DiskLayout; clock: Clock; capacityBytes: number }) {
    this.#layout = deps.layout;
    this.#clock = deps.clock;
    this.#limitBytes = Math.min(bytesLimit, Math.floor(deps.capacityBytes * capacityShare));
  }

  get count(): number {
    return this.#kept.length;
  }

  get bytes(): number {
    return this.#kept.reduce((sum, file) => sum + file.bytes, 0);
  }

  /** Learns what an earlier run left. */
  load(): void {
    const { quarantine } = this.#layout;
    const found = readdirSync(quarantine).flatMap((name) => {
      const foundAt = foundAtOf(name);
      if (foundAt === null) return [];
      const path = this.#layout.quarantined(name);
      return [{ path, bytes: statSync(path).size, foundAt }];
    });
    this.#kept = found.sort((one, other) => one.foundAt - other.foundAt);
    this.sweep();
  }

  /**
   * Moves an object's wrong file in; one that is larger than all that may be kept goes, and so does one that cannot
   * be moved. One that is not there any more is left at that.
   * @throws an error of the disk when the file can neither be moved nor removed
   */
  async take(sha256: Sha256, path: string): Promise<void> {
    const bytes = await sizeOf(path);
    if (bytes === null) return;
    const file = { path: this.#newPath(sha256), bytes, foundAt: this.#clock.now() };
    if (bytes > this.#limitBytes || !(await isMoved(path, file.path))) {
      await rm(path, { force: true });
      return;
    }
    this.#kept.push(file);
    this.sweep();
  }

  /** Lets the oldest go until at least that many bytes are free of them, or none is left. */
  giveWay(bytes: number): void {
    const leftBytes = Math.max(0, this.bytes - bytes);
    while (this.bytes > leftBytes) this.#dropOldest();
  }

  /** Lets go of what has been here too long, and of the oldest while there is too much. */
  sweep(): void {
    const oldestAt = this.#clock.now() - keptMs;
    while (this.count > filesLimit || this.bytes > this.#limitBytes) this.#dropOldest();
    while (this.#kept[0] !== undefined && this.#kept[0].foundAt < oldestAt) this.#dropOldest();
  }

  #dropOldest(): void {
    const oldest = this.#kept.shift();
    if (oldest !== undefined) rmSync(oldest.path, { force: true });
  }

  // The same object may be wrong twice within a millisecond.
  #newPath(sha256: Sha256): string {
    for (let at = this.#clock.now(); ; at += 1) {
      const path = this.#layout.quarantined(`${sha256}.${String(at)}`);
      if (!this.#kept.some((file) => file.path === path)) return path;
    }
  }
}

async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch (thrown) {
    if (isAbsent(thrown)) return null;
    throw thrown;
  }
}

async function isMoved(path: string, target: string): Promise<boolean> {
  return await rename(path, target).then(
    () => true,
    () => false,
  );
}

function foundAtOf(name: string): number | null {
  return isQuarantineName(name) ? Number(name.slice(name.indexOf(".") + 1)) : null;
}
