// One asset as planning looks at it: which pieces there are and should be, and who holds them.
import {
  audioPieceId,
  editionOf,
  imagesPieceIdIn,
  sourcePieceId,
  textPieceId,
  timelinePieceId,
  videoPieceId,
} from "@vstream/core/ids.ts";
import type { NodeId, PieceId } from "@vstream/core/ids.ts";
import { bytesOf } from "@vstream/core/media.ts";
import type { Piece, PieceContent, TaskKind } from "@vstream/core/media.ts";
import type { AssetRecord, AssetView, NodeRecord, ReplicaRecord, TaskRecord } from "../catalog/records.ts";
import { isDownForGood } from "./cluster.ts";
import type { Cluster } from "./cluster.ts";
import { isForEveryHome, isSourceOver } from "./keep-source.ts";

export interface AssetFacts {
  /** Without the tasks that make other editions than the asset's. */
  readonly view: AssetView;
  readonly asset: AssetRecord;
  /** Of all editions that are to be kept. */
  readonly pieces: ReadonlyMap<PieceId, Piece>;
  /**
   * For each piece, the nodes that hold a verified copy of it and are not down; in the order of their ids.
   * A copy that an open task is about to discard does not count, nor does that of a source that is not kept any more.
   */
  readonly copies: ReadonlyMap<PieceId, readonly NodeId[]>;
  /** As it was read, with the tasks of all editions. */
  readonly whole: AssetView;
}

export function readAsset(view: AssetView, cluster: Cluster): AssetFacts {
  const copies = new Map<PieceId, NodeId[]>();
  const discards = view.openTasks.filter((task) => task.kind === "discard");
  for (const replica of view.replicas) {
    if (replica.pieceId === sourcePieceId && isSourceOver(view.asset)) continue;
    if (!isLiveCopy(replica, cluster.byId) || discards.some((task) => discardsCopy(task, replica))) continue;
    copies.set(replica.pieceId, [...(copies.get(replica.pieceId) ?? []), replica.nodeId]);
  }
  for (const nodes of copies.values()) nodes.sort();
  const { asset } = view;
  const pieces = view.pieces
    .filter((piece) => !isOver(asset, piece.id))
    .sort((one, other) => (one.id < other.id ? -1 : 1));
  return ofEdition({ view, asset, pieces: new Map(pieces.map((piece) => [piece.id, piece])), copies, whole: view });
}

/** The same with the tasks of the asset's own edition alone. */
export function ofEdition(facts: AssetFacts): AssetFacts {
  const { asset, whole } = facts;
  const isOwn = (task: TaskRecord): boolean => !makesOther(task, asset);
  const [openTasks, deadTasks] = [whole.openTasks.filter(isOwn), whole.deadTasks.filter(isOwn)];
  return { ...facts, view: { ...whole, asset, openTasks, deadTasks } };
}

/** Whether the task makes or checks another edition than this one. */
export function makesOther({ kind, pieceId }: TaskRecord, { edition }: Pick<AssetRecord, "edition">): boolean {
  const isMaking = kind === "transcode" || kind === "audio" || kind === "images" || kind === "check";
  return isMaking && pieceId !== "" && isOfOther(pieceId, { edition });
}

/** Whether the piece is of another edition than this one. */
export function isOfOther(pieceId: PieceId, { edition }: Pick<AssetRecord, "edition">): boolean {
  return (editionOf(pieceId) ?? edition) !== edition;
}

/** Whether the piece is of an edition that nobody is to be given any more, or the source and not kept any more. */
export function isOver(
  asset: Pick<AssetRecord, "edition" | "nextEdition" | "previousEditions" | "keepSource" | "readyAt">,
  pieceId: PieceId,
): boolean {
  const { nextEdition, previousEditions } = asset;
  if (pieceId === sourcePieceId) return isSourceOver(asset);
  const kept = [asset, ...previousEditions, ...(nextEdition === null ? [] : [nextEdition])];
  return kept.every((edition) => isOfOther(pieceId, edition));
}

/** Those that the asset consists of, without what stands beside it of other editions. */
export function ownPieces({ pieces, asset }: Pick<AssetFacts, "pieces" | "asset">): Piece[] {
  return [...pieces.values()].filter(({ id }) => !isOfOther(id, asset));
}

export function copiesOf(facts: AssetFacts, pieceId: PieceId): readonly NodeId[] {
  return facts.copies.get(pieceId) ?? [];
}

/** Of other editions than the asset's, what no node has is not missed. */
export function holdsAll(facts: AssetFacts, nodeId: NodeId): boolean {
  return [...facts.pieces.keys()].every((pieceId) => {
    const holders = copiesOf(facts, pieceId);
    if (!isForEveryHome(facts.asset, pieceId)) return true;
    return holders.includes(nodeId) || (holders.length === 0 && isOfOther(pieceId, facts.asset));
  });
}

/** Whether somebody waits for it to be there; copies for any other asset restore or move what is. */
export function isBeingMade({ state }: AssetRecord): boolean {
  return state === "uploading" || state === "processing" || state === "playable";
}

/** Whether the upload goes to this home, and has not arrived. */
export function isReceiving(nodeId: NodeId, facts: AssetFacts): boolean {
  const { homes, state } = facts.asset;
  return state === "uploading" && !facts.pieces.has(sourcePieceId) && homes[0] === nodeId;
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

/**
 * All pieces that the finished asset consists of, without what was given up, and without what only a source that is not
 * kept any more could give again; none before it is planned.
 */
export function plannedPieces(view: Pick<AssetView, "asset" | "deadTasks" | "pieces">): PieceId[] {
  const { asset, deadTasks } = view;
  if (asset.plan === null) return [];
  const chunks = asset.plan.chunks.flatMap((chunk) => piecesOfChunk(asset, chunk.index));
  const extras = extrasOf(asset).filter((id) => !isGivenUp(id, deadTasks));
  if (!isSourceOver(asset)) return [sourcePieceId, timelinePieceId, ...chunks, ...extras];
  const has = (id: PieceId): boolean => view.pieces.some((piece) => piece.id === id);
  const ofFiles = asset.plan.text.filter(({ origin }) => origin === "file" && has(timelinePieceId));
  const makeable = [imagesPieceIdIn(asset.edition), ...ofFiles.map(({ track }) => textPieceId(track))];
  return [
    ...(has(timelinePieceId) ? [timelinePieceId] : []),
    ...chunks,
    ...extras.filter((id) => has(id) || makeable.includes(id)),
  ];
}

type Planned = Pick<AssetRecord, "edition" | "plan">;

/** Those that the asset can do without; none before it is planned. */
export function extrasOf({ edition, plan }: Planned): PieceId[] {
  if (plan === null) return [];
  const { text, images } = plan;
  return [...text.map(({ track }) => textPieceId(track)), ...(images === null ? [] : [imagesPieceIdIn(edition)])];
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

/** A chunk's video, and its run of every audio track; none before the asset is planned. */
export function piecesOfChunk({ edition, plan }: Planned, chunk: number): PieceId[] {
  if (plan === null) return [];
  return [videoPieceId(chunk, edition), ...plan.audio.map(({ track }) => audioPieceId(track, chunk, edition))];
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
