// How much each node may do at the same time, by kind of work, how much it does, and which nodes still have room: in a
// cluster that is busy these are few, and only they are looked at.
import { videoPieceId } from "@vstream/core/ids.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import type { TaskKind } from "@vstream/core/media.ts";
import type { NodeRecord, Snapshot, TaskRecord } from "../catalog/records.ts";
import { isSchedulable } from "./cluster.ts";

const limits: Readonly<Record<Exclude<TaskKind, "transcode">, number>> = {
  fetch: 2,
  probe: 2,
  audio: 1,
  text: 1,
  images: 1,
  check: 1,
  replicate: 4,
  discard: 1,
  verify: 1,
};

/** How many copies one node makes at a time. */
export const copiesAtOnce = limits.replicate;

/** What has a limit of its own: the kinds, and the first chunk, which nothing beside it keeps waiting. */
type Lane = TaskKind | "first chunk";
type LaneTask = Pick<TaskRecord, "kind" | "pieceId">;

const lanesBeside: Readonly<Partial<Record<TaskKind, readonly Lane[]>>> = {
  transcode: ["transcode", "first chunk"],
  audio: ["audio", "transcode"],
  images: ["images", "transcode"],
};

const lanes = [
  "fetch",
  "probe",
  "audio",
  "text",
  "images",
  "check",
  "replicate",
  "discard",
  "verify",
  "transcode",
  "first chunk",
] as const;

export class NodeLanes {
  readonly #running = new Map<NodeId, Map<TaskKind, number>>();
  /** In the order that the nodes were given in. They only become fewer. */
  readonly #free = new Map<Lane, Map<NodeId, NodeRecord>>();
  readonly #slots: number;

  /** @param nodes those that can be reached now; only to these is there room */
  constructor(snapshot: Snapshot, nodes: readonly NodeRecord[]) {
    this.#slots = nodes.filter(isSchedulable).reduce((sum, node) => sum + slotsOf(node), 0);
    for (const { openTasks } of snapshot.assets) {
      for (const task of openTasks) {
        if (task.state === "leased" && task.nodeId !== null) this.#count(task.nodeId, task.kind);
      }
    }
    for (const lane of lanes) {
      const free = nodes.filter((node) => this.#isFree(node, lane));
      this.#free.set(lane, new Map(free.map((node) => [node.id, node])));
    }
  }

  take(nodeId: NodeId, kind: TaskKind): void {
    this.#count(nodeId, kind);
    for (const lane of lanesBeside[kind] ?? [kind]) {
      const node = this.#freeIn(lane).get(nodeId);
      if (node !== undefined && !this.#isFree(node, lane)) this.#freeIn(lane).delete(nodeId);
    }
  }

  hasRoom(nodeId: NodeId, task: LaneTask): boolean {
    return this.#freeIn(laneOf(task)).has(nodeId);
  }

  /** All nodes that have room for the task; what else it needs is not asked here. */
  withRoom(task: LaneTask): ReadonlyMap<NodeId, NodeRecord> {
    return this.#freeIn(laneOf(task));
  }

  /** 0: idle; 1: full. What takes the slots of encodes counts together, and may come to more. */
  use(node: NodeRecord, kind: TaskKind): number {
    if (kind === "transcode" || kind === "audio" || kind === "images") {
      return (this.#runs(node.id, "transcode") + this.#runsBeside(node.id)) / slotsOf(node);
    }
    return this.#runs(node.id, kind) / limits[kind];
  }

  // An audio encode keeps a processor busy for as long as it runs, so it takes the slot of a transcode: beside one it
  // would slow that down, and the last chunk of the whole asset with it. So do images. They never keep the first chunk
  // waiting, which viewers wait for, nor everything else where there is a single slot. Text is mostly reading.
  #isFree(node: NodeRecord, lane: Lane): boolean {
    if (lane !== "transcode" && lane !== "first chunk") return this.#runs(node.id, lane) < limits[lane];
    const goesBeside = this.#slots === 1 || lane === "first chunk";
    return this.#runs(node.id, "transcode") + (goesBeside ? 0 : this.#runsBeside(node.id)) < slotsOf(node);
  }

  #runsBeside(nodeId: NodeId): number {
    return this.#runs(nodeId, "audio") + this.#runs(nodeId, "images");
  }

  #freeIn(lane: Lane): Map<NodeId, NodeRecord> {
    return this.#free.get(lane) ?? new Map<NodeId, NodeRecord>();
  }

  #count(nodeId: NodeId, kind: TaskKind): void {
    const lanes = this.#running.get(nodeId) ?? new Map<TaskKind, number>();
    this.#running.set(nodeId, lanes.set(kind, (lanes.get(kind) ?? 0) + 1));
  }

  #runs(nodeId: NodeId, kind: TaskKind): number {
    return this.#running.get(nodeId)?.get(kind) ?? 0;
  }
}

function laneOf({ kind, pieceId }: LaneTask): Lane {
  return kind === "transcode" && pieceId === firstChunk ? "first chunk" : kind;
}

const firstChunk = videoPieceId(0);

function slotsOf(node: NodeRecord): number {
  return Math.max(1, node.encodeSlots);
}
