// How much each node may do at the same time, by kind of work, and how much it does.
import type { NodeId } from "@vstream/core/ids.ts";
import type { TaskKind } from "@vstream/core/media.ts";
import type { NodeRecord, Snapshot } from "../catalog/records.ts";

/** Audio runs beside the transcodes: one thread that is mostly done before they are. */
const limits: Readonly<Record<Exclude<TaskKind, "transcode">, number>> = {
  probe: 2,
  audio: 1,
  replicate: 4,
  discard: 1,
};

export class NodeLanes {
  readonly #running = new Map<string, number>();

  constructor(snapshot: Snapshot) {
    for (const { openTasks } of snapshot.assets) {
      for (const task of openTasks)
        if (task.state === "leased" && task.nodeId !== null) this.take(task.nodeId, task.kind);
    }
  }

  take(nodeId: NodeId, kind: TaskKind): void {
    const lane = `${nodeId} ${kind}`;
    this.#running.set(lane, (this.#running.get(lane) ?? 0) + 1);
  }

  hasRoom(node: NodeRecord, kind: TaskKind): boolean {
    return this.#count(node.id, kind) < limitOf(node, kind);
  }

  /** 0: idle; 1: full. */
  use(node: NodeRecord, kind: TaskKind): number {
    return this.#count(node.id, kind) / limitOf(node, kind);
  }

  #count(nodeId: NodeId, kind: TaskKind): number {
    return this.#running.get(`${nodeId} ${kind}`) ?? 0;
  }
}

function limitOf(node: NodeRecord, kind: TaskKind): number {
  return kind === "transcode" ? Math.max(1, node.encodeSlots) : limits[kind];
}
