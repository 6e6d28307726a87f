// How much each node may do at the same time, by kind of work, and how much it does.
import { videoPieceId } from "@vstream/core/ids.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import type { TaskKind } from "@vstream/core/media.ts";
import type { NodeRecord, Snapshot, TaskRecord } from "../catalog/records.ts";

const limits: Readonly<Record<Exclude<TaskKind, "transcode">, number>> = {
  probe: 2,
  audio: 1,
  replicate: 4,
  discard: 1,
  verify: 1,
};

/** How many copies one node makes at a time. */
export const copiesAtOnce = limits.replicate;

export class NodeLanes {
  readonly #running = new Map<NodeId, Map<TaskKind, number>>();
  readonly #slots: number;

  /** @param nodes those that may be given work now */
  constructor(snapshot: Snapshot, nodes: readonly NodeRecord[]) {
    this.#slots = nodes.reduce((sum, node) => sum + slotsOf(node), 0);
    for (const { openTasks } of snapshot.assets) {
      for (const task of openTasks)
        if (task.state === "leased" && task.nodeId !== null) this.take(task.nodeId, task.kind);
    }
  }

  take(nodeId: NodeId, kind: TaskKind): void {
    const lanes = this.#running.get(nodeId) ?? new Map<TaskKind, number>();
    this.#running.set(nodeId, lanes.set(kind, (lanes.get(kind) ?? 0) + 1));
  }

  // An audio encode keeps a processor busy for as long as it runs, so it takes the slot of a transcode: beside one it
  // would slow that down, and the last chunk of the whole asset with it. It never keeps the first chunk waiting, which
  // viewers wait for, nor everything else where there is a single slot.
  hasRoom(node: NodeRecord, task: Pick<TaskRecord, "kind" | "pieceId">): boolean {
    const running = this.#count(node.id, task.kind);
    if (task.kind !== "transcode") return running < limits[task.kind];
    const besideAudio = this.#slots === 1 || task.pieceId === videoPieceId(0);
    return running + (besideAudio ? 0 : this.#count(node.id, "audio")) < slotsOf(node);
  }

  /** 0: idle; 1: full. Encodes of both kinds count together, and may come to more. */
  use(node: NodeRecord, kind: TaskKind): number {
    if (kind !== "transcode" && kind !== "audio") return this.#count(node.id, kind) / limits[kind];
    return (this.#count(node.id, "transcode") + this.#count(node.id, "audio")) / slotsOf(node);
  }

  #count(nodeId: NodeId, kind: TaskKind): number {
    return this.#running.get(nodeId)?.get(kind) ?? 0;
  }
}

function slotsOf(node: NodeRecord): number {
  return Math.max(1, node.encodeSlots);
}
