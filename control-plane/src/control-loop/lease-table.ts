// The leases that run now, in memory and on the monotonic clock, so that a wall clock that jumps ends none of them.
// The catalog keeps who has a lease and its epoch; only how long it still lasts is known here, and after a restart
// every lease gets its full time again.
import type { Clock } from "@vstream/core/clock.ts";
import type { AssetId, NodeId, TaskId } from "@vstream/core/ids.ts";
import type { TaskKind } from "@vstream/core/media.ts";
import type { Snapshot } from "../catalog/records.ts";
import type { TaskProgress } from "./control-loop.ts";
import type { LeaseRef, TaskProgressReport } from "./session.ts";

/** What is remembered of an encode, to measure it by. */
export interface EncodeBegun {
  readonly costPerFrame: number;
  readonly atMs: number;
}

export interface Lease extends LeaseRef {
  readonly kind: TaskKind;
  readonly assetId: AssetId;
  readonly nodeId: NodeId;
  /** Not of leases that another control plane gave. */
  readonly encode?: EncodeBegun;
}

interface RunningLease extends Lease {
  expiresAtMs: number;
  progress: TaskProgress | null;
}

export class LeaseTable {
  readonly #clock: Clock;
  readonly #leaseMs: number;
  readonly #leases = new Map<TaskId, RunningLease>();
  /** Ended since the last look: a snapshot that was on its way meanwhile must not bring them back. */
  readonly #ended = new Set<string>();

  constructor(clock: Clock, leaseMs: number) {
    this.#clock = clock;
    this.#leaseMs = leaseMs;
  }

  /** A lease begins, with its full time; also one that the catalog knows and this table does not. */
  grant(lease: Lease): void {
    this.#leases.set(lease.taskId, { ...lease, expiresAtMs: this.#fullTime(), progress: null });
  }

  get(taskId: TaskId): Lease | undefined {
    return this.#leases.get(taskId);
  }

  count(kind: TaskKind): number {
    return this.#leases.values().reduce((count, lease) => count + (lease.kind === kind ? 1 : 0), 0);
  }

  of(nodeId: NodeId): Lease[] {
    return [...this.#leases.values()].filter((lease) => lease.nodeId === nodeId);
  }

  /** Holds the table against the catalog: takes over leases it lacks, and gives those that are no more. */
  follow(snapshot: Snapshot): Lease[] {
    const known = leasesIn(snapshot);
    for (const lease of known.values()) {
      const isHere = this.#leases.get(lease.taskId)?.epoch === lease.epoch;
      if (!isHere && !this.#ended.has(keyOf(lease))) this.grant(lease);
    }
    this.#ended.clear();
    const over = [...this.#leases.values()].filter((lease) => known.get(lease.taskId)?.epoch !== lease.epoch);
    for (const { taskId } of over) this.#leases.delete(taskId);
    return over;
  }

  /** Gives those that have their full time again; the node must end the others. */
  renew(nodeId: NodeId, refs: readonly LeaseRef[]): LeaseRef[] {
    return refs.filter((ref) => {
      const lease = this.#leases.get(ref.taskId);
      if (lease?.nodeId !== nodeId || lease.epoch !== ref.epoch || this.#isOver(lease)) return false;
      lease.expiresAtMs = this.#fullTime();
      return true;
    });
  }

  /** The task has ended, or its lease is somebody else's. */
  end(ref: LeaseRef): void {
    this.#ended.add(keyOf(ref));
    if (this.#leases.get(ref.taskId)?.epoch === ref.epoch) this.#leases.delete(ref.taskId);
  }

  /** It is over now: the node is gone, has lost the task, or never got the grant. */
  expireNow({ taskId, epoch }: LeaseRef): void {
    const lease = this.#leases.get(taskId);
    if (lease?.epoch === epoch) lease.expiresAtMs = -Infinity;
  }

  /** Their node is down. */
  expireAllOf(nodeId: NodeId): void {
    for (const lease of this.of(nodeId)) this.expireNow(lease);
  }

  /** Takes out those whose time is over. They cannot be renewed any more. */
  takeExpired(): Lease[] {
    const over = [...this.#leases.values()].filter((lease) => this.#isOver(lease));
    for (const { taskId } of over) this.#leases.delete(taskId);
    return over;
  }

  /** Gives whether the report is about a running lease of that node. */
  recordProgress(nodeId: NodeId, report: TaskProgressReport): boolean {
    const lease = this.#leases.get(report.taskId);
    if (lease?.nodeId !== nodeId || lease.epoch !== report.epoch) return false;
    lease.progress = { progress: Math.min(Math.max(report.progress, 0), 1), speed: report.speed };
    return true;
  }

  progressOf(taskId: TaskId): TaskProgress | null {
    return this.#leases.get(taskId)?.progress ?? null;
  }

  #fullTime(): number {
    return this.#clock.monotonicMs() + this.#leaseMs;
  }

  #isOver(lease: RunningLease): boolean {
    return lease.expiresAtMs <= this.#clock.monotonicMs();
  }
}

function leasesIn(snapshot: Snapshot): Map<TaskId, Lease> {
  const leased = snapshot.assets.flatMap((view) => view.openTasks).filter((task) => task.state === "leased");
  return new Map(
    leased.flatMap(({ id, epoch, assetId, nodeId, kind }) =>
      nodeId === null ? [] : [[id, { taskId: id, epoch, assetId, nodeId, kind }] as const],
    ),
  );
}

function keyOf({ taskId, epoch }: LeaseRef): string {
  return `${taskId} ${epoch}`;
}
