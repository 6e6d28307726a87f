// How much each asset is watched in the whole cluster: what the nodes' newest heartbeats say, summed, and smoothed so
// that one busy moment makes no copies. Heartbeats cost nothing here but their own few entries.
import type { Clock } from "@vstream/core/clock.ts";
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
import type { AssetDemand } from "@vstream/core/media.ts";

/** What a node said counts for so long. */
const freshMs = 10_000;
/** In this time, a change of demand is seen to two thirds. */
const smoothingMs = 30_000;
/** Assets that are followed at the same time; the least watched are left out. */
const followedLimit = 2_000;
/** Below this an asset counts as not watched. */
const fewestBps = 1_000;

interface Said {
  readonly demand: readonly AssetDemand[];
  readonly atMs: number;
}

export class DemandMeter {
  readonly #clock: Clock;
  readonly #said = new Map<NodeId, Said>();
  #smoothed = new Map<AssetId, number>();
  #measuredMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#measuredMs = clock.monotonicMs();
  }

  hear(nodeId: NodeId, demand: readonly AssetDemand[]): void {
    this.#said.set(nodeId, { demand, atMs: this.#clock.monotonicMs() });
  }

  /** Bits a second that viewers take of each asset, over all nodes, smoothed. To be called every few seconds. */
  measure(): ReadonlyMap<AssetId, number> {
    const now = this.#clock.monotonicMs();
    const weight = 1 - Math.exp(-(now - this.#measuredMs) / smoothingMs);
    this.#measuredMs = now;
    const sums = this.#sum(now);
    const followed = [...new Set([...this.#smoothed.keys(), ...sums.keys()])]
      .map((assetId) => {
        const before = this.#smoothed.get(assetId) ?? 0;
        return [assetId, before + ((sums.get(assetId) ?? 0) - before) * weight] as const;
      })
      .filter(([, bps]) => bps >= fewestBps)
      .toSorted(([, one], [, other]) => other - one)
      .slice(0, followedLimit);
    this.#smoothed = new Map(followed);
    return this.#smoothed;
  }

  #sum(now: number): Map<AssetId, number> {
    const sums = new Map<AssetId, number>();
    for (const [nodeId, { demand, atMs }] of this.#said) {
      if (now - atMs > freshMs) this.#said.delete(nodeId);
      else for (const { assetId, egressBps } of demand) sums.set(assetId, (sums.get(assetId) ?? 0) + egressBps);
    }
    return sums;
  }
}
