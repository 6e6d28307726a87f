// An object that this node lacks, read from a node that has it and checked before anybody sees it. Kept in the
// store's bounded cache, never as a copy that counts.
import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Clock } from "@vstream/core/clock.ts";
import { VsError, asVsError } from "@vstream/core/errors.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import type { Logger } from "@vstream/core/log.ts";
import type { ObjectRef } from "@vstream/core/media.ts";
import type { Peers } from "../replicate/peers.ts";
import type { Store } from "../store/store.ts";

/** For one holder: below the player's patience with this node (2.5 s to the first byte). */
const holderLimitMs = 2_000;
/** How long a holder that failed is asked last. */
const avoidedMs = 10_000;
const askedHoldersLimit = 6;

export interface PullDeps {
  readonly nodeId: NodeId;
  readonly store: Pick<Store, "putCached">;
  readonly peers: Pick<Peers, "directory" | "readRange">;
  readonly clock: Clock;
  readonly log: Logger;
}

export class PullThrough {
  readonly #deps: PullDeps;
  readonly #failedAtMs = new LRUCache<NodeId, number>({ max: 1000 });

  constructor(deps: PullDeps) {
    this.#deps = deps;
  }

  /**
   * The object's bytes, with the right hash.
   * @param homes asked first, then every other serving node
   * @throws VsError object_missing when nobody has it right
   */
  async fetch(object: ObjectRef, homes: readonly NodeId[], signal: AbortSignal): Promise<Buffer> {
    const failures: string[] = [];
    for (const holder of this.#inOrder(homes)) {
      signal.throwIfAborted();
      try {
        const bytes = await this.#readFrom(holder, object, signal);
        this.#failedAtMs.delete(holder);
        await this.#keep(object, bytes);
        return bytes;
      } catch (thrown) {
        const { code, message } = asVsError(thrown);
        if (code !== "object_missing") this.#failedAtMs.set(holder, this.#deps.clock.monotonicMs());
        failures.push(`${holder}: ${message}`);
      }
    }
    throw new VsError("object_missing", `no node gave the object ${object.sha256} (${failures.join("; ")})`, {
      hint: "vsctl assets show says where the asset stands",
    });
  }

  async #readFrom(holder: NodeId, object: ObjectRef, signal: AbortSignal): Promise<Buffer> {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(holderLimitMs)]);
    const bytes = await this.#deps.peers.readRange(holder, object, { start: 0, end: object.bytes }, limited);
    if (createHash("sha256").update(bytes).digest("hex") === object.sha256) return bytes;
    this.#deps.log.warn({ nodeId: holder, sha256: object.sha256 }, "peer gave wrong bytes");
    throw new VsError("object_corrupt", "wrong bytes");
  }

  #inOrder(homes: readonly NodeId[]): NodeId[] {
    const serving = this.#deps.peers.directory.filter((node) => node.serving).map((node) => node.nodeId);
    const all = [...new Set([...homes, ...serving])].filter((nodeId) => nodeId !== this.#deps.nodeId);
    const sinceMs = this.#deps.clock.monotonicMs() - avoidedMs;
    const avoided = (nodeId: NodeId): number => ((this.#failedAtMs.get(nodeId) ?? -Infinity) > sinceMs ? 1 : 0);
    return all.sort((one, other) => avoided(one) - avoided(other)).slice(0, askedHoldersLimit);
  }

  async #keep(object: ObjectRef, bytes: Buffer): Promise<void> {
    try {
      await this.#deps.store.putCached(object, bytes);
    } catch (err) {
      this.#deps.log.warn({ err, sha256: object.sha256 }, "pulled object not kept");
    }
  }
}
