// An object that this node lacks, from the best node that has it. Whoever wants it follows it while it comes; nobody
// has the whole before its hash matched. Kept in the store's bounded cache, never as a copy that counts.
import type { Clock } from "@vstream/core/clock.ts";
import { VsError, asVsError } from "@vstream/core/errors.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import type { Logger } from "@vstream/core/log.ts";
import type { ObjectRef } from "@vstream/core/media.ts";
import { peerFailed } from "../replicate/peer-request.ts";
import type { Peers } from "../replicate/peers.ts";
import { tellHolder } from "../replicate/tell-holder.ts";
import { limitTime } from "../replicate/time-limit.ts";
import type { Store } from "../store/store.ts";
import { GrowingObject } from "./growing-object.ts";
import { firstToAnswer } from "./hedge.ts";
import { HolderOrder } from "./holder-order.ts";
import type { HolderOrderDeps } from "./holder-order.ts";
import { readUntilStill } from "./read-until-still.ts";

/** What is larger is no file for viewers; it bounds the memory that one pull takes. */
export const pullLimitBytes = 64 * 1024 * 1024;
/** After which the next holder is asked too; the player's patience with this node is 2.5 s to the first byte. */
const patienceMs = 500;
/** For a holder's first byte, and between its bytes. */
const holderLimitMs = 2_000;
/** For one object, whoever gives it. */
const pullLimitMs = 30_000;

export interface PullDeps extends HolderOrderDeps {
  readonly store: Pick<Store, "putCached">;
  readonly peers: Pick<Peers, "directory" | "openObject" | "tellDamage">;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Pull {
  /** To be followed from now on; fails with object_missing when nobody has the object right. */
  readonly growing: GrowingObject;
  /** Resolves, and never rejects, when all is over: the object is verified and kept, or has failed. */
  readonly ended: Promise<void>;
}

/** What a holder began to send. */
interface Opened {
  readonly first: IteratorResult<Uint8Array>;
  readonly rest: AsyncIterator<Uint8Array>;
  readonly stop: AbortController;
}

export class PullThrough {
  readonly #deps: PullDeps;
  readonly #order: HolderOrder;

  constructor(deps: PullDeps) {
    this.#deps = deps;
    this.#order = new HolderOrder(deps);
  }

  /**
   * Begins to fetch an object.
   * @param homes asked first, then every other serving node
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
    const late = (): VsError => new VsError("timed_out", `object ${growing.object.sha256} was not here within 30 s`);
    using limit = limitTime({ clock: this.#deps.clock, ms: pullLimitMs, signal }, late);
    try {
      await this.#fetch(growing, homes, limit.signal);
      await this.#keep(growing);
    } catch (thrown) {
      growing.fail(asVsError(thrown));
    }
  }

  /** Returns when the bytes are here and right. */
  async #fetch(growing: GrowingObject, homes: readonly NodeId[], signal: AbortSignal): Promise<void> {
    const failures = new Map<NodeId, VsError>();
    let givers = new Set<NodeId>();
    const holders = this.#order.best(homes);
    for (;;) {
      const candidates = holders.filter((holder) => !failures.has(holder));
      const before = growing.receivedBytes;
      const giver = await this.#receiveFromFirst({ growing, candidates, failures, signal });
      if (giver === null) throw nobodyGave(growing.object, failures);
      if (growing.receivedBytes > before) givers.add(giver);
      if (growing.receivedBytes < growing.sizeBytes) continue;
      if (growing.settle()) return;
      for (const holder of givers) this.#gaveWrong(holder, growing.object, failures);
      if (growing.isTaken) throw nobodyGave(growing.object, failures);
      growing.restart();
      givers = new Set();
    }
  }

  /** Takes what the first holder that answers gives: all that lacks, or a part of it. Null when none answers. */
  async #receiveFromFirst(wanted: {
    growing: GrowingObject;
    candidates: readonly NodeId[];
    failures: Map<NodeId, VsError>;
    signal: AbortSignal;
  }): Promise<NodeId | null> {
    const { growing, candidates, failures, signal } = wanted;
    const { clock } = this.#deps;
    const onFailed = (holder: NodeId, thrown: unknown): void => {
      this.#fails(holder, growing.object, { thrown, failures });
    };
    const ask = (holder: NodeId, stopped: AbortSignal): Promise<Opened> => this.#open(growing, holder, stopped);
    const won = await firstToAnswer({ candidates, ask, patienceMs, onFailed, clock, signal });
    if (won === null) return null;
    const { candidate: holder, answer: opened } = won;
    try {
      await this.#receive(growing, holder, opened);
      this.#order.answered(holder);
    } catch (thrown) {
      opened.stop.abort();
      signal.throwIfAborted();
      onFailed(holder, thrown);
    }
    return holder;
  }

  async #open(growing: GrowingObject, holder: NodeId, signal: AbortSignal): Promise<Opened> {
    const stop = new AbortController();
    const ended = AbortSignal.any([signal, stop.signal]);
    const late = (): VsError => peerFailed(holder, new Error("no first byte within 2 s"));
    using limit = limitTime({ clock: this.#deps.clock, ms: holderLimitMs, signal: ended }, late);
    const stream = await this.#deps.peers.openObject(holder, growing.object, growing.receivedBytes, limit.signal);
    const rest = stream[Symbol.asyncIterator]();
    return { first: await rest.next(), rest, stop };
  }

  async #receive(growing: GrowingObject, holder: NodeId, opened: Opened): Promise<void> {
    const onStill = (): VsError => {
      const failure = peerFailed(holder, new Error("nothing came for 2 s"));
      opened.stop.abort(failure);
      return failure;
    };
    for await (const part of readUntilStill(opened, { clock: this.#deps.clock, ms: holderLimitMs, onStill })) {
      growing.append(part);
    }
    if (growing.receivedBytes === growing.sizeBytes) return;
    throw peerFailed(holder, new Error(`its bytes end after ${growing.receivedBytes}`));
  }

  #fails(holder: NodeId, object: ObjectRef, { thrown, failures }: { thrown: unknown; failures: Failures }): void {
    const failure = asVsError(thrown);
    if (failure.code === "object_corrupt") {
      this.#gaveWrong(holder, object, failures);
      return;
    }
    failures.set(holder, failure);
    if (failure.code !== "object_missing") this.#order.failed(holder);
  }

  #gaveWrong(holder: NodeId, object: ObjectRef, failures: Failures): void {
    failures.set(holder, new VsError("object_corrupt", "wrong bytes"));
    this.#order.failed(holder);
    tellHolder(this.#deps, { holder, sha256: object.sha256 });
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

type Failures = Map<NodeId, VsError>;

function nobodyGave(object: ObjectRef, failures: Failures): VsError {
  const reasons = [...failures].map(([holder, { message }]) => `${holder}: ${message}`).join("; ");
  return new VsError("object_missing", `no node gave the object ${object.sha256} (${reasons || "none is known"})`, {
    hint: "vsctl assets show says where the asset stands",
  });
}
