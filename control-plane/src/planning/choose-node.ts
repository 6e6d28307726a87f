// Which nodes may run a task, and which of them had better.
import { sourcePieceId, textPieceId, timelinePieceId, videoPieceId } from "@vstream/core/ids.ts";
import type { NodeId, PieceId } from "@vstream/core/ids.ts";
import { bytesOf } from "@vstream/core/media.ts";
import type { NodeRecord, TaskRecord } from "../catalog/records.ts";
import { copiesOf } from "./asset-facts.ts";
import type { AssetFacts } from "./asset-facts.ts";
import { isSchedulable } from "./cluster.ts";
import type { Cluster } from "./cluster.ts";
import type { EncodeSites } from "./encode-sites.ts";
import type { NodeLanes } from "./node-lanes.ts";
import { checkedPieces } from "./plan-check.ts";
import { canBeFetched } from "./work-for.ts";

export interface TaskGround {
  readonly facts: AssetFacts;
  readonly cluster: Cluster;
  readonly lanes: NodeLanes;
  readonly sites: EncodeSites;
}

/**
 * Nodes with room for it, in the order of their ids. Cordoned nodes only delete and verify, draining ones only delete,
 * so that they come to an end; what they hold is copied from them all the same.
 */
export function candidatesForTask(task: TaskRecord, ground: TaskGround): NodeRecord[] {
  const { facts, cluster, lanes, sites } = ground;
  const free = lanes.withRoom(task);
  const fixed = (): NodeRecord[] => (task.nodeId === null ? [] : atHand(free.get(task.nodeId)));
  switch (task.kind) {
    case "fetch":
      return candidatesForFetch(task, ground).filter((node) => free.has(node.id));
    case "discard":
      return fixed().filter((node) => node.health === "up");
    case "verify":
      return fixed().filter((node) => node.health === "up" && node.scheduling !== "draining");
    case "replicate":
      return fixed().filter((node) => isSchedulable(node) && hasRoomFor(task.pieceId, node, facts));
    case "probe":
      return candidatesForProbe(facts, cluster, free);
    case "transcode":
    case "audio": {
      if (free.size === 0 || !sites.canEncode(facts)) return [];
      const toolchain = sites.toolchainFor(task, facts);
      return [...free.values()].filter(
        (node) => sites.allows(node, facts, toolchain) && (task.kind === "audio" || sites.hasEncoders(node, facts)),
      );
    }
    case "check":
      return free.size === 0 ? [] : candidatesForCheck(ground).filter((node) => free.has(node.id));
    case "text":
    case "images":
      return free.size === 0 ? [] : candidatesForExtra(task, ground).filter((node) => free.has(node.id));
  }
}

// Any build will do. Text of a source is made by reading all of it, so where that is; of a file beside it, where the
// timeline is; images of all the video, by a home that has it, else by whoever has. Only when none of these is at hand
// does another node fetch it.
function candidatesForExtra(task: TaskRecord, { facts, cluster, sites }: TaskGround): NodeRecord[] {
  const chunks = facts.asset.plan?.chunks ?? [];
  const read = task.kind === "text" ? textIsReadOf(task, facts) : null;
  if (read !== null && ![read, timelinePieceId].every((id) => canBeFetched(id, facts, cluster))) return [];
  const needed = read === null ? chunks.map(({ index }) => videoPieceId(index, facts.asset.edition)) : [read];
  const able = cluster.nodes.filter((node) => node.health === "up" && sites.allows(node, facts, null));
  const holders = able.filter((node) => needed.every((pieceId) => copiesOf(facts, pieceId).includes(node.id)));
  const homes = (nodes: readonly NodeRecord[]): NodeRecord[] =>
    nodes.filter((node) => facts.asset.homes.includes(node.id));
  return [homes(holders), holders, homes(able), able].find((nodes) => nodes.length > 0) ?? [];
}

