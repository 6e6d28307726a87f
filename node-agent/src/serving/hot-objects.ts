// Objects as verified bytes: from memory, else from the store, else from a peer. Nothing leaves here whose hash was
// not checked since it was read; a wrong or absent file is reported and the object pulled from elsewhere. Memory is
// bounded.
import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import PQueue from "p-queue";
import { VsError, asVsError } from "@vstream/core/errors.ts";
import type { NodeId, Sha256 } from "@vstream/core/ids.ts";
import type { ObjectRef } from "@vstream/core/media.ts";
import type { Store } from "../store/store.ts";
import type { PullThrough } from "./pull-through.ts";

export const defaultHotBytes = 128 * 2 ** 20;
/** Objects read at one time, and how many more may wait. */
const concurrentReads = 16;
const waitingReads = 512;
/** From the first request for an object until all who wait for it are told. */
const readLimitMs = 8_000;

export type ReadFrom = "memory" | "disk" | "peer";

export interface HotObjectsDeps {
  readonly store: Pick<Store, "has" | "read">;
  readonly pullThrough: Pick<PullThrough, "fetch">;
  readonly maxBytes: number;
  /** An object on this node's disk has wrong bytes, is gone, or cannot be read. */
  readonly onCorrupt: (sha256: Sha256) => void;
  readonly onRead: (from: ReadFrom) => void;
}

export class HotObjects implements Disposable {
  readonly #deps: HotObjectsDeps;
  readonly #memory: LRUCache<Sha256, Buffer>;
  readonly #flights = new Map<Sha256, Promise<Buffer>>();
  readonly #queue = new PQueue({ concurrency: concurrentReads });
  readonly #closing = new AbortController();

  constructor(deps: HotObjectsDeps) {
    this.#deps = deps;
    this.#memory = new LRUCache({
      maxSize: Math.max(1, deps.maxBytes),
      sizeCalculation: (bytes) => Math.max(1, bytes.length),
    });
  }

  /**
   * The whole object. One flight per object, however many ask.
   * @param homes nodes that should hold it, best first
   * @throws VsError object_missing, unavailable when too many wait
   */
  async get(object: ObjectRef, homes: readonly NodeId[]): Promise<Buffer> {
    const kept = this.#memory.get(object.sha256);
    if (kept !== undefined) {
      this.#deps.onRead("memory");
      return kept;
    }
    const running = this.#flights.get(object.sha256);
    if (running !== undefined) return await running;
    if (this.#queue.size >= waitingReads) throw new VsError("unavailable", "this node has too much to read at once");
    const flight = this.#queue.add(() => this.#load(object, homes)).finally(() => this.#flights.delete(object.sha256));
    this.#flights.set(object.sha256, flight);
    return await flight;
  }

  [Symbol.dispose](): void {
    this.#closing.abort(new VsError("cancelled", "the agent is stopping"));
    this.#memory.clear();
  }

  async #load(object: ObjectRef, homes: readonly NodeId[]): Promise<Buffer> {
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(readLimitMs)]);
    const own = await this.#readOwn(object);
    const bytes = own ?? (await this.#deps.pullThrough.fetch(object, homes, signal));
    this.#deps.onRead(own === null ? "peer" : "disk");
    this.#memory.set(object.sha256, bytes);
    return bytes;
  }

  /** Null when the store lacks the object, or has it wrong. */
  async #readOwn(object: ObjectRef): Promise<Buffer | null> {
    if (!this.#deps.store.has(object.sha256)) return null;
    try {
      const bytes = await this.#deps.store.read(object.sha256);
      if (createHash("sha256").update(bytes).digest("hex") === object.sha256) return bytes;
    } catch (thrown) {
      // Discarded between the two calls. While the store goes on naming it, the file was removed behind its back.
      if (asVsError(thrown).code === "object_missing" && !this.#deps.store.has(object.sha256)) return null;
    }
    this.#deps.onCorrupt(object.sha256);
    return null;
  }
}
