// What may be deleted: copies beyond the homes once the homes hold enough (never fewer than wanted remain), what a
// failed asset leaves behind, and what has been in the trash long enough.
import { errorKinds } from "@vstream/core/errors.ts";
import { sourcePieceId } from "@vstream/core/ids.ts";
import type { NodeId, PieceId } from "@vstream/core/ids.ts";
import type { NodeRecord, TaskRecord } from "../catalog/records.ts";
import { copiesOf, isExtra, isOver, openTask, piecesOfChunk } from "./asset-facts.ts";
import type { AssetFacts } from "./asset-facts.ts";
import { copiesToKeep, isLeaving } from "./cluster.ts";
import type { Cluster } from "./cluster.ts";
import type { Decision } from "./decisions.ts";
import { canMakeHevc } from "./lost-hevc.ts";
import { cancelTasks, newTask } from "./new-task.ts";
import { homesDecision, planHomes } from "./plan-homes.ts";
import { deadMaking } from "./plan-making.ts";
import { planCopies } from "./plan-repair.ts";
import { planSettle } from "./plan-settle.ts";

/** Discards on nodes that are no homes, and anywhere of editions that are over; and the end of those that would now delete too much. */
export function planSurplus(facts: AssetFacts, homes: readonly NodeId[], cluster: Cluster): Decision[] {
  // The catalog counts so, too: while a home that is down or lacks something makes it fewer, none goes.
  const keep = Math.max(copiesToKeep(facts.asset, cluster), Math.min(facts.asset.replicasWanted, homes.length));
  const canGo = (pieceId: PieceId): boolean =>
    copiesOf(facts, pieceId).filter((nodeId) => homes.includes(nodeId)).length >= keep;
  return [...cancelUnsafe(facts, homes, canGo), ...discardsOf(facts, homes, { cluster, canGo })];
}

/**
 * A failed asset: what a retry could still use is kept for a time, what was refused or cancelled goes at once. One that failed
 * because its nodes were away goes on when they are back.
 */
export function planLeftovers(facts: AssetFacts, cluster: Cluster): Decision[] {
  if (canGoOn(facts, cluster)) return [goOn(facts)];
  const { asset } = facts;
  // Copies that are to leave, by a drain or a move, are kept where they are, but hold nothing up.
  const homes = asset.homes.filter((nodeId) => {
    const node = cluster.byId.get(nodeId);
    return node !== undefined && !isLeaving(node) && !asset.leavingHomes.includes(nodeId);
  });
  const isOver = cluster.at >= keptUntil(facts, cluster);
  // What is kept may also be verified.
  const moot = facts.view.openTasks.filter((task) => (isOver ? task.kind !== "discard" : !isUpkeep(task)));
  const decisions = [
    ...cancelTasks(moot, "its asset failed"),
    ...homesDecision(facts, { homes, reasons: {} }),
    ...(isOver ? discardEverywhere(facts, cluster) : []),
  ];
  return decisions.length > 0 ? decisions : planSettle(facts, cluster);
}

/**
 * A deleted asset: kept whole for its time, in which it comes to rest (who calls planning has to bring it back when the
 * time is over); then discarded everywhere, then forgotten.
 */
export function planTrash(facts: AssetFacts, cluster: Cluster): Decision[] {
  const { asset, view } = facts;
  if (cluster.at - (asset.deletedAt ?? 0) < cluster.settings.trashMs) {
    const planned = planHomes(facts, cluster);
    const making = view.openTasks.filter((task) => task.kind !== "replicate");
    const decisions = [
      ...cancelTasks(making, "its asset was deleted"),
      ...homesDecision(facts, planned),
      ...planCopies(facts, planned.homes, cluster),
    ];
    return decisions.length > 0 ? decisions : planSettle(facts, cluster);
  }
  const open = view.openTasks.filter((task) => task.kind !== "discard");
  if (open.length > 0) return cancelTasks(open, "its asset was deleted");
  const holders = holdersOf(facts, cluster);
  // Nodes that are down sweep what is left when they come back: the tombstone tells them.
  return holders.length > 0 ? discardEverywhere(facts, cluster) : [{ kind: "forget-asset", assetId: asset.id }];
}

function cancelUnsafe(facts: AssetFacts, homes: readonly NodeId[], canGo: (pieceId: PieceId) => boolean): Decision[] {
  const isAtHome = ({ nodeId }: TaskRecord): boolean => nodeId !== null && homes.includes(nodeId);
  const isUnsafe = (task: TaskRecord): boolean =>
    task.kind === "discard" &&
    (task.discardPieceIds.length === 0 ||
      !task.discardPieceIds.every((pieceId) => isOver(facts.asset, pieceId) || (!isAtHome(task) && canGo(pieceId))));
  return cancelTasks(facts.view.openTasks.filter(isUnsafe), "the copies are needed again");
}

