// Copies that are missing: every home is to hold every piece that there is, but for a source that is never kept.
import { sourcePieceId } from "@vstream/core/ids.ts";
import type { NodeId, PieceId } from "@vstream/core/ids.ts";
import type { Piece } from "@vstream/core/media.ts";
import { copiesOf, isBeingMade, openTask } from "./asset-facts.ts";
import type { AssetFacts } from "./asset-facts.ts";
import { isSchedulable } from "./cluster.ts";
import type { Cluster } from "./cluster.ts";
import type { Decision } from "./decisions.ts";
import { isForEveryHome } from "./keep-source.ts";
import { newTask } from "./new-task.ts";
import { lacksRoom } from "./room.ts";

/** How many copies of one asset are under way or queued for one home; the others follow as these end. */
export const openCopiesPerHome = 32;

// A copy that failed as often as allowed is tried again: the asset lives on without it meanwhile.
const deadCopyRetryMs = 30_000;

/**
 * Replicate tasks for what the homes lack, and the end of those that nobody needs any more. In playing order while the
 * asset is being made, since somebody waits for its beginning; later, what has the fewest copies first.
 */
export function planCopies(facts: AssetFacts, homes: readonly NodeId[], cluster: Cluster): Decision[] {
  const takers = takersOf(facts, homes, cluster);
  const sourceTaker = takerOfSource(facts, takers, cluster);
  return [...cancelMootCopies(facts, homes), ...takers.flatMap((home) => copiesTo(home, facts, sourceTaker))];
}

// A source that is to stand in one place only is copied when that place goes.
function takerOfSource(facts: AssetFacts, takers: readonly NodeId[], { byId }: Cluster): NodeId | null {
  const { homes, leavingHomes } = facts.asset;
  const stays = (nodeId: NodeId): boolean => {
    const node = byId.get(nodeId);
    return homes.includes(nodeId) && !leavingHomes.includes(nodeId) && node?.scheduling === "active";
  };
  const holders = copiesOf(facts, sourcePieceId);
  const isComing = facts.view.openTasks.some((task) => task.kind === "replicate" && task.pieceId === sourcePieceId);
  if (isComing || holders.some(stays)) return null;
  return takers.find((nodeId) => stays(nodeId) && !holders.includes(nodeId)) ?? null;
}

// A home that was moved from, or has no room for all of it, takes nothing more, as long as the others are enough.
function takersOf(facts: AssetFacts, homes: readonly NodeId[], cluster: Cluster): NodeId[] {
  const { leavingHomes, replicasWanted } = facts.asset;
  const able = homes.flatMap((nodeId) => cluster.byId.get(nodeId) ?? []).filter((node) => isSchedulable(node));
  const lasting = able.filter((node) => !leavingHomes.includes(node.id) && !lacksRoom(node, facts));
  return (lasting.length >= replicasWanted ? lasting : able).map((node) => node.id);
}

function copiesTo(home: NodeId, facts: AssetFacts, sourceTaker: NodeId | null): Decision[] {
  const open = facts.view.openTasks.filter((task) => task.kind === "replicate" && task.nodeId === home).length;
  return [...facts.pieces.values()]
    .filter(({ id }) => isForEveryHome(facts.asset, id) || home === sourceTaker)
    .filter((piece) => canBeCopied(piece.id, home, facts))
    .toSorted((one, other) => copiesBefore(one, facts) - copiesBefore(other, facts) || rankOf(one) - rankOf(other))
    .slice(0, Math.max(0, openCopiesPerHome - open))
    .map((piece) => copyTask(piece, home, facts));
}

function copiesBefore(piece: Piece, facts: AssetFacts): number {
  return isBeingMade(facts.asset) ? 0 : copiesOf(facts, piece.id).length;
}

function canBeCopied(pieceId: PieceId, home: NodeId, facts: AssetFacts): boolean {
  const holders = copiesOf(facts, pieceId);
  const wanted = { kind: "replicate", pieceId, nodeId: home } as const;
  return holders.length > 0 && !holders.includes(home) && openTask(facts, wanted) === undefined;
}

function copyTask(piece: Piece, home: NodeId, facts: AssetFacts): Decision {
  const died = facts.view.deadTasks
    .filter((task) => task.kind === "replicate" && task.pieceId === piece.id && task.nodeId === home)
    .map((task) => (task.finishedAt ?? 0) + deadCopyRetryMs);
  return newTask(facts.asset, {
    kind: "replicate",
    pieceId: piece.id,
    nodeId: home,
    rank: rankOf(piece),
    notBefore: Math.max(0, ...died),
  });
}

// The source and the timeline are what everything else is made from.
function rankOf(piece: Piece): number {
  return "chunk" in piece.content ? piece.content.chunk : 0;
}

function cancelMootCopies(facts: AssetFacts, homes: readonly NodeId[]): Decision[] {
  return facts.view.openTasks
    .filter((task) => task.kind === "replicate")
    .filter(({ nodeId, pieceId }) => {
      if (nodeId === null || pieceId === "") return true;
      return !homes.includes(nodeId) || !facts.pieces.has(pieceId);
    })
    .map((task) => ({ kind: "cancel-task", taskId: task.id, reason: "the node is not to hold this any more" }));
}
