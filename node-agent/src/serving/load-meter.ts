// How busy serving is, for heartbeats: who watches what, and how many bits leave.
import { LRUCache } from "lru-cache";
import type { Clock } from "@vstream/core/clock.ts";
import type { AssetId } from "@vstream/core/ids.ts";

/** A viewer who asked for nothing for so long is gone; a full buffer of 60 s is refilled segment by segment. */
const viewerMs = 30_000;
const egressWindowMs = 5_000;
const viewersLimit = 50_000;

export interface ServingLoad {
  readonly viewers: number;
  /** Bits a second, over the last five. */
  readonly egressBps: number;
}

export class LoadMeter {
  readonly #clock: Clock;
  readonly #seenAtMs = new LRUCache<string, number>({ max: viewersLimit });
  #sent: { atMs: number; bytes: number }[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A viewer is an address that watches an asset; two behind one address count once. */
  sawViewer(address: string, assetId: AssetId): void {
    this.#seenAtMs.set(`${address} ${assetId}`, this.#clock.monotonicMs());
  }

  sent(bytes: number): void {
    const nowMs = this.#clock.monotonicMs();
    const last = this.#sent.at(-1);
    // A tenth of a second shares one entry, so that the list stays short whatever the load.
    if (last !== undefined && nowMs - last.atMs < 100) last.bytes += bytes;
    else {
      this.#forgetOld(nowMs);
      this.#sent.push({ atMs: nowMs, bytes });
    }
  }

  load(): ServingLoad {
    const nowMs = this.#clock.monotonicMs();
    this.#forgetOld(nowMs);
    const bytes = this.#sent.reduce((sum, entry) => sum + entry.bytes, 0);
    let viewers = 0;
    for (const seenAtMs of this.#seenAtMs.values()) {
      // Newest first: the rest is older still.
      if (nowMs - seenAtMs > viewerMs) break;
      viewers += 1;
    }
    return { viewers, egressBps: Math.round((bytes * 8000) / egressWindowMs) };
  }

  #forgetOld(nowMs: number): void {
    this.#sent = this.#sent.filter((entry) => nowMs - entry.atMs <= egressWindowMs);
  }
}
