// Which nodes may run a task, and which of them had better.
import { sourcePieceId } from "@vstream/core/ids.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import { bytesOf } from "@vstream/core/media.ts";
import type { NodeRecord, TaskRecord } from "../catalog/records.ts";
import { copiesOf } from "./asset-facts.ts";
import type { AssetFacts } from "./asset-facts.ts";
import { isSchedulable } from "./cluster.ts";
import type { Cluster } from "./cluster.ts";
import type { NodeLanes } from "./node-lanes.ts";

export interface TaskGround {
  readonly facts: AssetFacts;
  readonly cluster: Cluster;
  /** The one that encodes must use; null: any. */
  readonly toolchain: string | null;
}

// A disk this full takes no new encodes: what is there must still be copied and served.
const fullShare = 0.95;

/**
 * In the order of their ids. Cordoned and draining nodes only delete and verify; what they hold is copied from them all
 * the same.
 */
export function candidatesForTask(task: TaskRecord, { facts, cluster, toolchain }: TaskGround): NodeRecord[] {
  switch (task.kind) {
    case "discard":
    case "verify":
      return fixedNode(task, cluster).filter((node) => node.health === "up");
    case "replicate":
      return fixedNode(task, cluster).filter((node) => isSchedulable(node) && fits(task, node, facts));
    case "probe":
      return copiesOf(facts, sourcePieceId)
        .flatMap((nodeId) => cluster.byId.get(nodeId) ?? [])
        .filter((node) => isSchedulable(node));
    case "transcode":
    case "audio":
      return cluster.nodes.filter(
        (node) =>
          isSchedulable(node) &&
          (toolchain === null || node.toolchain === toolchain) &&
          node.usedBytes < node.capacityBytes * fullShare &&
          !isDiscarding(node, facts),
      );
  }
}

function fixedNode(task: TaskRecord, cluster: Cluster): NodeRecord[] {
  const node = task.nodeId === null ? undefined : cluster.byId.get(task.nodeId);
  return node === undefined ? [] : [node];
}

// How full a node may be before one that must fetch the source first is as good.
const fetchPenalty = 0.5;
const strangerPenalty = 0.25;
const failedPenalty = 100;

/** Lower is better: idle before busy, holders of the source and homes before others, where it failed last of all. */
export function scoreFor(node: NodeRecord, { task, facts, lanes, failedOn }: ScoreGround): number {
  return (
    lanes.use(node, task.kind) +
    (holdsSource(node, facts) ? 0 : fetchPenalty) +
    (facts.asset.homes.includes(node.id) ? 0 : strangerPenalty) +
    (failedOn === node.id ? failedPenalty : 0)
  );
}

export interface ScoreGround {
  readonly task: TaskRecord;
  readonly facts: AssetFacts;
  readonly lanes: NodeLanes;
  readonly failedOn: NodeId | undefined;
}

function holdsSource(node: NodeRecord, facts: AssetFacts): boolean {
  return copiesOf(facts, sourcePieceId).includes(node.id);
}

function fits(task: TaskRecord, node: NodeRecord, facts: AssetFacts): boolean {
  const piece = task.pieceId === "" ? undefined : facts.pieces.get(task.pieceId);
  return piece !== undefined && node.capacityBytes - node.usedBytes >= bytesOf(piece.content);
}

// What a node is about to delete must not be what it has just made.
function isDiscarding(node: NodeRecord, facts: AssetFacts): boolean {
  return facts.view.openTasks.some((task) => task.kind === "discard" && task.nodeId === node.id);
}
