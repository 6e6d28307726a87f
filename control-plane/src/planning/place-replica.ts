// Which nodes are to hold an asset. Spread over regions first, then where there is room and few other assets; two
// nodes that are alike are told apart by a hash, so that the choice is the same each time and even over many assets.
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
import type { NodeRecord } from "../catalog/records.ts";
import { isInRegions, isSchedulable } from "./cluster.ts";

export interface PlacementWish {
  readonly assetId: AssetId;
  /** Empty: any. */
  readonly regions: readonly string[];
  /** How many more homes to choose. */
  readonly count: number;
  /** What the asset takes on each of them. */
  readonly bytes: number;
  /** Nodes that are homes already and stay so: not chosen again, and their regions come last. */
  readonly staying: readonly NodeId[];
  /** Nodes not to be chosen. */
  readonly except: readonly NodeId[];
}

export interface PlacementGround {
  readonly nodes: readonly NodeRecord[];
  readonly homeCounts: ReadonlyMap<NodeId, number>;
}

/** At most `count` nodes, the best first; fewer when there are not as many with room. */
export function placeHomes(wish: PlacementWish, ground: PlacementGround): NodeId[] {
  const byId = new Map(ground.nodes.map((node) => [node.id, node]));
  const regionsUsed = wish.staying.flatMap((nodeId) => byId.get(nodeId)?.region ?? []);
  const candidates = candidatesFor(wish, ground.nodes).map((node) => rank(node, wish, ground));
  const chosen: NodeId[] = [];
  while (chosen.length < wish.count) {
    const best = candidates.toSorted((one, other) => compare(one, other, regionsUsed))[0];
    if (best === undefined) break;
    chosen.push(best.node.id);
    regionsUsed.push(best.node.region);
    candidates.splice(candidates.indexOf(best), 1);
  }
  return chosen;
}

/** Nodes that may take the asset and have the room. */
export function candidatesFor(wish: PlacementWish, nodes: readonly NodeRecord[]): NodeRecord[] {
  const taken = new Set([...wish.staying, ...wish.except]);
  return nodes.filter(
    (node) =>
      isSchedulable(node) &&
      !taken.has(node.id) &&
      isInRegions(wish, node) &&
      node.capacityBytes - node.usedBytes >= wish.bytes,
  );
}

interface Ranked {
  readonly node: NodeRecord;
  /** Tenths of its capacity that are used: small differences do not matter. */
  readonly fullness: number;
  readonly homesPerByte: number;
  readonly tieBreak: number;
}

function rank(node: NodeRecord, wish: PlacementWish, ground: PlacementGround): Ranked {
  const capacity = Math.max(node.capacityBytes, 1);
  return {
    node,
    fullness: Math.floor((node.usedBytes / capacity) * 10),
    homesPerByte: (ground.homeCounts.get(node.id) ?? 0) / capacity,
    tieBreak: hashOf(`${wish.assetId} ${node.id}`),
  };
}

function compare(one: Ranked, other: Ranked, regionsUsed: readonly string[]): number {
  const uses = (ranked: Ranked): number => regionsUsed.filter((region) => region === ranked.node.region).length;
  return (
    uses(one) - uses(other) ||
    one.fullness - other.fullness ||
    one.homesPerByte - other.homesPerByte ||
    one.tieBreak - other.tieBreak ||
    (one.node.id < other.node.id ? -1 : 1)
  );
}

// FNV-1a, with MurmurHash3's finish, because the last characters alone hardly change FNV's high bits.
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
