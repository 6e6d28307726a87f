// What the decisions of one round of planning have promised so far: homes, and the bytes that will come to them. The
// snapshot does not show it yet; without it, every asset of a round would choose the node that was emptiest before.
import type { NodeId } from "@vstream/core/ids.ts";

export class PromisedHomes {
  readonly #homes = new Map<NodeId, number>();
  readonly #bytes = new Map<NodeId, number>();

  add(nodeId: NodeId, bytes: number): void {
    this.#homes.set(nodeId, this.homesOn(nodeId) + 1);
    this.#bytes.set(nodeId, this.bytesOn(nodeId) + bytes);
  }

  homesOn(nodeId: NodeId): number {
    return this.#homes.get(nodeId) ?? 0;
  }

  bytesOn(nodeId: NodeId): number {
    return this.#bytes.get(nodeId) ?? 0;
  }
}
