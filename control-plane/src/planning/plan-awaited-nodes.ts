// What only one node can do, and waits for it: to read its copies again, or to delete some. It ends when the node will
// not come back soon, or is being emptied, so that it keeps nobody waiting and its asset comes to rest.
import type { NodeRecord, TaskRecord } from "../catalog/records.ts";
import type { AssetFacts } from "./asset-facts.ts";
import { isDownForTheHold } from "./cluster.ts";
import type { Cluster } from "./cluster.ts";
import type { Decision } from "./decisions.ts";
import { cancelTasks } from "./new-task.ts";

export function planAwaitedNodes(facts: AssetFacts, cluster: Cluster): Decision[] {
  // Those of an asset that ends are ended with its other tasks.
  if (facts.asset.state === "deleting") return [];
  const waiting = facts.view.openTasks.filter(
    ({ kind, state }) => (kind === "verify" || kind === "discard") && state !== "leased",
  );
  const nodeOf = ({ nodeId }: TaskRecord): NodeRecord | undefined =>
    nodeId === null ? undefined : cluster.byId.get(nodeId);
  const emptied = waiting.filter((task) => task.kind === "verify" && nodeOf(task)?.scheduling === "draining");
  const unreachable = waiting.filter((task) => {
    const node = nodeOf(task);
    return node === undefined || isDownForTheHold(node, cluster);
  });
  return [
    ...cancelTasks(emptied, "its node is being drained"),
    ...cancelTasks(
      unreachable.filter((task) => !emptied.includes(task)),
      "its node is down",
    ),
  ];
}
