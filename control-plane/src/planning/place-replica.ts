// Which nodes are to hold an asset, and why each. Pinned nodes first, then spread over regions, then over zones, then
// where load and disk leave the most room and few other assets are; two nodes that are alike are told apart by a hash,
// so that the choice is the same each time and even over many assets.
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
import type { Load } from "@vstream/core/media.ts";
import type { NodeRecord } from "../catalog/records.ts";
import { isSchedulable, mayHold } from "./cluster.ts";
import type { PromisedHomes } from "./promised-homes.ts";
import { Spread } from "./spread.ts";

export interface PlacementWish {
  readonly assetId: AssetId;
  /** Empty: any. */
  readonly regions: readonly string[];
  /** Chosen before all others, whatever their region. */
  readonly pins: readonly NodeId[];
  /** How many more homes to choose. */
  readonly count: number;
  /** What the asset takes on each of them. */
  readonly bytes: number;
  /** Nodes that are homes already and stay so: not chosen again, and their regions and zones come last. */
  readonly staying: readonly NodeId[];
  /** Nodes not to be chosen. */
  readonly except: readonly NodeId[];
  /** The first that is chosen is also the one to upload to; its reason says so. */
  readonly forUpload?: boolean;
}

export interface PlacementGround {
  readonly nodes: readonly NodeRecord[];
  readonly homeCounts: ReadonlyMap<NodeId, number>;
  /** From heartbeats; a node that is missing here counts as idle. */
  readonly loads: ReadonlyMap<NodeId, Load>;
  /** What comes on top of what the nodes hold and of their homes; none: nothing. */
  readonly promised?: PromisedHomes;
}

export interface PlacedHome {
  readonly nodeId: NodeId;
  /** For people. */
  readonly reason: string;
}

/** At most `count` nodes, the best first; fewer when there are not as many with room. */
export function placeHomes(wish: PlacementWish, ground: PlacementGround): PlacedHome[] {
  if (wish.count <= 0) return [];
  const spread = new Spread(ground.nodes.filter((node) => wish.staying.includes(node.id)));
  const candidates = candidatesFor(wish, ground).map((node) => rank(node, wish, ground));
  const chosen: PlacedHome[] = [];
  while (chosen.length < wish.count) {
    const best = bestOf(candidates, spread);
    if (best === undefined) break;
    const reason = reasonFor(best, candidates, spread);
    const receives = wish.forUpload === true && chosen.length === 0;
    chosen.push({ nodeId: best.node.id, reason: receives ? `receives the upload; ${reason}` : reason });
    spread.add(best.node);
    candidates.splice(candidates.indexOf(best), 1);
  }
  return chosen;
}

function bestOf(candidates: readonly Ranked[], spread: Spread): Ranked | undefined {
  let best = candidates[0];
  for (const one of candidates) if (best !== undefined && compare(one, best, spread) < 0) best = one;
  return best;
}

/** Nodes that may take the asset and have the room. */
export function candidatesFor(
  wish: Pick<PlacementWish, "regions" | "pins" | "bytes" | "staying" | "except">,
  { nodes, promised }: Pick<PlacementGround, "nodes" | "promised">,
): NodeRecord[] {
  const taken = new Set([...wish.staying, ...wish.except]);
  return nodes.filter(
    (node) =>
      isSchedulable(node) &&
      !taken.has(node.id) &&
      mayHold(wish, node) &&
      node.capacityBytes - node.usedBytes - (promised?.bytesOn(node.id) ?? 0) >= wish.bytes,
  );
}

interface Ranked {
  readonly node: NodeRecord;
  readonly isPinned: boolean;
  readonly usedShare: number;
  readonly pressure: number;
  readonly homesPerByte: number;
  readonly tieBreak: number;
}

function rank(node: NodeRecord, wish: PlacementWish, { homeCounts, loads, promised }: PlacementGround): Ranked {
  const capacity = Math.max(node.capacityBytes, 1);
  const usedShare = (node.usedBytes + (promised?.bytesOn(node.id) ?? 0)) / capacity;
  const homes = (homeCounts.get(node.id) ?? 0) + (promised?.homesOn(node.id) ?? 0);
  return {
    node,
    isPinned: wish.pins.includes(node.id),
    usedShare,
    pressure: pressureOf(usedShare, loads.get(node.id)),
    homesPerByte: homes / capacity,
    tieBreak: hashOf(`${wish.assetId} ${node.id}`),
  };
}

// Tenths of the disk that are used, and quarters of the processor or of what may be sent: so coarse that small
// differences do not matter. Added up, because either alone would in time fill the disks of whoever has no viewers, or
// send all viewers to whoever has an empty disk.
function pressureOf(usedShare: number, load: Load | undefined): number {
  return Math.floor(usedShare * 10) + Math.floor(busyShare(load) * 4);
}

/** The greater share of the processor and of what the operator lets it send, 0 to 1. */
function busyShare(load: Load | undefined): number {
  if (load === undefined) return 0;
  const sending = load.egressLimitBps > 0 ? load.egressBps / load.egressLimitBps : 0;
  return Math.min(1, Math.max(sending, load.processor));
}

function compare(one: Ranked, other: Ranked, spread: Spread): number {
  return (
    Number(other.isPinned) - Number(one.isPinned) ||
    spread.compare(one.node, other.node) ||
    one.pressure - other.pressure ||
    one.homesPerByte - other.homesPerByte ||
    one.tieBreak - other.tieBreak ||
    (one.node.id < other.node.id ? -1 : 1)
  );
}

function reasonFor(best: Ranked, candidates: readonly Ranked[], spread: Spread): string {
  const { region, zone } = best.node;
  if (best.isPinned) return "pinned";
  if (spread.inRegionOf(best.node) === 0) return `first in region ${region}`;
  if (zone !== "" && spread.inZoneOf(best.node) === 0) return `zone ${zone} of ${region} has no copy yet`;
  const isEmptiest = candidates.every((rival) => rival.node.region !== region || rival.usedShare >= best.usedShare);
  const used = `${String(Math.round(best.usedShare * 100))} % used`;
  return `${isEmptiest ? "emptiest" : "most room for disk and load"} of ${region}: ${used}`;
}

// FNV-1a, with MurmurHash3's finish, because the last characters alone hardly change FNV's high bits.
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
