// How full each node is, by its share of its own capacity, and how that changes as assets are moved. Only nodes that
// are up and stay in the cluster are weighed: what the others hold is the concern of repair and of draining.
import type { NodeId } from "@vstream/core/ids.ts";
import type { NodeRecord } from "../catalog/records.ts";
import { isLeaving } from "./cluster.ts";

export class NodeScales {
  /** Kept in this order from move to move: with many nodes and moves, sorting anew would take longest of all. */
  readonly #fullestFirst: NodeRecord[];
  readonly #nodes: ReadonlyMap<NodeId, NodeRecord>;
  readonly #usedBytes: Map<NodeId, number>;
  readonly #meanShare: number;

  /** @param pending bytes that are still to come to, or to go from, a node */
  constructor(nodes: readonly NodeRecord[], pending: ReadonlyMap<NodeId, number>) {
    const weighed = nodes.filter((node) => node.health === "up" && !isLeaving(node) && node.capacityBytes > 0);
    this.#nodes = new Map(weighed.map((node) => [node.id, node]));
    this.#usedBytes = new Map(weighed.map((node) => [node.id, node.usedBytes + (pending.get(node.id) ?? 0)]));
    const capacity = weighed.reduce((sum, node) => sum + node.capacityBytes, 0);
    const used = [...this.#usedBytes.values()].reduce((sum, bytes) => sum + bytes, 0);
    this.#meanShare = capacity === 0 ? 0 : used / capacity;
    this.#fullestFirst = weighed.toSorted((one, other) => this.#compare(one, other));
  }

  /** Of what all nodes together have room for; moves do not change it. */
  get meanShare(): number {
    return this.#meanShare;
  }

  /** The fullest node's share over the emptiest one's, 0 to 1; 0 with fewer than two nodes. */
  get unevenness(): number {
    const [fullest, emptiest] = [this.#fullestFirst[0], this.#fullestFirst.at(-1)];
    return fullest === undefined || emptiest === undefined ? 0 : this.shareOf(fullest.id) - this.shareOf(emptiest.id);
  }

  /** As it is now; the next move changes it. */
  fullestFirst(): readonly NodeRecord[] {
    return this.#fullestFirst;
  }

  /** 0 for a node that is not weighed. */
  shareOf(nodeId: NodeId): number {
    return this.#used(nodeId) / (this.#nodes.get(nodeId)?.capacityBytes ?? 1);
  }

  /** Whether the room is there, and the one that takes is then no fuller than the one that gives. */
  mayMove(from: NodeRecord, to: NodeRecord, bytes: number): boolean {
    const taken = this.#used(to.id) + bytes;
    const left = this.#used(from.id) - bytes;
    return taken <= to.capacityBytes && taken / to.capacityBytes <= left / from.capacityBytes;
  }

  /** Moving this many bytes brings neither of the two past the mean, nor past the other: nothing has to move again. */
  idealBytes(from: NodeRecord, to: NodeRecord): number {
    const [full, empty] = [this.shareOf(from.id), this.shareOf(to.id)];
    const level = (full - empty) / (1 / from.capacityBytes + 1 / to.capacityBytes);
    const excess = (full - this.#meanShare) * from.capacityBytes;
    const deficit = (this.#meanShare - empty) * to.capacityBytes;
    return Math.min(level, excess, deficit);
  }

  move(from: NodeId, to: NodeId, bytes: number): void {
    this.#setUsed(from, this.#used(from) - bytes);
    this.#setUsed(to, this.#used(to) + bytes);
  }

  #setUsed(nodeId: NodeId, bytes: number): void {
    const node = this.#nodes.get(nodeId);
    if (node === undefined) return;
    this.#fullestFirst.splice(this.#placeOf(node), 1);
    this.#usedBytes.set(nodeId, bytes);
    this.#fullestFirst.splice(this.#placeOf(node), 0, node);
  }

  /** Where it stands in the order, or would stand. */
  #placeOf(node: NodeRecord): number {
    let [low, high] = [0, this.#fullestFirst.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#fullestFirst[middle];
      if (other !== undefined && this.#compare(other, node) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #compare(one: NodeRecord, other: NodeRecord): number {
    if (one.id === other.id) return 0;
    return this.shareOf(other.id) - this.shareOf(one.id) || (one.id < other.id ? -1 : 1);
  }

  #used(nodeId: NodeId): number {
    return this.#usedBytes.get(nodeId) ?? 0;
  }
}
