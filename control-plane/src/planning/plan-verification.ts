// Verification of copies is asked for by people and given out like any task. What planning adds: one that waits for a
// node that will not come back soon ends, so that it keeps nobody waiting and its asset comes to rest.
import type { AssetFacts } from "./asset-facts.ts";
import type { Cluster } from "./cluster.ts";
import type { Decision } from "./decisions.ts";
import { cancelTasks } from "./new-task.ts";

export function planVerification(facts: AssetFacts, cluster: Cluster): Decision[] {
  // Those of an asset that ends are ended with its other tasks.
  if (facts.asset.state === "deleting") return [];
  const unreachable = facts.view.openTasks.filter(({ kind, nodeId, state }) => {
    if (kind !== "verify" || state === "leased") return false;
    const node = nodeId === null ? undefined : cluster.byId.get(nodeId);
    if (node === undefined) return true;
    return node.health === "down" && cluster.at - node.healthSince >= cluster.settings.repairHoldMs;
  });
  return cancelTasks(unreachable, "its node is down");
}
