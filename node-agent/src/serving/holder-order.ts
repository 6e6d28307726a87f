// Which nodes an object is asked of, best first.
import { LRUCache } from "lru-cache";
import type { Clock } from "@vstream/core/clock.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import type { NodeAddress } from "@vstream/core/media.ts";
import type { Peers } from "../replicate/peers.ts";

/** How long a holder that failed is asked last. */
const avoidedMs = 10_000;
const rememberedFailures = 1000;
const askedHoldersLimit = 6;

export interface HolderOrderDeps {
  readonly nodeId: NodeId;
  readonly region: string;
  readonly peers: Pick<Peers, "directory">;
  /** How well a node answers from here, by its health, load and region: lower is better. By the directory unless given. */
  readonly rankOf?: (nodeId: NodeId) => number;
  readonly clock: Clock;
}

export class HolderOrder {
  readonly #deps: HolderOrderDeps;
  readonly #failedAtMs = new LRUCache<NodeId, number>({ max: rememberedFailures });

  constructor(deps: HolderOrderDeps) {
    this.#deps = deps;
  }

  /** @param homes asked before every other serving node, which may have the object too */
  best(homes: readonly NodeId[]): NodeId[] {
    const { nodeId: self, peers, clock } = this.#deps;
    const directory = new Map(peers.directory.map((node) => [node.nodeId, node]));
    const serving = [...directory.values()].filter((node) => node.serving).map((node) => node.nodeId);
    const sinceMs = clock.monotonicMs() - avoidedMs;
    const weigh = (nodeId: NodeId): readonly number[] => [
      (this.#failedAtMs.get(nodeId) ?? -Infinity) > sinceMs ? 1 : 0,
      homes.includes(nodeId) ? 0 : 1,
      this.#deps.rankOf?.(nodeId) ?? rankByDirectory(directory.get(nodeId), this.#deps.region),
    ];
    return [...new Set([...homes, ...serving])]
      .filter((nodeId) => nodeId !== self && directory.has(nodeId))
      .map((nodeId) => ({ nodeId, weights: weigh(nodeId) }))
      .sort((one, other) => compare(one.weights, other.weights))
      .slice(0, askedHoldersLimit)
      .map(({ nodeId }) => nodeId);
  }

  failed(nodeId: NodeId): void {
    this.#failedAtMs.set(nodeId, this.#deps.clock.monotonicMs());
  }

  answered(nodeId: NodeId): void {
    this.#failedAtMs.delete(nodeId);
  }
}

// A node that is heard goes before one that is not, wherever they are.
function rankByDirectory(node: NodeAddress | undefined, region: string): number {
  const health = { up: 0, suspect: 2, down: 4 } as const;
  return node === undefined ? 5 : health[node.health] + (node.region === region ? 0 : 1);
}

function compare(one: readonly number[], other: readonly number[]): number {
  for (const [at, weight] of one.entries()) {
    const difference = weight - (other[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
