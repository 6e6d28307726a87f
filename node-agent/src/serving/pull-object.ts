// One object from the holders that have it: from the first that answers, then from the next one where that one fails
// or is slow, until all of it is here and right.
import { VsError, asVsError } from "@vstream/core/errors.ts";
import type { Clock } from "@vstream/core/clock.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import type { Logger } from "@vstream/core/log.ts";
import { peerFailed } from "../replicate/peer-request.ts";
import type { Peers } from "../replicate/peers.ts";
import { tellHolder } from "../replicate/tell-holder.ts";
import { limitTime } from "../replicate/time-limit.ts";
import type { GrowingObject } from "./growing-object.ts";
import { firstToAnswer } from "./hedge.ts";
import type { HolderOrder } from "./holder-order.ts";
import { readAtPace } from "./read-at-pace.ts";

/** After which the next holder is asked too; the player's patience with this node is 2.5 s to the first byte. */
const patienceMs = 500;
/** For a holder's first byte, and between its bytes. */
const holderLimitMs = 2_000;
/** A holder that gives less over so long is left, as long as there is another one that was not slow. */
const leastBytesPerSecond = 64 * 1024;
const paceWindowMs = 3_000;

export interface PullObjectDeps {
  readonly peers: Pick<Peers, "openObject" | "tellDamage">;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What a holder began to send. */
interface Opened {
  readonly first: IteratorResult<Uint8Array>;
  readonly rest: AsyncIterator<Uint8Array>;
  readonly stop: AbortController;
}

export interface ObjectPullParts {
  readonly growing: GrowingObject;
  readonly order: HolderOrder;
  readonly homes: readonly NodeId[];
  /** Its reason is a VsError; timed_out when whoever is asked has had its time. */
  readonly signal: AbortSignal;
}

export class ObjectPull {
  readonly #deps: PullObjectDeps;
  readonly #growing: GrowingObject;
  readonly #order: HolderOrder;
  readonly #signal: AbortSignal;
  readonly #holders: readonly NodeId[];
  readonly #failures = new Map<NodeId, VsError>();
  readonly #slow = new Set<NodeId>();

  constructor(deps: PullObjectDeps, { growing, order, homes, signal }: ObjectPullParts) {
    this.#deps = deps;
    this.#growing = growing;
    this.#order = order;
    this.#signal = signal;
    this.#holders = order.best(homes);
  }

  /** Returns when the bytes are here and right. @throws VsError object_missing when nobody gave them, timed_out */
  async run(): Promise<void> {
    const growing = this.#growing;
    let givers = new Set<NodeId>();
    for (;;) {
      const before = growing.receivedBytes;
      const giver = await this.#receiveFromFirst();
      if (giver === null) throw this.#nobodyGave();
      if (growing.receivedBytes > before) givers.add(giver);
      if (growing.receivedBytes < growing.sizeBytes) continue;
      if (growing.settle()) return;
      for (const holder of givers) this.#gaveWrong(holder);
      if (growing.isTaken) throw this.#nobodyGave();
      growing.restart();
      givers = new Set();
    }
  }

  /** Takes what the first holder that answers gives: all that lacks, or a part of it. Null when none answers. */
  async #receiveFromFirst(): Promise<NodeId | null> {
    const won = await firstToAnswer({
      candidates: this.#candidates(),
      ask: (holder: NodeId, stopped: AbortSignal) => this.#open(holder, stopped),
      patienceMs,
      onFailed: (holder, thrown) => {
        this.#fails(holder, thrown);
      },
      clock: this.#deps.clock,
      signal: this.#signal,
    });
    if (won === null) return null;
    const { candidate: holder, answer: opened } = won;
    try {
      if (await this.#receive(holder, opened)) this.#order.answered(holder);
    } catch (thrown) {
      opened.stop.abort();
      if (this.#signal.aborted && asVsError(this.#signal.reason).code === "timed_out") this.#order.failed(holder);
      this.#signal.throwIfAborted();
      this.#fails(holder, thrown);
    }
    return holder;
  }

  /** Those that did not fail here, the slow ones last. */
  #candidates(): NodeId[] {
    const left = this.#holders.filter((holder) => !this.#failures.has(holder));
    return [...left.filter((holder) => !this.#slow.has(holder)), ...left.filter((holder) => this.#slow.has(holder))];
  }

  async #open(holder: NodeId, signal: AbortSignal): Promise<Opened> {
    const stop = new AbortController();
    const ended = AbortSignal.any([signal, stop.signal]);
    const late = (): VsError => peerFailed(holder, new Error("no first byte within 2 s"));
    using limit = limitTime({ clock: this.#deps.clock, ms: holderLimitMs, signal: ended }, late);
    const { object, receivedBytes } = this.#growing;
    const stream = await this.#deps.peers.openObject(holder, object, receivedBytes, limit.signal);
    const rest = stream[Symbol.asyncIterator]();
    return { first: await rest.next(), rest, stop };
  }

  /** False when the holder was left because it is slow. */
  async #receive(holder: NodeId, opened: Opened): Promise<boolean> {
    const growing = this.#growing;
    const onLeft = (reason: "still" | "slow"): VsError => {
      if (reason === "slow") this.#isSlow(holder);
      const failure = peerFailed(holder, new Error(reason === "slow" ? "it is slow" : "nothing came for 2 s"));
      opened.stop.abort(failure);
      return failure;
    };
    const wasSlow = this.#slow.has(holder);
    const mayBeSlow = wasSlow || !this.#candidates().some((other) => other !== holder && !this.#slow.has(other));
    const least = { leastBytesPerSecond: mayBeSlow ? 0 : leastBytesPerSecond, windowMs: paceWindowMs };
    const pace = { clock: this.#deps.clock, stillMs: holderLimitMs, ...least, onLeft };
    try {
      for await (const part of readAtPace(opened, pace)) growing.append(part);
    } catch (thrown) {
      if (!wasSlow && this.#slow.has(holder)) return false;
      throw thrown;
    }
    if (growing.receivedBytes === growing.sizeBytes) return true;
    throw peerFailed(holder, new Error(`its bytes end after ${growing.receivedBytes}`));
  }

  #isSlow(holder: NodeId): void {
    this.#slow.add(holder);
    this.#order.failed(holder);
    this.#deps.log.info({ nodeId: holder, sha256: this.#growing.object.sha256 }, "slow holder left for another");
  }

  #fails(holder: NodeId, thrown: unknown): void {
    const failure = asVsError(thrown);
    if (failure.code === "object_corrupt") {
      this.#gaveWrong(holder);
      return;
    }
    this.#failures.set(holder, failure);
    if (failure.code !== "object_missing") this.#order.failed(holder);
  }

  #gaveWrong(holder: NodeId): void {
    this.#failures.set(holder, new VsError("object_corrupt", "wrong bytes"));
    this.#order.failed(holder);
    tellHolder(this.#deps, { holder, sha256: this.#growing.object.sha256 });
  }

  #nobodyGave(): VsError {
    const { sha256 } = this.#growing.object;
    const reasons = [...this.#failures].map(([holder, { message }]) => `${holder}: ${message}`).join("; ");
    return new VsError("object_missing", `no node gave the object ${sha256} (${reasons || "none is known"})`, {
      hint: "vsctl assets show says where the asset stands",
    });
  }
}
