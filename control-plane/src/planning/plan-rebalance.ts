// Which assets to move from the fullest nodes to the emptiest ones, so that all come to hold the same share of their
// capacity. Pure: what the catalog says of nodes and of assets that may move goes in, moves come out.
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
import type { MovableAsset, NodeRecord } from "../catalog/records.ts";
import { isSchedulable } from "./cluster.ts";
import { MovableShelf } from "./movable-shelf.ts";
import { NodeScales } from "./node-scales.ts";

export interface HomeMove {
  readonly assetId: AssetId;
  readonly title: string;
  readonly from: NodeId;
  readonly to: NodeId;
  readonly bytes: number;
  readonly reason: string;
}

export interface RebalanceGround {
  readonly nodes: readonly NodeRecord[];
  /** Of each node that is fuller than most; those that take most first. */
  readonly movable: ReadonlyMap<NodeId, readonly MovableAsset[]>;
  /** Bytes that moves under way will still bring to, or take from, a node. */
  readonly pending: ReadonlyMap<NodeId, number>;
  /** Nodes that are as full as each other to within this share are left alone, 0 to 1. */
  readonly tolerance: number;
  readonly limit: number;
}

/**
 * Moves, the most useful first. Each leaves its asset's homes in as many regions and zones as before, goes from a
 * fuller node to an emptier one, and leaves the emptier one no fuller than the other. A pinned home is never moved,
 * and no copy twice: should one have to go on, that is for the next plan, once it has arrived.
 */
export function planRebalance(ground: RebalanceGround): HomeMove[] {
  const scales = new NodeScales(ground.nodes, ground.pending);
  const shelf = new MovableShelf(ground, scales);
  const moves: HomeMove[] = [];
  while (moves.length < ground.limit) {
    const next = nextMove(scales, shelf, ground.tolerance);
    if (next === null) break;
    const { asset, from, to } = next;
    const { assetId, bytes, title } = asset;
    moves.push({ assetId, title, from: from.id, to: to.id, bytes, reason: reasonFor(next, scales) });
    scales.move(from.id, to.id, bytes);
    shelf.take(asset, from.id, to.id);
  }
  return moves;
}

interface Step {
  readonly asset: MovableAsset;
  readonly from: NodeRecord;
  readonly to: NodeRecord;
}

// The fullest and the emptiest first; others when no asset may go between these.
function nextMove(scales: NodeScales, shelf: MovableShelf, tolerance: number): Step | null {
  const fullestFirst = scales.fullestFirst();
  for (const from of fullestFirst) {
    const share = scales.shareOf(from.id);
    if (share - emptiest(scales) <= tolerance) return null;
    if (!shelf.mayGive(from.id)) continue;
    for (let place = fullestFirst.length - 1; place >= 0; place -= 1) {
      const to = fullestFirst[place];
      if (to === undefined || share - scales.shareOf(to.id) <= tolerance) break;
      if (!isSchedulable(to)) continue;
      const asset = shelf.bestFit(from, to);
      if (asset !== null) return { asset, from, to };
    }
  }
  return null;
}

function emptiest(scales: NodeScales): number {
  const node = scales.fullestFirst().at(-1);
  return node === undefined ? 0 : scales.shareOf(node.id);
}

function reasonFor({ from, to }: Step, scales: NodeScales): string {
  const percent = (node: NodeRecord): string => `${String(Math.round(scales.shareOf(node.id) * 100))} %`;
  return `evens out: ${from.name} was ${percent(from)} full, ${to.name} ${percent(to)}`;
}
