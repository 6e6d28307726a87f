// When a node that is being emptied may go: from an asset's homes once the asset's copies stand elsewhere, and from
// duty once nothing depends on it and viewers have left it. A last copy always holds it, whatever the deadline says.
import type { NodeId } from "@vstream/core/ids.ts";
import type { Load } from "@vstream/core/media.ts";
import type { NodeRecord } from "../catalog/records.ts";
import { copiesOf } from "./asset-facts.ts";
import type { AssetFacts } from "./asset-facts.ts";
import { copiesWanted } from "./cluster.ts";
import type { Cluster } from "./cluster.ts";
import type { Decision } from "./decisions.ts";

export interface Leave {
  readonly nodeId: NodeId;
  readonly facts: AssetFacts;
  readonly cluster: Cluster;
  /** The homes that stay. */
  readonly others: readonly NodeId[];
}

/** Whether the asset can do without this home: enough verified copies stand on the others. */
export function mayLeave({ nodeId, facts, cluster, others }: Leave): boolean {
  const wanted = copiesNeededElsewhere(facts, cluster, cluster.byId.get(nodeId));
  if (wanted <= 0 || others.length === 0) return false;
  // What nobody has, this home does not have either.
  return [...facts.pieces.keys()].every((pieceId) => {
    const holders = copiesOf(facts, pieceId);
    return holders.length === 0 || holders.filter((holder) => others.includes(holder)).length >= wanted;
  });
}

/** Draining nodes on which nothing is left that is needed, and that no viewer has asked for a while. */
export function planDrained(assets: readonly AssetFacts[], cluster: Cluster): Decision[] {
  return cluster.nodes
    .filter((node) => node.scheduling === "draining" && isEmptied(node, assets, cluster) && isLeftAlone(node, cluster))
    .map((node) => ({ kind: "set-scheduling", nodeId: node.id, from: "draining", to: "drained" }));
}

export type DrainStep = "finishing tasks" | "copying" | "waiting for viewers" | "holding a last copy";

export interface DrainSituation {
  /** Of how many assets it is still a home. */
  readonly homeCount: number;
  readonly tasksLeased: number;
  /** From its newest heartbeat; null when none is known. */
  readonly load: Load | null;
  /** Whether any other node may be given copies now. */
  readonly othersCanTake: boolean;
  /** PlanSettings.drainQuietMs. */
  readonly quietMs: number;
}

/** What a draining node waits for, in the order in which it goes; null for a node that is not draining. */
export function drainStep(node: Pick<NodeRecord, "scheduling">, situation: DrainSituation): DrainStep | null {
  if (node.scheduling !== "draining") return null;
  const { homeCount, load, othersCanTake, quietMs, tasksLeased } = situation;
  if (tasksLeased > 0) return "finishing tasks";
  if (homeCount > 0) return othersCanTake ? "copying" : "holding a last copy";
  if (load !== null && load.viewersQuietMs < quietMs) return "waiting for viewers";
  // It is nobody's home any more; what is left is what it made and the homes are still fetching.
  return "copying";
}

function isEmptied(node: NodeRecord, assets: readonly AssetFacts[], cluster: Cluster): boolean {
  if ((cluster.homeCounts.get(node.id) ?? 0) > 0) return false;
  return assets.every((facts) => !isHome(node, facts) && !worksFor(node, facts) && !isNeeded(node, facts, cluster));
}

// Nobody watches from a node that is down. One that is up and was not heard yet will be within seconds.
function isLeftAlone(node: NodeRecord, cluster: Cluster): boolean {
  if (node.health === "down" || isForced(node, cluster)) return true;
  const quietMs = cluster.loads.get(node.id)?.viewersQuietMs ?? 0;
  return quietMs >= cluster.settings.drainQuietMs;
}

function isHome(node: NodeRecord, facts: AssetFacts): boolean {
  return facts.asset.homes.includes(node.id);
}

function worksFor(node: NodeRecord, facts: AssetFacts): boolean {
  return facts.view.openTasks.some((task) => task.state === "leased" && task.nodeId === node.id);
}

// A node that encoded for an asset holds pieces that its homes may not have yet.
function isNeeded(node: NodeRecord, facts: AssetFacts, cluster: Cluster): boolean {
  if (facts.asset.state === "failed") return false;
  const wanted = Math.max(1, copiesNeededElsewhere(facts, cluster, node));
  return [...facts.pieces.keys()].some((pieceId) => {
    const holders = copiesOf(facts, pieceId);
    return holders.includes(node.id) && holders.length - 1 < wanted;
  });
}

function copiesNeededElsewhere(facts: AssetFacts, cluster: Cluster, node: NodeRecord | undefined): number {
  const wanted = copiesWanted(facts.asset, cluster);
  return node !== undefined && isForced(node, cluster) ? Math.min(1, facts.asset.replicasWanted) : wanted;
}

function isForced(node: NodeRecord, cluster: Cluster): boolean {
  const { drainDeadlineAt, onDeadline, scheduling } = node;
  return (
    scheduling === "draining" && onDeadline === "force" && drainDeadlineAt !== null && cluster.at > drainDeadlineAt
  );
}
