// One asset as planning looks at it: which pieces there are and should be, and who holds them.
import {
  audioPieceId,
  imagesPieceId,
  sourcePieceId,
  textPieceId,
  timelinePieceId,
  videoPieceId,
} from "@vstream/core/ids.ts";
import type { NodeId, PieceId } from "@vstream/core/ids.ts";
import { bytesOf } from "@vstream/core/media.ts";
import type { Piece, PieceContent, TaskKind } from "@vstream/core/media.ts";
import type { AssetRecord, AssetView, EncodePlan, NodeRecord, ReplicaRecord, TaskRecord } from "../catalog/records.ts";
import { isDownForGood } from "./cluster.ts";
import type { Cluster } from "./cluster.ts";

export interface AssetFacts {
  readonly view: AssetView;
  readonly asset: AssetRecord;
  readonly pieces: ReadonlyMap<PieceId, Piece>;
  /**
   * For each piece, the nodes that hold a verified copy of it and are not down; in the order of their ids.
   * A copy that an open task is about to discard does not count.
   */
  readonly copies: ReadonlyMap<PieceId, readonly NodeId[]>;
}

export function readAsset(view: AssetView, cluster: Cluster): AssetFacts {
  const copies = new Map<PieceId, NodeId[]>();
  const discards = view.openTasks.filter((task) => task.kind === "discard");
  for (const replica of view.replicas) {
    if (!isLiveCopy(replica, cluster.byId) || discards.some((task) => discardsCopy(task, replica))) continue;
    copies.set(replica.pieceId, [...(copies.get(replica.pieceId) ?? []), replica.nodeId]);
  }
  for (const nodes of copies.values()) nodes.sort();
  const pieces = view.pieces.toSorted((one, other) => (one.id < other.id ? -1 : 1));
  return { view, asset: view.asset, pieces: new Map(pieces.map((piece) => [piece.id, piece])), copies };
}

export function copiesOf(facts: AssetFacts, pieceId: PieceId): readonly NodeId[] {
  return facts.copies.get(pieceId) ?? [];
}

/** Whether every piece there is has at least that many copies among the nodes. */
function isCovered(facts: AssetFacts, nodes: ReadonlySet<NodeId>, wanted: number): boolean {
  return [...facts.pieces.keys()].every(
    (pieceId) => copiesOf(facts, pieceId).filter((nodeId) => nodes.has(nodeId)).length >= wanted,
  );
}

export function holdsAll(facts: AssetFacts, nodeId: NodeId): boolean {
  return isCovered(facts, new Set([nodeId]), 1);
}

/** Whether somebody waits for it to be there; copies for any other asset restore or move what is. */
export function isBeingMade({ state }: AssetRecord): boolean {
  return state === "uploading" || state === "processing" || state === "playable";
}

/** Whether the upload goes to this home, and has not arrived. */
export function isReceiving(nodeId: NodeId, facts: AssetFacts): boolean {
  return !facts.pieces.has(sourcePieceId) && facts.asset.homes[0] === nodeId;
}

/**
 * Whether a piece has no copy and none can be hoped for: no node that may still have it is up, was down for less than
 * the hold, or went silent with most of its region.
 */
export function isLostForGood(facts: AssetFacts, pieceId: PieceId, cluster: Cluster): boolean {
  if (isThereOrReturning(facts, pieceId, cluster)) return false;
  return facts.view.replicas.every((replica) => {
    if (replica.pieceId !== pieceId) return true;
    const node = cluster.byId.get(replica.nodeId);
    return node === undefined || node.health !== "down" || isDownForGood(node, cluster);
  });
}

/** A suspect copy on a node that is up waits for the node's inventory, which follows its return within seconds. */
export function isThereOrReturning(facts: AssetFacts, pieceId: PieceId, cluster: Cluster): boolean {
  if (copiesOf(facts, pieceId).length > 0) return true;
  return facts.view.replicas.some(
    (replica) =>
      replica.pieceId === pieceId &&
      replica.state === "suspect" &&
      (cluster.byId.get(replica.nodeId)?.health ?? "down") !== "down",
  );
}

/** All pieces that the finished asset consists of, without what was given up; none before it is planned. */
export function plannedPieces({ asset: { plan }, deadTasks }: Pick<AssetView, "asset" | "deadTasks">): PieceId[] {
  if (plan === null) return [];
  const chunks = plan.chunks.flatMap((chunk) => piecesOfChunk(plan, chunk.index));
  return [sourcePieceId, timelinePieceId, ...chunks, ...extrasOf(plan).filter((id) => !isGivenUp(id, deadTasks))];
}

/** Those that the asset can do without. */
export function extrasOf({ text, images }: EncodePlan): PieceId[] {
  return [...text.map(({ track }) => textPieceId(track)), ...(images === null ? [] : [imagesPieceId])];
}

/** Of pieces that an asset can do without, and of the tasks that make them. */
export const extraKinds = ["text", "images"] as const;

export function isExtra({ kind }: { readonly kind: TaskKind | PieceContent["kind"] }): boolean {
  return extraKinds.some((extra) => extra === kind);
}

/** Its task died: until somebody has that tried again, the asset does without. */
export function isGivenUp(pieceId: PieceId, deadTasks: readonly TaskRecord[]): boolean {
  return deadTasks.some((task) => isExtra(task) && task.pieceId === pieceId);
}

/** A chunk's video, and its run of every audio track. */
export function piecesOfChunk(plan: EncodePlan, chunk: number): PieceId[] {
  return [videoPieceId(chunk), ...plan.audio.map((target) => audioPieceId(target.track, chunk))];
}

export function openTask(
  facts: AssetFacts,
  wanted: { kind: TaskKind; pieceId: PieceId | ""; nodeId?: NodeId },
): TaskRecord | undefined {
  return facts.view.openTasks.find(
    (task) =>
      task.kind === wanted.kind &&
      task.pieceId === wanted.pieceId &&
      (wanted.nodeId === undefined || task.nodeId === wanted.nodeId),
  );
}

/** What the asset takes on one home: what is known, or what its source lets us expect. */
export function bytesExpected(facts: AssetFacts): number {
  const known = [...facts.pieces.values()].reduce((sum, piece) => sum + bytesOf(piece.content), 0);
  return Math.max(known, expectedBytes(facts.asset.sourceBytes));
}

// Source and renditions: the capped ladder rarely takes more than the source itself.
const bytesPerSourceByte = 2;

export function expectedBytes(sourceBytes: number): number {
  return sourceBytes * bytesPerSourceByte;
}

function discardsCopy(task: TaskRecord, replica: ReplicaRecord): boolean {
  if (task.nodeId !== replica.nodeId) return false;
  return task.discardPieceIds.length === 0 || task.discardPieceIds.includes(replica.pieceId);
}

function isLiveCopy(replica: ReplicaRecord, nodes: ReadonlyMap<NodeId, NodeRecord>): boolean {
  const node = nodes.get(replica.nodeId);
  return replica.state === "verified" && node !== undefined && node.health !== "down";
}