function discardsOf(
  facts: AssetFacts,
  homes: readonly NodeId[],
  { cluster, canGo }: { cluster: Cluster; canGo: (pieceId: PieceId) => boolean },
): Decision[] {
  const isSurplus = (node: NodeRecord, pieceId: PieceId): boolean =>
    !isLeaving(node) && !homes.includes(node.id) && canGo(pieceId);
  return cluster.nodes
    .filter((node) => node.health === "up")
    .map((node) => {
      const isToGo = (pieceId: PieceId): boolean => isOver(facts.asset, pieceId) || isSurplus(node, pieceId);
      return { node, pieceIds: heldBy(node, facts).filter(isToGo) };
    })
    .filter(({ node, pieceIds }) => pieceIds.length > 0 && !isDiscarding(node, facts))
    .map(({ node, pieceIds }) =>
      newTask(facts.asset, {
        kind: "discard",
        pieceId: "",
        nodeId: node.id,
        discardPieceIds: pieceIds,
        notBefore: retryTime(node, facts),
      }),
    );
}

function discardEverywhere(facts: AssetFacts, cluster: Cluster): Decision[] {
  return holdersOf(facts, cluster)
    .filter((node) => node.health === "up" && !isDiscarding(node, facts))
    .map((node) =>
      newTask(facts.asset, { kind: "discard", pieceId: "", nodeId: node.id, notBefore: retryTime(node, facts) }),
    );
}

/** Nodes that are not down and hold anything of the asset. */
function holdersOf(facts: AssetFacts, cluster: Cluster): NodeRecord[] {
  return cluster.nodes.filter((node) => node.health !== "down" && heldBy(node, facts).length > 0);
}

function heldBy(node: NodeRecord, facts: AssetFacts): PieceId[] {
  return facts.view.replicas
    .filter((replica) => replica.nodeId === node.id && replica.state !== "wanted" && replica.state !== "lost")
    .map((replica) => replica.pieceId)
    .toSorted();
}

function isDiscarding(node: NodeRecord, facts: AssetFacts): boolean {
  return openTask(facts, { kind: "discard", pieceId: "", nodeId: node.id }) !== undefined;
}

// A discard that failed as often as allowed is tried again, slowly.
const deadDiscardRetryMs = 30_000;

function retryTime(node: NodeRecord, facts: AssetFacts): number {
  const died = facts.view.deadTasks.filter((task) => task.kind === "discard" && task.nodeId === node.id);
  return Math.max(0, ...died.map((task) => (task.finishedAt ?? 0) + deadDiscardRetryMs));
}

function canGoOn(facts: AssetFacts, cluster: Cluster): boolean {
  const { asset } = facts;
  if (deadMaking(facts) !== undefined) return false;
  const isThere = (pieceId: PieceId): boolean => copiesOf(facts, pieceId).length > 0;
  // Also what was ready, and is there again, though the source that it could be made from is not kept.
  const isWhole = asset.plan?.chunks.every(({ index }) => piecesOfChunk(asset, index).every(isThere)) ?? false;
  const isSourceThere = isThere(sourcePieceId);
  if (asset.error?.code === "no_node_available") return isSourceThere && canMakeHevc(cluster);
  return asset.error?.code === "object_missing" && (isSourceThere || (isWhole && asset.readyAt !== null));
}

function goOn({ asset }: AssetFacts): Decision {
  const to = asset.releasedChunks > 0 ? "playable" : "uploading";
  return { kind: "set-asset-state", assetId: asset.id, from: "failed", to, error: null };
}

function keptUntil(facts: AssetFacts, cluster: Cluster): number {
  const { error, readyAt } = facts.asset;
  if (error?.code === "cancelled") return 0;
  // What was finished once is not taken away for what went wrong later: that is up to its owner.
  if (readyAt !== null) return Infinity;
  // It is not the asset's fault, and nobody knows when a node can go on with it.
  if (error?.code === "no_node_available") return Infinity;
  if (error !== null && errorKinds[error.code].exitCode === 7) return 0;
  const died = facts.view.deadTasks
    .filter((task) => !isUpkeep(task) && !isExtra(task))
    .map((task) => task.finishedAt ?? 0);
  if (error?.code === "object_missing") {
    // A node that held it may come back: counted from when the last of them came or went.
    died.push(...facts.view.replicas.flatMap(({ nodeId }) => cluster.byId.get(nodeId)?.healthSince ?? []));
  }
  return died.length === 0 ? 0 : Math.max(...died) + cluster.settings.trashMs;
}

// Whether it only concerns copies that are there: it adds nothing that a retry could use.
function isUpkeep(task: TaskRecord): boolean {
  return task.kind === "discard" || task.kind === "verify";
}
