// What a task's node is told to do: the targets from the asset's plan, and from whom to fetch what it needs.
import { audioPieceId, sourcePieceId, textPieceId, timelinePieceId, videoPieceId } from "@vstream/core/ids.ts";
import type { NodeId, PieceId } from "@vstream/core/ids.ts";
import type { ObjectRef, SourceRef, Work } from "@vstream/core/media.ts";
import type { NodeRecord, TaskRecord } from "../catalog/records.ts";
import { copiesOf } from "./asset-facts.ts";
import type { AssetFacts } from "./asset-facts.ts";
import type { Cluster } from "./cluster.ts";
import { checkedPieces } from "./plan-check.ts";

export interface WorkPlace {
  readonly facts: AssetFacts;
  readonly cluster: Cluster;
  readonly nodeId: NodeId;
}

/** null: what it needs is not there (any more), and the task must wait. Holders never name the node itself. */
export function workFor(task: TaskRecord, place: WorkPlace): Work | null {
  switch (task.kind) {
    case "fetch":
      return fetchWork(place);
    case "probe":
      return probeWork(place);
    case "transcode":
      return transcodeWork(task, place);
    case "audio":
      return audioWork(task, place);
    case "text":
      return textWork(task, place);
    case "images":
      return imagesWork(place);
    case "check":
      return checkWork(place);
    case "replicate":
      return replicateWork(task, place);
    case "discard":
      return { kind: "discard", pieceIds: task.discardPieceIds };
    case "verify":
      return { kind: "verify", pieceIds: task.discardPieceIds };
  }
}

/** Whether a node could be told where to get what the asset is encoded from. */
export function canBeRead(facts: AssetFacts, cluster: Cluster): boolean {
  return [sourcePieceId, timelinePieceId].every((pieceId) => canBeFetched(pieceId, facts, cluster));
}

/** Whether a node that is up holds the piece. */
export function canBeFetched(pieceId: PieceId, facts: AssetFacts, cluster: Cluster): boolean {
  return upHoldersOf(pieceId, facts, cluster).length > 0;
}

function fetchWork({ facts, cluster }: WorkPlace): Work | null {
  const { sourceUrl: url } = facts.asset;
  return url === null ? null : { kind: "fetch", url, limitBytes: cluster.settings.maxSourceBytes };
}

function probeWork(place: WorkPlace): Work | null {
  const source = sourceOf(place);
  const holders = holdersOf(place, [sourcePieceId]);
  const { allowDamaged } = place.facts.asset;
  return source === null || holders === null ? null : { kind: "probe", source, holders, allowDamaged };
}

function transcodeWork(task: TaskRecord, place: WorkPlace): Work | null {
  const { edition, plan } = place.facts.asset;
  const chunk = plan?.chunks.find(({ index }) => videoPieceId(index, edition) === task.pieceId);
  const origin = originOf(place);
  if (plan === null || chunk === undefined || origin === null) return null;
  const { preRollKeyframes } = task;
  return { kind: "transcode", ...origin, chunk, rungs: plan.rungs, preRollKeyframes, edition };
}

function audioWork(task: TaskRecord, place: WorkPlace): Work | null {
  const { plan } = place.facts.asset;
  const target = plan?.audio.find(({ track }) => task.pieceId === audioPieceId(track, 0, place.facts.asset.edition));
  const origin = originOf(place);
  if (plan === null || target === undefined || origin === null) return null;
  const chunkSegments = plan.chunks.map(({ segmentCount }) => segmentCount);
  return { kind: "audio", ...origin, target, chunkSegments, edition: place.facts.asset.edition };
}

function textWork(task: TaskRecord, place: WorkPlace): Work | null {
  const { plan } = place.facts.asset;
  const target = plan?.text.find(({ track }) => textPieceId(track) === task.pieceId);
  if (plan === null || target === undefined) return null;
  const origin = target.origin === "file" ? timelineOf(place) : originOf(place);
  if (origin === null) return null;
  return { kind: "text", ...origin, target, chunkSegments: plan.chunks.map(({ segmentCount }) => segmentCount) };
}

function imagesWork(place: WorkPlace): Work | null {
  const { edition, plan } = place.facts.asset;
  if (plan === null || plan.images === null) return null;
  const video = plan.chunks.map(({ index }) => videoPieceId(index, edition));
  const holders = holdersOf(place, video);
  return holders === null ? null : { kind: "images", target: plan.images, holders, edition };
}

function checkWork(place: WorkPlace): Work | null {
  const { edition } = place.facts.asset;
  const holders = holdersOf(place, checkedPieces(place.facts));
  return holders === null ? null : { kind: "check", holders, edition };
}

function replicateWork(task: TaskRecord, place: WorkPlace): Work | null {
  if (task.pieceId === "") return null;
  const piece = place.facts.pieces.get(task.pieceId);
  const holders = holdersOf(place, [task.pieceId]);
  // A node that has it already has nothing to fetch it from but itself, and confirms what it has.
  return piece === undefined || holders === null ? null : { kind: "replicate", piece, holders };
}

interface Origin {
  readonly source: SourceRef;
  readonly timeline: ObjectRef;
  readonly holders: readonly NodeId[];
}

function originOf(place: WorkPlace): Origin | null {
  const source = sourceOf(place);
  const timeline = timelineOf(place);
  const holders = holdersOf(place, [sourcePieceId, timelinePieceId]);
  return source === null || timeline === null || holders === null ? null : { ...timeline, source, holders };
}

// What needs nothing of the source but its frames' times.
function timelineOf(place: WorkPlace): (Omit<Origin, "source"> & { readonly source: null }) | null {
  const content = place.facts.pieces.get(timelinePieceId)?.content;
  const holders = holdersOf(place, [timelinePieceId]);
  if (content?.kind !== "timeline" || holders === null) return null;
  return { source: null, timeline: content.timeline, holders };
}

function sourceOf({ facts }: WorkPlace): SourceRef | null {
  const content = facts.pieces.get(sourcePieceId)?.content;
  if (content?.kind !== "source") return null;
  const { source, blockList, blockBytes } = content;
  return { source, blockList, blockBytes };
}

/**
 * Nodes that hold some of the pieces, those that hold most first, then those of the same region, then by id.
 * null: a piece has no copy at all on a node that is up.
 */
function holdersOf(place: WorkPlace, pieceIds: readonly PieceId[]): NodeId[] | null {
  const holders = pieceIds.map((pieceId) => upHoldersOf(pieceId, place.facts, place.cluster));
  if (holders.some((list) => list.length === 0)) return null;
  const { byId } = place.cluster;
  const distance = (node: NodeRecord): number => Number(node.region !== byId.get(place.nodeId)?.region);
  const missing = (node: NodeRecord): number => holders.filter((list) => !list.includes(node)).length;
  return [...new Set(holders.flat())]
    .filter((node) => node.id !== place.nodeId)
    .toSorted(
      (one, other) => missing(one) - missing(other) || distance(one) - distance(other) || (one.id < other.id ? -1 : 1),
    )
    .map((node) => node.id);
}

function upHoldersOf(pieceId: PieceId, facts: AssetFacts, cluster: Cluster): NodeRecord[] {
  return copiesOf(facts, pieceId)
    .flatMap((nodeId) => cluster.byId.get(nodeId) ?? [])
    .filter((node) => node.health === "up");
}