// It only reads: who has all of it need not take other work. Only when nobody has does another node fetch it.
function candidatesForCheck({ facts, cluster }: TaskGround): NodeRecord[] {
  const needed = checkedPieces(facts);
  const up = cluster.nodes.filter((node) => node.health === "up" && node.scheduling !== "draining");
  const holders = up.filter((node) => needed.every((pieceId) => copiesOf(facts, pieceId).includes(node.id)));
  const homes = holders.filter((node) => facts.asset.homes.includes(node.id));
  const others = [homes.filter(isSchedulable), holders.filter(isSchedulable), holders, up.filter(isSchedulable)];
  return others.find((nodes) => nodes.length > 0) ?? [];
}

function textIsReadOf(task: TaskRecord, { asset }: AssetFacts): PieceId {
  const target = asset.plan?.text.find(({ track }) => textPieceId(track) === task.pieceId);
  return target?.origin === "file" ? timelinePieceId : sourcePieceId;
}

// It is begun on any home, and goes on where it was begun while that takes work. Only for want of room another home is
// as good then.
function candidatesForFetch({ error, nodeId }: TaskRecord, { facts, cluster }: TaskGround): NodeRecord[] {
  const able = facts.asset.homes.flatMap((home) => atHand(cluster.byId.get(home))).filter(isSchedulable);
  const begun = error?.code === "storage_full" ? [] : able.filter(({ id }) => id === nodeId);
  return begun.length > 0 ? begun : able;
}

// A probe reads the whole source, so it runs where that is. When only nodes have it that take no work now, such as a
// cordoned one, another with the room fetches it: nobody knows how long they will not.
function candidatesForProbe(facts: AssetFacts, cluster: Cluster, free: ReadonlyMap<NodeId, NodeRecord>): NodeRecord[] {
  const holders = copiesOf(facts, sourcePieceId).flatMap((nodeId) => atHand(cluster.byId.get(nodeId)));
  const able = holders.filter((node) => isSchedulable(node));
  if (able.length > 0 || holders.every((node) => node.health !== "up")) return able.filter((node) => free.has(node.id));
  return [...free.values()].filter((node) => isSchedulable(node) && hasRoomFor(sourcePieceId, node, facts));
}

function atHand(node: NodeRecord | undefined): NodeRecord[] {
  return node === undefined ? [] : [node];
}

// How full a node may be before one that must fetch the source first is as good.
const fetchPenalty = 0.5;
const strangerPenalty = 0.25;
const failedPenalty = 100;

export interface ScoreGround {
  readonly task: TaskRecord;
  readonly facts: AssetFacts;
  readonly lanes: NodeLanes;
  readonly failedOn: NodeId | undefined;
}

/** Idle before busy, holders of the source and homes before others, where it failed last of all; else the first. */
export function bestOf(nodes: readonly NodeRecord[], ground: ScoreGround): NodeRecord | undefined {
  let best: { readonly node: NodeRecord; readonly score: number } | undefined;
  for (const node of nodes) {
    const score = scoreFor(node, ground);
    if (best === undefined || score < best.score) best = { node, score };
  }
  return best?.node;
}

function scoreFor(node: NodeRecord, { task, facts, lanes, failedOn }: ScoreGround): number {
  return (
    lanes.use(node, task.kind) +
    (holdsSource(node, facts) ? 0 : fetchPenalty) +
    (facts.asset.homes.includes(node.id) ? 0 : strangerPenalty) +
    (failedOn === node.id ? failedPenalty : 0)
  );
}

function holdsSource(node: NodeRecord, facts: AssetFacts): boolean {
  return copiesOf(facts, sourcePieceId).includes(node.id);
}

function hasRoomFor(pieceId: PieceId | "", node: NodeRecord, facts: AssetFacts): boolean {
  const piece = pieceId === "" ? undefined : facts.pieces.get(pieceId);
  return piece !== undefined && node.capacityBytes - node.usedBytes >= bytesOf(piece.content);
}
