// The assets that may be moved, by the node that would give them up, and which of them fits best between two nodes.
// It remembers between which nodes nothing can move, so that ten thousand assets are not asked about again each time.
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
import type { MovableAsset, NodeRecord } from "../catalog/records.ts";
import { mayHold } from "./cluster.ts";
import type { NodeScales } from "./node-scales.ts";
import { isSpreadAsWide } from "./spread.ts";

export interface ShelfGround {
  readonly nodes: readonly NodeRecord[];
  readonly movable: ReadonlyMap<NodeId, readonly MovableAsset[]>;
}

export class MovableShelf {
  readonly #scales: NodeScales;
  readonly #nodes: ReadonlyMap<NodeId, NodeRecord>;
  /** The smallest first. What a move brings is not added: an asset goes on from a node only once it is there. */
  readonly #byNode: Map<NodeId, MovableAsset[]>;
  /** As the moves so far leave them. */
  readonly #homes = new Map<AssetId, readonly NodeId[]>();
  /** Between nodes where nothing fitted: no asset that is smaller than this may go, whatever the scales say. */
  readonly #smallest = new Map<NodeId, Map<NodeId, number>>();

  constructor({ nodes, movable }: ShelfGround, scales: NodeScales) {
    this.#scales = scales;
    this.#nodes = new Map(nodes.map((node) => [node.id, node]));
    this.#byNode = new Map([...movable].map(([nodeId, assets]) => [nodeId, giveable(nodeId, assets)]));
  }

  mayGive(from: NodeId): boolean {
    return (this.#byNode.get(from)?.length ?? 0) > 0;
  }

  /** The greatest asset that is not too great; else the one that is too great by the least; null: none may move. */
  bestFit(from: NodeRecord, to: NodeRecord): MovableAsset | null {
    const assets = this.#byNode.get(from.id) ?? [];
    if (assets.length === 0 || !this.#scales.mayMove(from, to, this.#smallestBetween(from.id, to.id))) return null;
    const fitting = countUpTo(assets, Math.round(this.#scales.idealBytes(from, to)));
    const mayGo = (asset: MovableAsset): boolean => this.#mayGo(asset, from.id, to);
    const isFit = (asset: MovableAsset): boolean => this.#scales.mayMove(from, to, asset.bytes) && mayGo(asset);
    const best = assets.slice(0, fitting).findLast(isFit) ?? assets.slice(fitting).find(isFit);
    if (best === undefined) this.#remember(from.id, to.id, assets.find(mayGo)?.bytes ?? Infinity);
    return best ?? null;
  }

  take(asset: MovableAsset, from: NodeId, to: NodeId): void {
    const assets = this.#byNode.get(from) ?? [];
    assets.splice(assets.indexOf(asset), 1);
    const staying = this.#homesOf(asset).filter((home) => home !== from);
    this.#homes.set(asset.assetId, [...staying, to]);
    for (const home of staying) this.#reopen(asset, home);
  }

  // Where its copies stand has changed, and with it where each may go.
  #reopen(asset: MovableAsset, home: NodeId): void {
    for (const [target, bytes] of this.#smallest.get(home) ?? []) {
      const to = this.#nodes.get(target);
      if (asset.bytes < bytes && to !== undefined && this.#mayGo(asset, home, to)) {
        this.#remember(home, target, asset.bytes);
      }
    }
  }

  #remember(from: NodeId, to: NodeId, bytes: number): void {
    const targets = this.#smallest.get(from) ?? new Map<NodeId, number>();
    this.#smallest.set(from, targets.set(to, bytes));
  }

  #smallestBetween(from: NodeId, to: NodeId): number {
    return this.#smallest.get(from)?.get(to) ?? 0;
  }

  /** Whatever the scales say. */
  #mayGo(asset: MovableAsset, from: NodeId, to: NodeRecord): boolean {
    const homes = this.#homesOf(asset);
    if (!homes.includes(from) || homes.includes(to.id) || !mayHold(asset, to)) return false;
    const before = homes.flatMap((home) => this.#nodes.get(home) ?? []);
    return isSpreadAsWide([...before.filter((node) => node.id !== from), to], before);
  }

  #homesOf(asset: MovableAsset): readonly NodeId[] {
    return this.#homes.get(asset.assetId) ?? asset.homes;
  }
}

function giveable(nodeId: NodeId, assets: readonly MovableAsset[]): MovableAsset[] {
  return assets
    .filter((asset) => asset.bytes > 0 && !asset.pins.includes(nodeId))
    .toSorted((one, other) => one.bytes - other.bytes || (one.assetId < other.assetId ? -1 : 1));
}

/** How many of the assets, the smallest first, take at most this much each. */
function countUpTo(assets: readonly MovableAsset[], bytes: number): number {
  let [low, high] = [0, assets.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((assets[middle]?.bytes ?? Infinity) <= bytes) low = middle + 1;
    else high = middle;
  }
  return low;
}
