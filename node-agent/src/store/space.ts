// How much of the node's capacity is taken, and by promises too. What the cache holds is not counted: it gives way.
import { statfsSync } from "node:fs";
import { VsError } from "@vstream/core/errors.ts";
import type { StoreUsage } from "./store.ts";

export class Space {
  #usedBytes = 0;
  #reservedBytes = 0;
  readonly #capacityBytes: number;
  readonly #folder: string;
  readonly #makeRoom: (freeBytes: number) => void;

  /** @param makeRoom told how many bytes the cache may hold whenever that has become less */
  constructor(options: { capacityBytes: number; folder: string; makeRoom: (freeBytes: number) => void }) {
    this.#capacityBytes = options.capacityBytes;
    this.#folder = options.folder;
    this.#makeRoom = options.makeRoom;
  }

  get usage(): StoreUsage {
    return { usedBytes: this.#usedBytes, capacityBytes: this.#capacityBytes };
  }

  /** What neither objects nor reservations have taken; the cache may stand there. */
  get freeBytes(): number {
    return Math.max(0, this.#capacityBytes - this.#usedBytes - this.#reservedBytes);
  }

  /** @throws VsError storage_full when that many bytes do not fit */
  take(bytes: number): void {
    this.#require(bytes);
    this.takeAnyway(bytes);
  }

  /** For what stands on the disk already, or had its space promised. */
  takeAnyway(bytes: number): void {
    this.#usedBytes += bytes;
    this.#makeRoom(this.freeBytes);
  }

  give(bytes: number): void {
    this.#usedBytes -= bytes;
  }

  /** @throws VsError storage_full by capacity, or when the disk has not that much left */
  reserve(bytes: number): AsyncDisposable & Disposable {
    this.#require(bytes);
    this.#reservedBytes += bytes;
    this.#makeRoom(this.freeBytes);
    try {
      this.#requireOnDisk(bytes);
    } catch (thrown) {
      this.#reservedBytes -= bytes;
      throw thrown;
    }
    let held = true;
    const release = (): void => {
      if (held) this.#reservedBytes -= bytes;
      held = false;
    };
    return {
      [Symbol.dispose]: release,
      [Symbol.asyncDispose]: () => {
        release();
        return Promise.resolve();
      },
    };
  }

  #require(bytes: number): void {
    if (bytes > this.freeBytes) throw full(bytes, this.freeBytes, "of the node's capacity");
  }

  #requireOnDisk(bytes: number): void {
    const disk = statfsSync(this.#folder);
    const freeOnDisk = disk.bavail * disk.bsize;
    if (bytes > freeOnDisk) throw full(bytes, freeOnDisk, "on the node's disk");
  }
}

function full(bytes: number, freeBytes: number, where: string): VsError {
  return new VsError("storage_full", `no room for ${bytes} bytes: ${freeBytes} are free ${where}`, {
    hint: "Delete assets, raise capacityBytes of the node, or add a node",
  });
}
