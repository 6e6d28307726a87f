// Brings an object that the store lacks, or has wrong, from the nodes that hold it: one after the other, until one has
// it right.
// However many ask for the same object, it comes once; it stops coming when the last of them has gone.
import { VsError, asVsError } from "@vstream/core/errors.ts";
import type { NodeId, Sha256 } from "@vstream/core/ids.ts";
import type { Logger } from "@vstream/core/log.ts";
import type { ObjectRef } from "@vstream/core/media.ts";
import type { Store } from "../store/store.ts";
import type { Fetcher, Peers } from "./peers.ts";
import { tellHolder } from "./tell-holder.ts";

export interface FetcherDeps {
  readonly store: Pick<Store, "putStream" | "putCached" | "has" | "readChecked">;
  readonly peers: Pick<Peers, "openObject" | "readRange" | "tellDamage">;
  /** This node's own file of an object is wrong. Not waited for. */
  readonly onDamage: (sha256: Sha256) => void;
  readonly log: Logger;
}

interface Flight {
  readonly done: Promise<void>;
  readonly stop: AbortController;
  waiting: number;
}

export class PeerFetcher implements Fetcher {
  readonly #deps: FetcherDeps;
  readonly #flights = new Map<Sha256, Flight>();

  constructor(deps: FetcherDeps) {
    this.#deps = deps;
  }

  async fetchObject(object: ObjectRef, holders: readonly NodeId[], signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const flight = this.#flights.get(object.sha256) ?? this.#start(object, holders);
    flight.waiting += 1;
    try {
      await untilAborted(flight.done, signal);
    } finally {
      flight.waiting -= 1;
      if (flight.waiting === 0) this.#end(object, flight);
    }
  }

  async fetchBytes(object: ObjectRef, holders: readonly NodeId[], signal: AbortSignal): Promise<Buffer> {
    const { store, peers, log } = this.#deps;
    const own = await this.#readOwn(object);
    if (own !== null) return own;
    return await firstRight({ object, holders, signal, peers, log }, async (holder) => {
      const bytes = await peers.readRange(holder, object, { start: 0, end: object.bytes }, signal);
      // The store refuses bytes that are not what the name says.
      await store.putCached(object, bytes);
      return bytes;
    });
  }

  /** Null: it is not here, or wrong. @throws VsError disk_failed when it may be right */
  async #readOwn({ sha256 }: ObjectRef): Promise<Buffer | null> {
    const { store, onDamage } = this.#deps;
    if (!store.has(sha256)) return null;
    try {
      return await store.readChecked(sha256);
    } catch (thrown) {
      const { code } = asVsError(thrown);
      if (code === "object_corrupt") onDamage(sha256);
      else if (code !== "object_missing") throw thrown;
      return null;
    }
  }

  #start(object: ObjectRef, holders: readonly NodeId[]): Flight {
    const stop = new AbortController();
    const flight: Flight = {
      done: fetchFromAny(this.#deps, { object, holders, signal: stop.signal }),
      stop,
      waiting: 0,
    };
    this.#flights.set(object.sha256, flight);
    return flight;
  }

  // The next who asks begins anew, perhaps with other holders.
  #end(object: ObjectRef, flight: Flight): void {
    if (this.#flights.get(object.sha256) === flight) this.#flights.delete(object.sha256);
    flight.stop.abort(new VsError("cancelled", `nobody waits for object ${object.sha256} any more`));
  }
}

async function fetchFromAny(
  deps: FetcherDeps,
  wanted: { object: ObjectRef; holders: readonly NodeId[]; signal: AbortSignal },
): Promise<void> {
  const { object, signal } = wanted;
  await firstRight({ ...wanted, ...deps }, async (holder) => {
    await deps.store.putStream(object, (from) => deps.peers.openObject(holder, object, from, signal), signal);
  });
}

/** What the first holder gives that does not fail; the others are left with a warning, and told what they gave wrong. */
async function firstRight<Given>(
  wanted: Pick<FetcherDeps, "peers" | "log"> & {
    object: ObjectRef;
    holders: readonly NodeId[];
    signal: AbortSignal;
  },
  ask: (holder: NodeId) => Promise<Given>,
): Promise<Given> {
  const { object, holders, signal, log } = wanted;
  const failures: VsError[] = [];
  for (const holder of holders) {
    try {
      return await ask(holder);
    } catch (thrown) {
      signal.throwIfAborted();
      const failure = asVsError(thrown);
      // A full or failing disk is ours: no other holder could help.
      if (!isHoldersFault(failure)) throw failure;
      if (failure.code === "object_corrupt") tellHolder(wanted, { holder, sha256: object.sha256 });
      log.warn({ nodeId: holder, sha256: object.sha256, reason: failure.message }, "holder left for another");
      failures.push(failure);
    }
  }
  throw noHolder(`object ${object.sha256}`, failures);
}

export function isHoldersFault(failure: VsError): boolean {
  return failure.code === "peer_failed" || failure.code === "object_missing" || failure.code === "object_corrupt";
}

/** What it comes to when every holder has failed: that they lack it all, or that they could not be reached. */
export function noHolder(what: string, failures: readonly VsError[]): VsError {
  const allLack = failures.every((failure) => failure.code === "object_missing");
  const reasons = failures.map((failure) => failure.message).join("; ") || "no holder is known";
  return new VsError(allLack ? "object_missing" : "peer_failed", `cannot fetch ${what}: ${reasons}`, {
    hint: "vsctl assets show says which nodes hold the asset, vsctl nodes list whether they are up",
  });
}

async function untilAborted(done: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<never>();
  const reject = (): void => {
    aborted.reject(signal.reason as Error);
  };
  signal.addEventListener("abort", reject, { once: true });
  try {
    await Promise.race([done, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", reject);
  }
}
