// Objects for viewers: from memory, else from the store, else from a peer, then as they come. Nothing leaves here as a
// whole whose hash was not checked since it was read; what cannot be read here is pulled from elsewhere, and reported
// when the file is wrong or gone. Memory is bounded.
import { LRUCache } from "lru-cache";
import PQueue from "p-queue";
import { VsError, asVsError } from "@vstream/core/errors.ts";
import type { NodeId, Sha256 } from "@vstream/core/ids.ts";
import type { ObjectRef } from "@vstream/core/media.ts";
import type { Store } from "../store/store.ts";
import { GrowingObject } from "./growing-object.ts";
import type { PullThrough } from "./pull-through.ts";

export const defaultHotBytes = 128 * 2 ** 20;
/** Objects read from the disk at one time, and how many more may wait. */
const readsAtOnce = 16;
const waitingReads = 512;

export type ReadFrom = "memory" | "disk" | "peer";

export interface HotObjectsDeps {
  readonly store: Pick<Store, "has" | "readChecked">;
  readonly pullThrough: Pick<PullThrough, "start">;
  readonly maxBytes: number;
  /** An object on this node's disk has wrong bytes, is gone, or is lost to the disk. */
  readonly onCorrupt: (sha256: Sha256) => void;
  readonly onRead: (from: ReadFrom) => void;
}

/** The bytes, or the object as it comes. */
export type Found = Buffer | GrowingObject;

interface Flight {
  readonly found: Promise<Found>;
  /** Never rejects. */
  readonly ended: Promise<void>;
}

export class HotObjects implements AsyncDisposable {
  readonly #deps: HotObjectsDeps;
  readonly #memory: LRUCache<Sha256, Buffer>;
  readonly #flights = new Map<Sha256, Flight>();
  readonly #reads = new PQueue({ concurrency: readsAtOnce });
  readonly #closing = new AbortController();

  constructor(deps: HotObjectsDeps) {
    this.#deps = deps;
    this.#memory = new LRUCache({
      maxSize: Math.max(1, deps.maxBytes),
      sizeCalculation: (bytes) => Math.max(1, bytes.length),
    });
  }

  /**
   * The object, whole or on its way. One flight per object, however many ask.
   * @param homes nodes that should hold it, best first
   * @throws VsError unavailable when too many wait; one on its way fails with object_missing when nobody has it right
   */
  async get(object: ObjectRef, homes: readonly NodeId[]): Promise<Found> {
    const kept = this.#memory.get(object.sha256);
    if (kept !== undefined) {
      this.#deps.onRead("memory");
      return kept;
    }
    const flight = this.#flights.get(object.sha256) ?? this.#start(object, homes);
    const found = await flight.found;
    return found instanceof GrowingObject ? (found.verified ?? found) : found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new VsError("cancelled", "the agent is stopping"));
    this.#memory.clear();
    await Promise.all([...this.#flights.values()].map((flight) => flight.ended));
  }

  #start(object: ObjectRef, homes: readonly NodeId[]): Flight {
    if (this.#reads.size >= waitingReads) throw tooMuch();
    const found = Promise.withResolvers<Found>();
    const ended = this.#load(object, homes, found.resolve)
      .catch(found.reject)
      .finally(() => this.#flights.delete(object.sha256));
    const flight = { found: found.promise, ended };
    this.#flights.set(object.sha256, flight);
    return flight;
  }

  /** Resolves when nothing of it is under way any more; who waits is told before. */
  async #load(object: ObjectRef, homes: readonly NodeId[], tell: (found: Found) => void): Promise<void> {
    const own = await this.#reads.add(() => this.#readOwn(object));
    if (own !== null) {
      this.#keep(object, own, "disk");
      tell(own);
      return;
    }
    const { growing, ended } = this.#deps.pullThrough.start(object, homes, this.#closing.signal);
    tell(growing);
    await ended;
    if (growing.verified !== null) this.#keep(object, growing.verified, "peer");
  }

  #keep(object: ObjectRef, bytes: Buffer, from: ReadFrom): void {
    this.#memory.set(object.sha256, bytes);
    this.#deps.onRead(from);
  }

  /** Null when the store lacks the object, has it wrong, or cannot read it now. */
  async #readOwn({ sha256 }: ObjectRef): Promise<Buffer | null> {
    if (!this.#deps.store.has(sha256)) return null;
    try {
      return await this.#deps.store.readChecked(sha256);
    } catch (thrown) {
      // Anything else (no file handle free, no memory, discarded meanwhile) says nothing about the file.
      if (asVsError(thrown).code === "object_corrupt") this.#deps.onCorrupt(sha256);
      return null;
    }
  }
}

function tooMuch(): VsError {
  return new VsError("unavailable", "this node has too much to read at once");
}
