// One run of one task under one lease, from its start to its one end.
import { isDeepStrictEqual } from "node:util";
import type { Clock } from "@vstream/core/clock.ts";
import { VsError, asVsError } from "@vstream/core/errors.ts";
import type { PieceId } from "@vstream/core/ids.ts";
import type { Logger } from "@vstream/core/log.ts";
import type { Piece, Work } from "@vstream/core/media.ts";
import type { LeaseGrant, PieceReport, TaskOutcome, TaskProgress, TaskReport } from "../rpc/control-messages.ts";
import type { LostCopies, Store } from "../store/store.ts";
import type { HeldLease, LeaseKeeper } from "./lease-keeper.ts";
import type { Claim, PieceClaims } from "./piece-claims.ts";
import { reportEnd } from "./report-end.ts";
import type { TaskContext, TaskResult } from "./task-context.ts";
import type { TaskLogs } from "./task-log.ts";

/** How often a running task says how far it is. */
const progressEveryMs = 1_000;
/** lost: the lease ended first; stale: the control plane did not accept the end. */
export type RunEnd = "succeeded" | "failed" | "lost" | "stale";

/** What a run says to the control plane. */
export interface Reporting {
  reportTask(report: TaskReport, signal: AbortSignal): Promise<boolean>;
  reportPiece(report: PieceReport, signal: AbortSignal): Promise<boolean>;
  sendProgress(progress: TaskProgress): void;
}

export interface TaskRunDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly store: Store;
  readonly reporting: Reporting;
  readonly leases: LeaseKeeper;
  readonly logs: TaskLogs;
  readonly claims: PieceClaims;
  readonly runWork: (work: Work, context: TaskContext) => Promise<TaskResult>;
  /** Hears of copies that are gone though they may be counted. Not waited for. */
  readonly onLost: (lost: LostCopies) => void;
}

export class TaskRun {
  readonly #deps: TaskRunDeps;
  readonly #grant: LeaseGrant;
  readonly #held: HeldLease;
  readonly #claim: Claim;
  #progressAtMs = -progressEveryMs;

  /** Holds the lease from now on. */
  constructor(deps: TaskRunDeps, grant: LeaseGrant) {
    this.#deps = deps;
    this.#grant = grant;
    this.#held = deps.leases.hold({ taskId: grant.taskId, epoch: grant.fence.epoch });
    this.#claim = deps.claims.open(grant.assetId);
  }

  /**
   * @param older an older run of the same task, waited for
   * @param stopping aborted when the agent stops
   */
  async run(older: Promise<void> | null, stopping: AbortSignal): Promise<RunEnd> {
    using _held = this.#held;
    await older;
    const discarded = this.#toBeDiscarded();
    const outcome = await this.#attempt(stopping);
    if (outcome === null) {
      this.#deps.log.warn({ reason: reasonOf(this.#held.signal) }, "task given up");
      await this.#sweep();
      this.#tellGone(discarded);
      return "lost";
    }
    const { taskId, fence } = this.#grant;
    const log = [...(this.#deps.logs.linesOf(taskId) ?? [])];
    const { answer, kind } = await reportEnd(this.#deps, { taskId, fence, outcome, log }, stopping);
    if (kind === "succeeded" && answer !== "stale") this.#claim.confirmAll();
    await this.#sweep();
    // What went bad before its report came through is counted by now, also what was found right; what was deleted by a
    // discard that was called off is counted still.
    if (outcome.kind === "succeeded") this.#tellGone([...outcome.pieces.map((piece) => piece.id), ...this.#verified()]);
    if (answer !== "accepted" || kind !== "succeeded") this.#tellGone(discarded);
    this.#deps.log.info({ outcome: kind, answer }, "task ended");
    return answer === "stale" ? "stale" : kind;
  }

  // Null: the lease is over, and there is nothing to be said.
  async #attempt(stopping: AbortSignal): Promise<TaskOutcome | null> {
    const limit = new AbortController();
    const signal = AbortSignal.any([this.#held.signal, stopping, limit.signal]);
    const over = new AbortController();
    void this.#watchTime(limit, over.signal);
    try {
      signal.throwIfAborted();
      const result = await this.#runInScratch(signal);
      this.#held.check();
      signal.throwIfAborted();
      return { kind: "succeeded", ...result };
    } catch (thrown) {
      return this.#failureOf(signal.aborted ? signal.reason : thrown);
    } finally {
      over.abort();
    }
  }

  async #runInScratch(signal: AbortSignal): Promise<TaskResult> {
    const { taskId, assetId, fence, work } = this.#grant;
    await using scratch = await this.#deps.store.openScratch(`${taskId}-${String(fence.epoch)}`);
    signal.throwIfAborted();
    return await this.#deps.runWork(work, {
      assetId,
      signal,
      scratch,
      log: (line) => {
        this.#deps.logs.add(taskId, line);
      },
      progress: (fraction, speed) => {
        this.#tellProgress(fraction, speed ?? 0);
      },
      keep: async (piece) => {
        await this.#keep(piece);
      },
      keepAndReport: async (piece) => {
        this.#refuseAnother(piece);
        await this.#keep(piece);
        await this.#reportPiece(piece, signal);
      },
    });
  }

  #failureOf(thrown: unknown): TaskOutcome | null {
    const error = asVsError(thrown);
    try {
      this.#held.check();
    } catch {
      return null;
    }
    const bug = error.code === "internal" ? { err: error } : {};
    this.#deps.log.warn({ code: error.code, reason: error.message, ...bug }, "task failed");
    this.#deps.logs.add(this.#grant.taskId, `${error.code}: ${error.message}`);
    return { kind: "failed", failure: error.toFailure() };
  }

