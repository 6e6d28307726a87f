// Which homes stay when there are more than wanted: a drain was called off, demand has fallen, or a pinned node is
// back. What is given up is what costs least to give up, and the choice is the same each time.
import type { NodeId } from "@vstream/core/ids.ts";
import type { NodeRecord } from "../catalog/records.ts";
import { holdsAll, isReceiving } from "./asset-facts.ts";
import type { AssetFacts } from "./asset-facts.ts";
import type { Cluster } from "./cluster.ts";
import { Spread } from "./spread.ts";

export interface KeepWish {
  readonly facts: AssetFacts;
  readonly cluster: Cluster;
  /** Homes that can stay, in serving order: the newest ones last. */
  readonly staying: readonly NodeId[];
  /** Nodes that become homes in any case; what stands where they do is given up first. */
  readonly joining: readonly NodeRecord[];
  readonly count: number;
}

/**
 * At most `count` of the homes: the one that the upload goes to, then pinned ones, then complete ones, then those in
 * a region and a zone that no other covers, then those that are not down, then the oldest.
 */
export function keepBest({ facts, cluster, staying, joining, count }: KeepWish): NodeId[] {
  const spread = new Spread(joining);
  const left = staying.flatMap((nodeId) => cluster.byId.get(nodeId) ?? []).map((node) => weigh(node, facts));
  const kept: NodeId[] = [];
  while (kept.length < count) {
    // Sorting is stable, so what is alike stays in the order of the list; in which the next look finds those that are
    // down at the end.
    const best = left.toSorted(
      (one, other) =>
        other.weight - one.weight || spread.compare(one.node, other.node) || isDown(one.node) - isDown(other.node),
    )[0];
    if (best === undefined) break;
    kept.push(best.node.id);
    spread.add(best.node);
    left.splice(left.indexOf(best), 1);
  }
  return kept;
}

interface Weighed {
  readonly node: NodeRecord;
  readonly weight: number;
}

function isDown({ health }: NodeRecord): number {
  return Number(health === "down");
}

function weigh(node: NodeRecord, facts: AssetFacts): Weighed {
  if (isReceiving(node.id, facts)) return { node, weight: 4 };
  const isPinned = facts.asset.pins.includes(node.id);
  return { node, weight: (isPinned ? 2 : 0) + (holdsAll(facts, node.id) ? 1 : 0) };
}
