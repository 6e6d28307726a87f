// Whether a home has the room for what it still lacks. One that has not would be waited for for ever.
import type { NodeId } from "@vstream/core/ids.ts";
import { bytesOf } from "@vstream/core/media.ts";
import type { NodeRecord } from "../catalog/records.ts";
import { copiesOf } from "./asset-facts.ts";
import type { AssetFacts } from "./asset-facts.ts";
import type { Cluster } from "./cluster.ts";
import { isForEveryHome } from "./keep-source.ts";

/** Only of a node that is up: what others say of their disks is old. */
export function lacksRoom(node: NodeRecord, facts: AssetFacts): boolean {
  if (node.health !== "up") return false;
  const bytes = bytesLacking(node.id, facts);
  return bytes > 0 && node.capacityBytes - node.usedBytes < bytes;
}

/** Whether a move waits for room that no node has: it is not under way, and what was to leave stays meanwhile. */
export function isStalledMove(facts: AssetFacts, cluster: Cluster): boolean {
  const { homes, leavingHomes, replicasWanted } = facts.asset;
  if (leavingHomes.length === 0) return false;
  const takers = homes
    .filter((nodeId) => !leavingHomes.includes(nodeId))
    .flatMap((nodeId) => cluster.byId.get(nodeId) ?? [])
    .filter((node) => !lacksRoom(node, facts));
  return takers.length < replicasWanted;
}

// What is being copied there now had room when it began, and part of it counts as used already. What nobody has cannot
// be copied.
function bytesLacking(nodeId: NodeId, facts: AssetFacts): number {
  const arriving = new Set(
    facts.view.openTasks
      .filter((task) => task.kind === "replicate" && task.state === "leased" && task.nodeId === nodeId)
      .map((task) => task.pieceId),
  );
  let bytes = 0;
  for (const piece of facts.pieces.values()) {
    const holders = copiesOf(facts, piece.id);
    if (!isForEveryHome(facts.asset, piece.id)) continue;
    if (holders.length === 0 || holders.includes(nodeId) || arriving.has(piece.id)) continue;
    bytes += bytesOf(piece.content);
  }
  return bytes;
}
