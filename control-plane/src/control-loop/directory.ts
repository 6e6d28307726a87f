// The list of nodes as every node gets it: whom to trust, where to find them, who serves.
import type { NodeAddress } from "@vstream/core/media.ts";
import type { NodeRecord } from "../catalog/records.ts";

export function directoryOf(nodes: readonly NodeRecord[]): NodeAddress[] {
  return nodes
    .toSorted((one, other) => (one.id < other.id ? -1 : 1))
    .map(({ id, name, region, playbackUrl, peerUrl, health, scheduling }) => ({
      nodeId: id,
      name,
      region,
      playbackUrl,
      peerUrl,
      serving: health === "up" && scheduling !== "drained",
    }));
}

/** Whether agents would notice a difference. */
export function isSameDirectory(one: readonly NodeAddress[], other: readonly NodeAddress[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
