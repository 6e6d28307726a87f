// Whether other nodes answer, by asking them: those that viewers here may be sent to, every two seconds, over the
// peer listener, with the control plane up or down. Bounded: nodes that nobody asked about for a while are forgotten.
import { LRUCache } from "lru-cache";
import type { Clock } from "@vstream/core/clock.ts";
import { asVsError } from "@vstream/core/errors.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import type { Logger } from "@vstream/core/log.ts";
import type { Peers } from "../replicate/peers.ts";
import type { NodeLoad } from "./choose-pathways.ts";

export const probeEveryMs = 2_000;
const probeLimitMs = 1_000;
/** Failures in a row after which a node counts as silent. */
const failuresToSilence = 2;
/** How long after the last request that it matters for a node is probed. */
const interestMs = 60_000;
const watchedLimit = 64;

/** unknown: not asked yet, or failed once and never answered. */
export const sightStates = ["unknown", "answers", "silent"] as const;

/** What was seen of a node from here. */
export interface Sight {
  readonly state: (typeof sightStates)[number];
  /** By its own word: it serves viewers. */
  readonly ready: boolean;
  /** Null: it never answered, or not of late. */
  readonly load: NodeLoad | null;
}

export interface PeerWatchDeps {
  readonly nodeId: NodeId;
  readonly peers: Pick<Peers, "getStatus">;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Watched {
  interestAtMs: number;
  failures: number;
  isAsked: boolean;
  sight: Sight;
}

const unseen: Sight = { state: "unknown", ready: true, load: null };

export class PeerWatch implements AsyncDisposable {
  readonly #deps: PeerWatchDeps;
  readonly #watched = new LRUCache<NodeId, Watched>({ max: watchedLimit });
  readonly #closing = new AbortController();
  readonly #rounds: Promise<void>;

  constructor(deps: PeerWatchDeps) {
    this.#deps = deps;
    this.#rounds = this.#run();
  }

  /** These nodes matter now. One that is new here is asked at once. */
  watch(nodeIds: readonly NodeId[]): void {
    const interestAtMs = this.#deps.clock.monotonicMs();
    for (const nodeId of nodeIds) {
      if (nodeId === this.#deps.nodeId) continue;
      const known = this.#watched.get(nodeId);
      if (known !== undefined) known.interestAtMs = interestAtMs;
      else {
        const watched = { interestAtMs, failures: 0, isAsked: false, sight: unseen };
        this.#watched.set(nodeId, watched);
        void this.#probe(nodeId, watched);
      }
    }
  }

  sightOf(nodeId: NodeId): Sight {
    return this.#watched.peek(nodeId)?.sight ?? unseen;
  }

  /** How many nodes are seen how. */
  counts(): Record<Sight["state"], number> {
    const counts = { unknown: 0, answers: 0, silent: 0 };
    for (const { sight } of this.#watched.values()) counts[sight.state] += 1;
    return counts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#rounds;
  }

  async #run(): Promise<void> {
    const { clock } = this.#deps;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await clock.sleep(probeEveryMs, signal).catch(() => undefined);
      const sinceMs = clock.monotonicMs() - interestMs;
      for (const [nodeId, watched] of [...this.#watched.entries()]) {
        if (watched.interestAtMs < sinceMs) this.#watched.delete(nodeId);
        else void this.#probe(nodeId, watched);
      }
    }
  }

  /** Never rejects. */
  async #probe(nodeId: NodeId, watched: Watched): Promise<void> {
    if (watched.isAsked || this.#isClosing()) return;
    watched.isAsked = true;
    try {
      const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(probeLimitMs)]);
      const { ready, load } = await this.#deps.peers.getStatus(nodeId, signal);
      this.#see(nodeId, watched, { state: "answers", ready, load });
      watched.failures = 0;
    } catch (thrown) {
      watched.failures += 1;
      if (watched.failures >= failuresToSilence && !this.#isClosing()) {
        this.#see(nodeId, watched, { state: "silent", ready: false, load: null }, asVsError(thrown).message);
      }
    } finally {
      watched.isAsked = false;
    }
  }

  #isClosing(): boolean {
    return this.#closing.signal.aborted;
  }

  #see(nodeId: NodeId, watched: Watched, sight: Sight, reason = ""): void {
    const before = watched.sight.state;
    watched.sight = sight;
    if (sight.state === before) return;
    if (sight.state === "silent") this.#deps.log.warn({ nodeId, reason }, "node does not answer");
    else if (before === "silent") this.#deps.log.info({ nodeId }, "node answers again");
  }
}
