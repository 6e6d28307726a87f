// How full each node is, by its share of its own capacity, and how that changes as assets are moved. Only nodes that
// are up and stay in the cluster are weighed: what the others hold is the concern of repair and of draining.
import type { NodeId } from "@vstream/core/ids.ts";
import type { NodeRecord } from "../catalog/records.ts";
import { isLeaving } from "./cluster.ts";

export class NodeScales {
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
  }

  /** Of what all nodes together have room for; moves do not change it. */
  get meanShare(): number {
    return this.#meanShare;
  }

  /** The fullest node's share over the emptiest one's, 0 to 1; 0 with fewer than two nodes. */
  get unevenness(): number {
    const shares = [...this.#nodes.keys()].map((nodeId) => this.shareOf(nodeId));
    return shares.length === 0 ? 0 : Math.max(...shares) - Math.min(...shares);
  }

  fullestFirst(): NodeRecord[] {
    return [...this.#nodes.values()].toSorted(
      (one, other) => this.shareOf(other.id) - this.shareOf(one.id) || (one.id < other.id ? -1 : 1),
    );
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
    this.#usedBytes.set(from, this.#used(from) - bytes);
    this.#usedBytes.set(to, this.#used(to) + bytes);
  }

  #used(nodeId: NodeId): number {
    return this.#usedBytes.get(nodeId) ?? 0;
  }
}
