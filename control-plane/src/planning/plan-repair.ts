// Copies that are missing: every home is to hold every piece that there is.
import type { NodeId, PieceId } from "@vstream/core/ids.ts";
import type { Piece } from "@vstream/core/media.ts";
import { copiesOf, openTask } from "./asset-facts.ts";
import type { AssetFacts } from "./asset-facts.ts";
import { isSchedulable } from "./cluster.ts";
import type { Cluster } from "./cluster.ts";
import type { Decision } from "./decisions.ts";
import { newTask } from "./new-task.ts";

/** How many copies of one asset are under way or queued for one home; the others follow as these end. */
export const openCopiesPerHome = 32;

// A copy that failed as often as allowed is tried again: the asset lives on without it meanwhile.
const deadCopyRetryMs = 30_000;

/** Replicate tasks for what the homes lack, in playing order, and the end of those that nobody needs any more. */
export function planCopies(facts: AssetFacts, homes: readonly NodeId[], cluster: Cluster): Decision[] {
  const takers = homes.filter((nodeId) => isSchedulable(cluster.byId.get(nodeId)));
  return [...cancelMootCopies(facts, homes), ...takers.flatMap((home) => copiesTo(home, facts))];
}

function copiesTo(home: NodeId, facts: AssetFacts): Decision[] {
  const open = facts.view.openTasks.filter((task) => task.kind === "replicate" && task.nodeId === home).length;
  return [...facts.pieces.values()]
    .filter((piece) => canBeCopied(piece.id, home, facts))
    .toSorted((one, other) => rankOf(one) - rankOf(other))
    .slice(0, Math.max(0, openCopiesPerHome - open))
    .map((piece) => copyTask(piece, home, facts));
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
