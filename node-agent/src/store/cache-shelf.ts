// Objects that no piece names, pulled through for a viewer or left over: kept while there is room, the one that was
// read longest ago goes first. Every file here was checked against its hash when it came in.
import { readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { LRUCache } from "lru-cache";
import { isSha256 } from "@vstream/core/ids.ts";
import type { Sha256 } from "@vstream/core/ids.ts";
import type { ObjectRef } from "@vstream/core/media.ts";
import { diskFailure } from "./disk-failure.ts";
import type { DiskLayout } from "./disk-layout.ts";

/** What even the smallest file costs a file system. */
const smallestBytes = 4096;

export class CacheShelf {
  readonly #layout: DiskLayout;
  readonly #limitBytes: number;
  readonly #kept: LRUCache<Sha256, number>;

  constructor(layout: DiskLayout, limitBytes: number) {
    this.#layout = layout;
    this.#limitBytes = Math.max(1, Math.floor(limitBytes));
    this.#kept = new LRUCache({
      maxSize: this.#limitBytes,
      sizeCalculation: (bytes) => Math.max(bytes, smallestBytes),
      // At once, so that a file of the same name that comes in later cannot be the one that goes.
      dispose: (_bytes, sha256) => {
        rmSync(layout.cached(sha256), { force: true });
      },
    });
  }

  get usedBytes(): number {
    return this.#kept.calculatedSize;
  }

  /** Learns what an earlier run left; the newest files count as read last. */
  load(): void {
    const found = readdirSync(this.#layout.cache)
      .filter(isSha256)
      .map((sha256) => ({ sha256, file: statSync(this.#layout.cached(sha256)) }))
      .sort((one, other) => one.file.mtimeMs - other.file.mtimeMs);
    for (const { sha256, file } of found) this.#keep({ sha256, bytes: file.size });
  }

  /** The file's path, or null. Counts as reading it. */
  pathOf(sha256: Sha256): string | null {
    return this.#kept.get(sha256) === undefined ? null : this.#layout.cached(sha256);
  }

  sizeOf(sha256: Sha256): number | null {
    return this.#kept.peek(sha256) ?? null;
  }

  /** Moves a checked file in; it goes when it is larger than the whole cache, or stands here already. */
  async keep(path: string, object: ObjectRef): Promise<void> {
    if (this.#kept.has(object.sha256)) {
      await rm(path, { force: true });
      return;
    }
    try {
      await rename(path, this.#layout.cached(object.sha256));
    } catch (thrown) {
      await rm(path, { force: true });
      throw diskFailure(thrown, "keep an object in the cache");
    }
    this.#keep(object);
  }

  /** Moves a file out, whoever reads it meanwhile; false when it is not here. */
  moveOut(sha256: Sha256, path: string): boolean {
    if (!this.#kept.has(sha256)) return false;
    renameSync(this.#layout.cached(sha256), path);
    this.#kept.delete(sha256);
    return true;
  }

  forget(sha256: Sha256): void {
    this.#kept.delete(sha256);
  }

  /** Lets the oldest go until no more than that is kept. */
  shrinkTo(bytes: number): void {
    while (this.usedBytes > bytes && this.#kept.pop() !== undefined);
  }

  #keep(object: ObjectRef): void {
    if (this.#kept.has(object.sha256)) return;
    if (Math.max(object.bytes, smallestBytes) > this.#limitBytes) rmSync(this.#layout.cached(object.sha256));
    else this.#kept.set(object.sha256, object.bytes);
  }
}