  async #watchTime(limit: AbortController, over: AbortSignal): Promise<void> {
    const { timeLimitMs } = this.#grant;
    if (timeLimitMs === 0) return;
    try {
      await this.#deps.clock.sleep(timeLimitMs, over);
      limit.abort(new VsError("timed_out", `the task took more than ${String(Math.round(timeLimitMs / 1000))} s`));
    } catch {
      // The run has ended in time.
    }
  }

  // What made it is told, not kept: two pieces of the same bytes are the same.
  async #keep({ arguments: _told, ...piece }: Piece): Promise<void> {
    this.#held.check();
    await this.#claim.keep(piece);
  }

  // An encode that makes several pieces also makes those that are here. One that comes out otherwise would be refused,
  // and then neither would stand here.
  #refuseAnother({ id, content }: Piece): void {
    const known = this.#deps.store.getPiece(this.#grant.assetId, id);
    if (known === null || isDeepStrictEqual(known.content, content)) return;
    throw new VsError("encode_mismatch", `${id} stands here, and was made with other bytes`, {
      hint: "Compare the nodes' ffmpeg versions",
    });
  }

  async #reportPiece(piece: Piece, signal: AbortSignal): Promise<void> {
    const { taskId, fence } = this.#grant;
    this.#held.check();
    let accepted = true;
    try {
      accepted = await this.#deps.reporting.reportPiece({ taskId, fence, piece }, signal);
    } finally {
      // Without an answer it may have been acknowledged all the same, and is not swept.
      if (accepted) this.#claim.confirm(piece.id);
    }
    if (!accepted) throw new VsError("lease_lost", `the control plane no longer wants ${piece.id} from this task`);
    this.#tellGone([piece.id]);
  }

  #toBeDiscarded(): readonly PieceId[] {
    const { assetId, work } = this.#grant;
    if (work.kind !== "discard") return [];
    return work.pieceIds.length > 0 ? work.pieceIds : (this.#deps.store.inventory().get(assetId) ?? []);
  }

  #verified(): readonly PieceId[] {
    const { work } = this.#grant;
    return work.kind === "verify" ? work.pieceIds : [];
  }

  #tellGone(pieceIds: readonly PieceId[]): void {
    const { assetId } = this.#grant;
    const gone = pieceIds.filter((pieceId) => this.#deps.store.getPiece(assetId, pieceId) === null);
    if (gone.length > 0) this.#deps.onLost([{ assetId, pieceIds: gone }]);
  }

  #tellProgress(progress: number, speed: number): void {
    const nowMs = this.#deps.clock.monotonicMs();
    if (nowMs - this.#progressAtMs < progressEveryMs) return;
    this.#progressAtMs = nowMs;
    const { taskId, fence } = this.#grant;
    this.#deps.reporting.sendProgress({ taskId, epoch: fence.epoch, progress: Math.min(1, progress), speed });
  }

  async #sweep(): Promise<void> {
    const swept = await this.#claim.sweep();
    if (swept.length > 0) this.#deps.log.info({ pieces: swept.length }, "pieces swept");
  }
}

function reasonOf(signal: AbortSignal): string {
  return asVsError(signal.reason).message;
}
