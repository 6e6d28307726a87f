// Whether other nodes answer, by asking them: those that viewers here may be sent to, every two seconds, over the
// peer listener, with the control plane up or down. Bounded: nodes that nobody asked about for a while are let be, none
// is asked more often because many want to know, and only so many are asked at one time.
import { LRUCache } from "lru-cache";
import PQueue from "p-queue";
import type { Clock } from "@vstream/core/clock.ts";
import { asVsError } from "@vstream/core/errors.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import type { Logger } from "@vstream/core/log.ts";
import { nodeIn } from "../replicate/directory-index.ts";
import type { Peers } from "../replicate/peers.ts";
import { soundLoad } from "./choose-pathways.ts";
import type { NodeLoad } from "./choose-pathways.ts";

export const probeEveryMs = 2_000;
/** A timer may wake a little early: a round is not left out for that. */
const earlyMs = 20;
const probeLimitMs = 1_000;
const probesAtOnce = 16;
/** Failures in a row after which a node counts as silent. */
const failuresToSilence = 2;
/** How long after the last request that it matters for a node is probed. */
const interestMs = 60_000;
/** More than a directory names. */
const watchedLimit = 1_000;

/** unknown: not asked yet, or failed once and never answered. */
export const sightStates = ["unknown", "answers", "silent"] as const;

/** What was seen of a node from here. */
export interface Sight {
  readonly state: (typeof sightStates)[number];
  /** By its own word: it serves viewers. */
  readonly ready: boolean;
  /** Null: it never answered, not of late, or did not say. */
  readonly load: NodeLoad | null;
}

export interface PeerWatchDeps {
  readonly nodeId: NodeId;
  readonly peers: Pick<Peers, "getStatus" | "directory">;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Seen {
  failures: number;
  askedAtMs: number;
  /** Being asked, or waiting for its turn. */
  isAsked: boolean;
  sight: Sight;
}

const unseen: Sight = { state: "unknown", ready: true, load: null };

export class PeerWatch implements AsyncDisposable {
  readonly #deps: PeerWatchDeps;
  /** When each node that is watched mattered last. */
  readonly #interestAtMs = new LRUCache<NodeId, number>({ max: watchedLimit });
  /** What was seen of these, and of those that failed when they mattered last: they are not taken for new. */
  readonly #seen = new LRUCache<NodeId, Seen>({ max: 2 * watchedLimit });
  readonly #probes = new PQueue({ concurrency: probesAtOnce });
  readonly #closing = new AbortController();
  readonly #rounds: Promise<void>;

  constructor(deps: PeerWatchDeps) {
    this.#deps = deps;
    this.#rounds = this.#run();
  }

  /** These nodes matter now, as far as the directory names them. One that is new here is asked at once. */
  watch(nodeIds: readonly NodeId[]): void {
    const nowMs = this.#deps.clock.monotonicMs();
    for (const nodeId of nodeIds) {
      if (nodeId === this.#deps.nodeId || nodeIn(this.#deps.peers.directory, nodeId) === undefined) continue;
      const isNew = !this.#interestAtMs.has(nodeId);
      this.#interestAtMs.set(nodeId, nowMs);
      if (isNew) this.#ask(nodeId);
    }
  }

  sightOf(nodeId: NodeId): Sight {
    if (!this.#interestAtMs.has(nodeId)) return unseen;
    return this.#seen.peek(nodeId)?.sight ?? unseen;
  }

  /** How many nodes are seen how. */
  counts(): Record<Sight["state"], number> {
    const counts = { unknown: 0, answers: 0, silent: 0 };
    for (const nodeId of this.#interestAtMs.keys()) counts[this.sightOf(nodeId).state] += 1;
    return counts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#probes.clear();
    await this.#rounds;
  }

  async #run(): Promise<void> {
    const { clock, peers } = this.#deps;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await clock.sleep(probeEveryMs, signal).catch(() => undefined);
      const sinceMs = clock.monotonicMs() - interestMs;
      for (const [nodeId, interestAtMs] of [...this.#interestAtMs.entries()]) {
        const isNamed = nodeIn(peers.directory, nodeId) !== undefined;
        if (isNamed && interestAtMs >= sinceMs) this.#ask(nodeId);
        else this.#forget(nodeId);
      }
    }
  }

  #forget(nodeId: NodeId): void {
    this.#interestAtMs.delete(nodeId);
    if (this.#seen.peek(nodeId)?.failures === 0) this.#seen.delete(nodeId);
  }

  #ask(nodeId: NodeId): void {
    const nowMs = this.#deps.clock.monotonicMs();
    const seen = this.#seen.get(nodeId) ?? { failures: 0, askedAtMs: -Infinity, isAsked: false, sight: unseen };
    if (this.#isClosing() || seen.isAsked || nowMs - seen.askedAtMs < probeEveryMs - earlyMs) return;
    this.#seen.set(nodeId, seen);
    seen.isAsked = true;
    seen.askedAtMs = nowMs;
    // The silent hold up the others, for each takes as long as it may.
    const priority = seen.failures === 0 ? 1 : 0;
    void this.#probes.add(() => this.#probe(nodeId, seen), { priority });
  }

  /** Never rejects. */
  async #probe(nodeId: NodeId, seen: Seen): Promise<void> {
    try {
      const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(probeLimitMs)]);
      const { ready, load } = await this.#deps.peers.getStatus(nodeId, signal);
      this.#see(nodeId, seen, { state: "answers", ready, load: soundLoad(load) });
      seen.failures = 0;
    } catch (thrown) {
      seen.failures += 1;
      if (seen.failures >= failuresToSilence && !this.#isClosing()) {
        this.#see(nodeId, seen, { state: "silent", ready: false, load: null }, asVsError(thrown).message);
      }
    } finally {
      seen.isAsked = false;
    }
  }

  #isClosing(): boolean {
    return this.#closing.signal.aborted;
  }

  #see(nodeId: NodeId, seen: Seen, sight: Sight, reason = ""): void {
    const before = seen.sight.state;
    seen.sight = sight;
    if (sight.state === before) return;
    if (sight.state === "silent") this.#deps.log.warn({ nodeId, reason }, "node does not answer");
    else if (before === "silent") this.#deps.log.info({ nodeId }, "node answers again");
  }
}
