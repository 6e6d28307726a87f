// When a node that is being emptied may go: from an asset's homes once the asset's copies stand elsewhere, and from
// duty once nothing depends on it and viewers have left it. A last copy always holds it, whatever the deadline says.
import type { NodeId, PieceId } from "@vstream/core/ids.ts";
import type { NodeRecord } from "../catalog/records.ts";
import { copiesOf } from "./asset-facts.ts";
import type { AssetFacts } from "./asset-facts.ts";
import { copiesWanted } from "./cluster.ts";
import type { Cluster } from "./cluster.ts";
import type { Decision } from "./decisions.ts";
import { copiesEnough } from "./keep-source.ts";
import { cancelTasks } from "./new-task.ts";

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
  const own = ownCopies(nodeId, facts, cluster);
  return [...facts.pieces.keys()].every((pieceId) => {
    const holders = copiesOf(facts, pieceId);
    if (holders.length === 0) return !own.has(pieceId);
    const enough = copiesEnough(facts.asset, pieceId, wanted);
    return holders.filter((holder) => others.includes(holder)).length >= enough;
  });
}

// Those that it is to delete, too: with no other copy, it will not.
function ownCopies(nodeId: NodeId, { view }: AssetFacts, cluster: Cluster): ReadonlySet<PieceId> {
  const isThere = cluster.byId.get(nodeId)?.health !== "down";
  const own = view.replicas.filter((replica) => replica.nodeId === nodeId && replica.state === "verified");
  return new Set(isThere ? own.map(({ pieceId }) => pieceId) : []);
}

/** Draining nodes on which nothing is left that is needed, and that no viewer has asked for a while. */
export function planDrained(assets: readonly AssetFacts[], cluster: Cluster): Decision[] {
  return cluster.nodes
    .filter((node) => node.scheduling === "draining" && isEmptied(node, assets, cluster) && isLeftAlone(node, cluster))
    .map((node) => ({ kind: "set-scheduling", nodeId: node.id, from: "draining", to: "drained" }));
}

/** Past its deadline, a node that goes by force ends what it still runs: others take that, or nobody needs it. */
export function planForced({ view }: AssetFacts, cluster: Cluster): Decision[] {
  const ended = view.openTasks.filter(({ kind, nodeId, state }) => {
    const node = nodeId === null ? undefined : cluster.byId.get(nodeId);
    return state === "leased" && kind !== "discard" && node !== undefined && isForced(node, cluster);
  });
  return cancelTasks(ended, "its node goes: the deadline of its drain is over");
}

/** Whether the node has to stay for the asset: as its home, or for pieces that the homes do not have yet. */
export function isHeldBy(node: NodeRecord, facts: AssetFacts, cluster: Cluster): boolean {
  return isHome(node, facts) || isNeeded(node, facts, cluster);
}

function isEmptied(node: NodeRecord, assets: readonly AssetFacts[], cluster: Cluster): boolean {
  if ((cluster.homeCounts.get(node.id) ?? 0) > 0) return false;
  const isAwaited = (facts: AssetFacts): boolean => !isForced(node, cluster) && worksFor(node, facts);
  return assets.every((facts) => !isHeldBy(node, facts, cluster) && !isAwaited(facts));
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
    return holders.includes(node.id) && holders.length - 1 < copiesEnough(facts.asset, pieceId, wanted);
  });
}

/** Of each piece, before the node may go. */
export function copiesNeededElsewhere(facts: AssetFacts, cluster: Cluster, node: NodeRecord | undefined): number {
  const wanted = copiesWanted(facts.asset, cluster);
  return node !== undefined && isForced(node, cluster) ? Math.min(1, facts.asset.replicasWanted) : wanted;
}

function isForced(node: NodeRecord, cluster: Cluster): boolean {
  const { drainDeadlineAt, onDeadline, scheduling } = node;
  return (
    scheduling === "draining" && onDeadline === "force" && drainDeadlineAt !== null && cluster.at > drainDeadlineAt
  );
}
