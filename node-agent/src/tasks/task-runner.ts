// Takes leases and sees each to its one end: run, report until answered, and sweep what nobody acknowledged.
// One run a task at a time: a newer lease of the same task waits until the older run has been cleaned away.
import type { Clock } from "@vstream/core/clock.ts";
import { VsError, asVsError } from "@vstream/core/errors.ts";
import type { AssetId, PieceId, TaskId } from "@vstream/core/ids.ts";
import type { Logger } from "@vstream/core/log.ts";
import type { Fence, TaskKind, Work } from "@vstream/core/media.ts";
import type { LeaseGrant } from "../rpc/control-messages.ts";
import type { LostCopies, Store } from "../store/store.ts";
import { LeaseKeeper } from "./lease-keeper.ts";
import { PieceClaims } from "./piece-claims.ts";
import type { TaskContext, TaskResult } from "./task-context.ts";
import { TaskLogs } from "./task-log.ts";
import { TaskRun } from "./task-run.ts";
import type { Reporting, RunEnd } from "./task-run.ts";

/** Leases held at once; the control plane gives far fewer. */
const leasesLimit = 256;
/** Ended leases that are remembered, so that a late duplicate does not run again. */
const endedLimit = 1000;

export interface TaskRunnerDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly store: Store;
  readonly reporting: Reporting;
  readonly runWork: (work: Work, context: TaskContext) => Promise<TaskResult>;
  /** Hears of copies that are gone though they may be counted. Not waited for. */
  readonly onLost: (lost: LostCopies) => void;
  readonly onEnded: (ended: { kind: TaskKind; end: RunEnd; durationMs: number }) => void;
}

interface Entry {
  readonly grant: LeaseGrant;
  readonly done: Promise<void>;
}

export class TaskRunner implements AsyncDisposable {
  readonly leases: LeaseKeeper;
  readonly logs = new TaskLogs();
  readonly #deps: TaskRunnerDeps;
  readonly #claims: PieceClaims;
  readonly #entries = new Map<TaskId, Entry>();
  readonly #ended = new Map<TaskId, Fence>();
  readonly #stopping = new AbortController();

  constructor(deps: TaskRunnerDeps) {
    this.#deps = deps;
    this.leases = new LeaseKeeper(deps.clock);
    this.#claims = new PieceClaims(deps.store);
  }

  /** How many tasks run, or wait for the end of an older run of theirs. */
  get running(): number {
    return this.#entries.size;
  }

  /**
   * Of what stands in the store, all but what rests on a report that is not answered yet: counted by an inventory, it
   * would still be counted after that report was refused and the piece swept.
   */
  answeredOf(stored: ReadonlyMap<AssetId, readonly PieceId[]>): ReadonlyMap<AssetId, readonly PieceId[]> {
    const answered = (assetId: AssetId, pieceIds: readonly PieceId[]): readonly PieceId[] =>
      pieceIds.filter((pieceId) => !this.#claims.isUnanswered(assetId, pieceId));
    return new Map([...stored].map(([assetId, pieceIds]) => [assetId, answered(assetId, pieceIds)]));
  }

  /** Begins the task, unless this lease is known, older than a known one, or the agent stops. Never throws. */
  take(grant: LeaseGrant): void {
    const { taskId, fence } = grant;
    const log = this.#deps.log.child({ taskId, epoch: fence.epoch, kind: grant.work.kind });
    const older = this.#entries.get(taskId);
    const known = older?.grant.fence ?? this.#ended.get(taskId);
    if (this.#stopping.signal.aborted || !isNewer(fence, known)) return;
    if (this.#entries.size >= leasesLimit) {
      log.warn({ leasesLimit }, "lease left out, too many are held");
      return;
    }
    log.info({ assetId: grant.assetId }, "task begun");
    const run = new TaskRun({ ...this.#deps, log, leases: this.leases, logs: this.logs, claims: this.#claims }, grant);
    const entry = { grant, done: this.#see(run, { grant, older: older?.done ?? null }) };
    this.#entries.set(taskId, entry);
    void entry.done.then(() => {
      this.#remember(entry);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(new VsError("interrupted", "the agent is stopping"));
    await Promise.all([...this.#entries.values()].map((entry) => entry.done));
  }

  async #see(run: TaskRun, { grant, older }: { grant: LeaseGrant; older: Promise<void> | null }): Promise<void> {
    const startedAtMs = this.#deps.clock.monotonicMs();
    let end: RunEnd = "failed";
    try {
      end = await run.run(older, this.#stopping.signal);
    } catch (thrown) {
      this.#deps.log.error({ err: asVsError(thrown), taskId: grant.taskId }, "task left something undone");
    }
    this.#deps.onEnded({ kind: grant.work.kind, end, durationMs: this.#deps.clock.monotonicMs() - startedAtMs });
  }

  #remember(entry: Entry): void {
    const { taskId, fence } = entry.grant;
    if (this.#entries.get(taskId) === entry) this.#entries.delete(taskId);
    if (isNewer(fence, this.#ended.get(taskId))) this.#ended.set(taskId, fence);
    const oldest = this.#ended.keys().next();
    if (this.#ended.size > endedLimit && oldest.done !== true) this.#ended.delete(oldest.value);
  }
}

// Epochs count within one incarnation of the catalog; a restored one counts from where its backup was.
function isNewer(fence: Fence, known: Fence | undefined): boolean {
  return known === undefined || fence.incarnation !== known.incarnation || fence.epoch > known.epoch;
}
