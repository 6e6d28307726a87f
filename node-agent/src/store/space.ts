// How much of the node's capacity is taken, and by promises too. What the cache holds is not counted: it gives way.
// What lies in quarantine takes room of the cache, and gives way to everything else.
import { statfsSync } from "node:fs";
import { VsError } from "@vstream/core/errors.ts";
import type { StoreUsage } from "./store.ts";

export interface SpaceOptions {
  readonly capacityBytes: number;
  readonly folder: string;
  /** Told how many bytes the cache may hold whenever that has become less. */
  readonly makeRoom: (freeBytes: number) => void;
  readonly quarantine: { readonly bytes: number; giveWay(bytes: number): void };
}

export class Space {
  #usedBytes = 0;
  #reservedBytes = 0;
  readonly #capacityBytes: number;
  readonly #folder: string;
  readonly #makeRoom: (freeBytes: number) => void;
  readonly #quarantine: SpaceOptions["quarantine"];

  constructor(options: SpaceOptions) {
    this.#capacityBytes = options.capacityBytes;
    this.#folder = options.folder;
    this.#makeRoom = options.makeRoom;
    this.#quarantine = options.quarantine;
  }

  get usage(): StoreUsage {
    return { usedBytes: this.#usedBytes, capacityBytes: this.#capacityBytes };
  }

  /** What neither objects nor reservations nor the quarantine have taken; the cache may stand there. */
  get freeBytes(): number {
    return Math.max(0, this.#untakenBytes - this.#quarantine.bytes);
  }

  /** @throws VsError storage_full when that many bytes do not fit */
  take(bytes: number): void {
    this.#require(bytes);
    this.takeAnyway(bytes);
  }

  /** For what stands on the disk already, or had its space promised. */
  takeAnyway(bytes: number): void {
    this.#usedBytes += bytes;
    this.#shrinkOthers();
  }

  give(bytes: number): void {
    this.#usedBytes -= bytes;
  }

  /**
   * @param standingBytes of these, how many stand on the disk already
   * @throws VsError storage_full by capacity, or when the disk has not that much left
   */
  reserve(bytes: number, standingBytes = 0): AsyncDisposable & Disposable {
    this.#require(bytes);
    this.#reservedBytes += bytes;
    this.#shrinkOthers();
    try {
      this.#requireOnDisk(bytes - standingBytes);
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

  get #untakenBytes(): number {
    return this.#capacityBytes - this.#usedBytes - this.#reservedBytes;
  }

  #shrinkOthers(): void {
    const lackingBytes = this.#quarantine.bytes - this.#untakenBytes;
    if (lackingBytes > 0) this.#quarantine.giveWay(lackingBytes);
    this.#makeRoom(this.freeBytes);
  }

  #require(bytes: number): void {
    const freeBytes = Math.max(0, this.#untakenBytes);
    if (bytes > freeBytes) throw full(bytes, freeBytes, "of the node's capacity");
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
