// How much this node reads because others say that it gave them wrong bytes. Whoever lies can cause reads, and no more
// of them than an allowance of bytes for each node that tells.
import { LRUCache } from "lru-cache";
import type { Clock } from "@vstream/core/clock.ts";
import type { NodeId, Sha256 } from "@vstream/core/ids.ts";
import type { ObjectRef } from "@vstream/core/media.ts";

/** What one node may have read at once, and how fast that comes back. One large object may go beyond it. */
const allowanceBytes = 256 * 1024 * 1024;
const allowanceBytesPerSecond = 4 * 1024 * 1024;
/** Opening and looking costs something for the smallest object too. */
const smallestBytes = 64 * 1024;
/** An object that was just looked at is not read again. */
const settledMs = 60_000;
const rememberedNodes = 1000;
const rememberedObjects = 10_000;

export type NoticeTaken = "to_read" | "just_read" | "too_many";

export class DamageNotices {
  readonly #clock: Clock;
  readonly #left = new LRUCache<NodeId, { bytes: number; atMs: number }>({ max: rememberedNodes });
  readonly #readAtMs = new LRUCache<Sha256, number>({ max: rememberedObjects });

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts a notice, and says whether the object is to be read because of it. */
  take(from: NodeId, object: ObjectRef): NoticeTaken {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - (this.#readAtMs.get(object.sha256) ?? -Infinity) < settledMs) return "just_read";
    const bytes = this.#allowanceOf(from, nowMs);
    if (bytes <= 0) return "too_many";
    this.#left.set(from, { bytes: bytes - Math.max(object.bytes, smallestBytes), atMs: nowMs });
    this.#readAtMs.set(object.sha256, nowMs);
    return "to_read";
  }

  #allowanceOf(from: NodeId, nowMs: number): number {
    const { bytes, atMs } = this.#left.get(from) ?? { bytes: allowanceBytes, atMs: nowMs };
    return Math.min(allowanceBytes, bytes + ((nowMs - atMs) / 1000) * allowanceBytesPerSecond);
  }
}
