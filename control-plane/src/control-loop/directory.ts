// The list of nodes as every node gets it: whom to trust, where to find them, how they are.
import type { NodeId } from "@vstream/core/ids.ts";
import type { NodeAddress } from "@vstream/core/media.ts";
import type { NodeRecord } from "../catalog/records.ts";

export function directoryOf(nodes: readonly NodeRecord[]): NodeAddress[] {
  return nodes.toSorted((one, other) => (one.id < other.id ? -1 : 1)).map(addressOf);
}

/** Whether agents would notice a difference between what they were told and these. Asked at every look, so it is quick. */
export function isTold(nodes: readonly NodeRecord[], told: ReadonlyMap<NodeId, NodeAddress>): boolean {
  if (nodes.length !== told.size) return false;
  return nodes.every((node) => {
    const before = told.get(node.id);
    return before !== undefined && shown.every((field) => before[field] === node[field]);
  });
}

/** What an address takes from a node as it is; the rest follows from it. */
const shown = ["name", "region", "zone", "playbackUrl", "peerUrl", "health", "scheduling"] as const;

function addressOf(node: NodeRecord): NodeAddress {
  const { id, name, region, zone, playbackUrl, peerUrl, health, scheduling } = node;
  const serving = health === "up" && scheduling !== "drained";
  return { nodeId: id, name, region, zone, playbackUrl, peerUrl, serving, health, scheduling };
}
