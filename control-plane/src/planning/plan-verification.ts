// Verification of copies is asked for by people and given out like any task. What planning adds: one that waits for a
// node that will not come back soon, or is being emptied, ends, so that it keeps nobody waiting and its asset comes to
// rest.
import type { NodeRecord, TaskRecord } from "../catalog/records.ts";
import type { AssetFacts } from "./asset-facts.ts";
import type { Cluster } from "./cluster.ts";
import type { Decision } from "./decisions.ts";
import { cancelTasks } from "./new-task.ts";

export function planVerification(facts: AssetFacts, cluster: Cluster): Decision[] {
  // Those of an asset that ends are ended with its other tasks.
  if (facts.asset.state === "deleting") return [];
  const waiting = facts.view.openTasks.filter(({ kind, state }) => kind === "verify" && state !== "leased");
  const nodeOf = ({ nodeId }: TaskRecord): NodeRecord | undefined =>
    nodeId === null ? undefined : cluster.byId.get(nodeId);
  const emptied = waiting.filter((task) => nodeOf(task)?.scheduling === "draining");
  const unreachable = waiting.filter((task) => {
    const node = nodeOf(task);
    if (node === undefined) return true;
    return node.health === "down" && cluster.at - node.healthSince >= cluster.settings.repairHoldMs;
  });
  return [
    ...cancelTasks(emptied, "its node is being drained"),
    ...cancelTasks(
      unreachable.filter((task) => !emptied.includes(task)),
      "its node is down",
    ),
  ];
}
