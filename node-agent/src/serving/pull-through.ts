// An object that this node lacks, from the best node that has it. Whoever wants it follows it while it comes; nobody
// has the whole before its hash matched. Kept in the store's bounded cache, never as a copy that counts.
import { VsError, asVsError } from "@vstream/core/errors.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import type { ObjectRef } from "@vstream/core/media.ts";
import { limitTime } from "../replicate/time-limit.ts";
import type { Store } from "../store/store.ts";
import { GrowingObject } from "./growing-object.ts";
import { HolderOrder } from "./holder-order.ts";
import type { HolderOrderDeps } from "./holder-order.ts";
import { ObjectPull } from "./pull-object.ts";
import type { PullObjectDeps } from "./pull-object.ts";
import { PullSlots } from "./pull-slots.ts";

/** What is larger is no file for viewers; it bounds the memory that one pull takes. */
export const pullLimitBytes = 64 * 1024 * 1024;
/** Objects pulled at one time, and how long another one waits for its turn. */
const pullsAtOnce = 16;
const turnLimitMs = 5_000;
/** For one object, whoever gives it. */
const pullLimitMs = 30_000;

export interface PullDeps extends HolderOrderDeps, PullObjectDeps {
  readonly store: Pick<Store, "putCached">;
  readonly peers: HolderOrderDeps["peers"] & PullObjectDeps["peers"];
}

export interface Pull {
  /** To be followed from now on; fails with object_missing when nobody has the object right. */
  readonly growing: GrowingObject;
  /** Resolves, and never rejects, when all is over: the object is verified and kept, or has failed. */
  readonly ended: Promise<void>;
}

export class PullThrough {
  readonly #deps: PullDeps;
  readonly #order: HolderOrder;
  readonly #slots: PullSlots;

  constructor(deps: PullDeps) {
    this.#deps = deps;
    this.#order = new HolderOrder(deps);
    this.#slots = new PullSlots({ clock: deps.clock, slots: pullsAtOnce, waitLimitMs: turnLimitMs });
  }

  /**
   * Begins to fetch an object, as soon as it is its turn; it fails with unavailable when that takes too long.
   * @param homes asked first, then other serving nodes
   * @throws VsError object_missing when it is too large for this way
   */
  start(object: ObjectRef, homes: readonly NodeId[], signal: AbortSignal): Pull {
    if (object.bytes > pullLimitBytes) {
      throw new VsError("object_missing", `object ${object.sha256} is too large to be pulled through`);
    }
    const growing = new GrowingObject(object);
    return { growing, ended: this.#run(growing, homes, signal) };
  }

  async #run(growing: GrowingObject, homes: readonly NodeId[], signal: AbortSignal): Promise<void> {
    try {
      using _slot = await this.#slots.take(signal);
      await this.#pull(growing, homes, signal);
      await this.#keep(growing);
    } catch (thrown) {
      growing.fail(asVsError(thrown));
    }
  }

  async #pull(growing: GrowingObject, homes: readonly NodeId[], signal: AbortSignal): Promise<void> {
    const late = (): VsError => new VsError("timed_out", `object ${growing.object.sha256} was not here within 30 s`);
    using limit = limitTime({ clock: this.#deps.clock, ms: pullLimitMs, signal }, late);
    const parts = { growing, order: this.#order, homes, signal: limit.signal };
    await new ObjectPull(this.#deps, parts).run();
  }

  async #keep({ object, verified }: GrowingObject): Promise<void> {
    if (verified === null) return;
    try {
      await this.#deps.store.putCached(object, verified);
    } catch (err) {
      this.#deps.log.warn({ err, sha256: object.sha256 }, "pulled object not kept");
    }
  }
}
