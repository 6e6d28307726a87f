// Which nodes an object is asked of, best first. Costs the same however many nodes there are.
import { LRUCache } from "lru-cache";
import type { Clock } from "@vstream/core/clock.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import type { NodeAddress } from "@vstream/core/media.ts";
import { nodeIn, servingIn } from "../replicate/directory-index.ts";
import type { Peers } from "../replicate/peers.ts";

/** How long a holder that failed is asked last. */
const avoidedMs = 10_000;
const rememberedFailures = 1000;
const askedHoldersLimit = 6;
/** Nodes that are no homes, of which the best are asked. */
const lookedAtLimit = 32;

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
  /** Where the look at other nodes begins. */
  #turn = 0;
  readonly #failedAtMs = new LRUCache<NodeId, number>({ max: rememberedFailures });

  constructor(deps: HolderOrderDeps) {
    this.#deps = deps;
  }

  /** @param homes asked before other serving nodes, which may have the object too */
  best(homes: readonly NodeId[]): NodeId[] {
    const sinceMs = this.#deps.clock.monotonicMs() - avoidedMs;
    const isAvoided = (nodeId: NodeId): boolean => (this.#failedAtMs.get(nodeId) ?? -Infinity) > sinceMs;
    const atHome = this.#inOrder([...new Set(homes)]);
    const well = atHome.filter((nodeId) => !isAvoided(nodeId));
    if (well.length >= askedHoldersLimit) return well.slice(0, askedHoldersLimit);
    const others = this.#inOrder(this.#someServing().filter((nodeId) => !homes.includes(nodeId)));
    const first = [...well, ...others.filter((nodeId) => !isAvoided(nodeId))];
    return [...first, ...atHome.filter(isAvoided), ...others.filter(isAvoided)].slice(0, askedHoldersLimit);
  }

  failed(nodeId: NodeId): void {
    this.#failedAtMs.set(nodeId, this.#deps.clock.monotonicMs());
  }

  answered(nodeId: NodeId): void {
    this.#failedAtMs.delete(nodeId);
  }

  // Nodes that may have the object by chance: some of them, other ones each time.
  #someServing(): NodeId[] {
    const serving = servingIn(this.#deps.peers.directory);
    if (serving.length <= lookedAtLimit) return serving.map((node) => node.nodeId);
    this.#turn = (this.#turn + lookedAtLimit) % serving.length;
    const { length } = serving;
    return Array.from({ length: lookedAtLimit }, (_, at) => serving[(this.#turn + at) % length]?.nodeId ?? []).flat();
  }

  #inOrder(nodeIds: readonly NodeId[]): NodeId[] {
    const { nodeId: self, peers, region, rankOf } = this.#deps;
    return nodeIds
      .flatMap((nodeId) => {
        const node = nodeIn(peers.directory, nodeId);
        if (node === undefined || nodeId === self) return [];
        return { nodeId, rank: rankOf?.(nodeId) ?? rankByDirectory(node, region) };
      })
      .sort((one, other) => one.rank - other.rank)
      .map(({ nodeId }) => nodeId);
  }
}

// A node that is heard goes before one that is not, wherever they are.
function rankByDirectory(node: NodeAddress, region: string): number {
  const health = { up: 0, suspect: 2, down: 4 } as const;
  return health[node.health] + (node.region === region ? 0 : 1);
}
