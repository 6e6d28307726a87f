import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { VsError } from "@vstream/core/errors.ts";
import { newId, timelinePieceId } from "@vstream/core/ids.ts";
import type { Piece, Work } from "@vstream/core/media.ts";
import type { LeaseGrant, PieceReport, TaskProgress, TaskReport } from "../rpc/control-messages.ts";
import { openTrialStore, quietLog } from "../store/trial-store.fixture.ts";
import type { LostCopies, Store } from "../store/store.ts";
import { until } from "../rpc/trial-control-plane.fixture.ts";
import { MovedClock } from "./moved-clock.fixture.ts";
import { nothingMade } from "./task-context.ts";
import type { TaskContext, TaskResult } from "./task-context.ts";
import { TaskRunner } from "./task-runner.ts";
import type { RunEnd } from "./task-run.ts";

const assetId = newId("asset", 0);

class Control {
  readonly reports: TaskReport[] = [];
  readonly pieces: PieceReport[] = [];
  readonly progress: TaskProgress[] = [];
  /** What the next reports are answered with. */
  answer: () => Promise<boolean> = () => Promise.resolve(true);

  async reportTask(report: TaskReport): Promise<boolean> {
    this.reports.push(report);
    return await this.answer();
  }
  async reportPiece(report: PieceReport): Promise<boolean> {
    this.pieces.push(report);
    return await this.answer();
  }
  sendProgress(progress: TaskProgress): void {
    this.progress.push(progress);
  }
}

function grant(change: Partial<LeaseGrant> = {}): LeaseGrant {
  const work: Work = { kind: "discard", pieceIds: [] };
  const fence = { incarnation: "i", term: 1, epoch: 1 };
  return { taskId: newId("task", 0), assetId, fence, timeLimitMs: 0, work, ...change };
}

describe("task runner", () => {
  let folder: string;
  let store: Store;
  let control: Control;
  let clock: MovedClock;
  let ends: RunEnd[];
  let lost: LostCopies[];
  let runners: TaskRunner[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "tasks-"));
    clock = new MovedClock();
    store = await openTrialStore(folder, { clock });
    control = new Control();
    ends = [];
    lost = [];
    runners = [];
  });

  afterEach(async () => {
    await Promise.all(runners.map((runner) => runner[Symbol.asyncDispose]()));
    await store[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  function runner(runWork: (work: Work, context: TaskContext) => Promise<TaskResult>): TaskRunner {
    const onEnded = ({ end }: { end: RunEnd }): void => {
      ends.push(end);
    };
    const onLost = (some: LostCopies): void => {
      lost.push(some);
    };
    const made = new TaskRunner({ clock, log: quietLog, store, reporting: control, runWork, onLost, onEnded });
    runners.push(made);
    return made;
  }

  async function ended(count: number): Promise<void> {
    await until(`${count} ends`, () => ends.length >= count);
    assert.equal(ends.length, count);
  }

  async function makeTimeline(content: string): Promise<Piece> {
    const timeline = await store.putBytes(Buffer.from(content));
    return { id: timelinePieceId, content: { kind: "timeline", timeline }, toolchain: "t", madeBy: "" };
  }

  async function keepsTimeline(_work: Work, context: TaskContext): Promise<TaskResult> {
    const piece = await makeTimeline("a timeline");
    await context.keep(piece);
    return { ...nothingMade, pieces: [piece] };
  }

  function waitsForAbort(context: TaskContext): Promise<never> {
    return new Promise((_resolve, reject) => {
      context.signal.addEventListener("abort", () => {
        reject(new Error("killed"));
      });
      if (context.signal.aborted) reject(new Error("killed"));
    });
  }

  it("records what a task made before it reports it, and keeps it when accepted", async () => {
    const heldAtReport: boolean[] = [];
    control.answer = () => {
      heldAtReport.push(store.getPiece(assetId, timelinePieceId) !== null);
      return Promise.resolve(true);
    };
    const wanted = grant();
    runner(keepsTimeline).take(wanted);
    await ended(1);
    assert.deepEqual([ends, heldAtReport], [["succeeded"], [true]]);
    assert.deepEqual(control.reports[0]?.fence, wanted.fence);
    assert.notEqual(store.getPiece(assetId, timelinePieceId), null);
  });

  it("sweeps what a stale task made, and its scratch folder", async () => {
    control.answer = () => Promise.resolve(false);
    runner(keepsTimeline).take(grant());
    await ended(1);
    assert.deepEqual(ends, ["stale"]);
    assert.equal(store.getPiece(assetId, timelinePieceId), null);
    assert.deepEqual(await readdir(join(folder, "scratch")), []);
  });

  it("tells of a copy that went bad before its report came through", async () => {
    control.answer = async () => {
      await store.discard(assetId, [timelinePieceId]);
      return true;
    };
    runner(keepsTimeline).take(grant());
    await ended(1);
    assert.deepEqual(lost, [[{ assetId, pieceIds: [timelinePieceId] }]]);
  });

  it("tells of a copy that went bad after it was found right", async () => {
    await store.recordPiece(assetId, await makeTimeline("a timeline"));
    control.answer = async () => {
      await store.discard(assetId, [timelinePieceId]);
      return true;
    };
    const verifies = () => Promise.resolve(nothingMade);
    runner(verifies).take(grant({ work: { kind: "verify", pieceIds: [timelinePieceId] } }));
    await ended(1);
    assert.deepEqual(lost, [[{ assetId, pieceIds: [timelinePieceId] }]]);
  });

  it("tells what a discard has deleted that was called off meanwhile, and nothing of one that counts", async () => {
    const discards = async (): Promise<TaskResult> => {
      await store.discard(assetId, [timelinePieceId]);
      return nothingMade;
    };
    for (const accepted of [true, false]) {
      await store.recordPiece(assetId, await makeTimeline("a timeline"));
      control.answer = () => Promise.resolve(accepted);
      runner(discards).take({ ...grant(), work: { kind: "discard", pieceIds: [] } });
      await until("its end", () => ends.length === (accepted ? 1 : 2));
    }
    assert.deepEqual(lost, [[{ assetId, pieceIds: [timelinePieceId] }]]);
  });

  it("leaves alone what stood there before a stale task made the same", async () => {
    await store.recordPiece(assetId, await makeTimeline("a timeline"));
    control.answer = () => Promise.resolve(false);
    runner(keepsTimeline).take(grant());
    await ended(1);
    assert.notEqual(store.getPiece(assetId, timelinePieceId), null);
  });

  it("leaves alone what another task of this node has had acknowledged meanwhile", async () => {
    const late = Promise.withResolvers<boolean>();
    const both = runner(keepsTimeline);
    control.answer = () => late.promise;
    both.take(grant());
    await until("a report", () => control.reports.length > 0);
    control.answer = () => Promise.resolve(true);
    both.take(grant());
    await ended(1);
    late.resolve(false);
    await ended(2);
    assert.deepEqual(ends, ["succeeded", "stale"]);
    assert.notEqual(store.getPiece(assetId, timelinePieceId), null);
  });

  it("reports a failure with its code, hint and the task's last lines", async () => {
    const wanted = grant();
    const made = runner((_work, context) => {
      context.log("frame= 1");
      throw new VsError("not_media", "this is a text", { hint: "give a video" });
    });
    made.take(wanted);
    await ended(1);
    const [report] = control.reports;
    assert.deepEqual(report?.outcome, {
      kind: "failed",
      failure: { code: "not_media", message: "this is a text", hint: "give a video" },
    });
    assert.deepEqual(report.log, ["frame= 1", "not_media: this is a text"]);
    assert.deepEqual(made.logs.linesOf(wanted.taskId), report.log);
  });

  it("reports a failure, and sweeps, when the control plane refuses its success as wrong", async () => {
    control.answer = () => {
      control.answer = () => Promise.resolve(true);
      return Promise.reject(new VsError("invalid_argument", "a piece of another task"));
    };
    runner(keepsTimeline).take(grant());
    await ended(1);
    const outcome = control.reports[1]?.outcome;
    assert.equal(outcome?.kind === "failed" && outcome.failure.message, "a piece of another task");
    assert.equal(store.getPiece(assetId, timelinePieceId), null);
  });

  it("kills a task whose lease is cancelled, says nothing and leaves nothing", async () => {
    const wanted = grant();
    const made = runner(async (work, context) => {
      await keepsTimeline(work, context);
      return await waitsForAbort(context);
    });
    made.take(wanted);
    await until("a piece", () => store.getPiece(assetId, timelinePieceId) !== null);
    made.leases.cancel({ taskId: wanted.taskId, epoch: 1 }, "deleted");
    await ended(1);
    assert.deepEqual([ends, control.reports], [["lost"], []]);
    assert.equal(store.getPiece(assetId, timelinePieceId), null);
  });

  it("kills a task that was not renewed for ten seconds", async () => {
    const made = runner((_work, context) => waitsForAbort(context));
    made.take(grant());
    await clock.advance(9_999);
    assert.equal(made.leases.leases().length, 1);
    await clock.advance(1);
    await ended(1);
    assert.deepEqual([ends, control.reports], [["lost"], []]);
  });

  it("kills what runs as soon as the process wakes from a pause past its lease, and leaves nothing of it", async () => {
    const killed: unknown[] = [];
    const made = runner(async (work, context) => {
      await context.scratch.writeFile("half", "a picture");
      await keepsTimeline(work, context);
      context.signal.addEventListener("abort", () => killed.push(context.signal.reason));
      return await waitsForAbort(context);
    });
    const wanted = grant();
    made.take(wanted);
    await until("a piece", () => store.getPiece(assetId, timelinePieceId) !== null);
    clock.jump(15_000);
    assert.deepEqual(killed, []);
    // What fell due meanwhile wakes, and nothing else: no message has come, nobody has asked.
    await clock.advance(0);
    assert.equal((killed[0] as VsError | undefined)?.code, "lease_lost");
    const lease = { taskId: wanted.taskId, epoch: 1 };
    made.leases.renew({ asked: [lease], kept: [lease], askedAtMs: clock.monotonicMs() });
    await ended(1);
    assert.deepEqual([ends, control.reports, made.leases.leases()], [["lost"], [], []]);
    assert.equal(store.getPiece(assetId, timelinePieceId), null);
    assert.deepEqual(await readdir(join(folder, "scratch")), []);
  });

  it("reports nothing when the process stood still past its lease, though the work is done", async () => {
    runner(async (work, context) => {
      const result = await keepsTimeline(work, context);
      clock.jump(15_000);
      return result;
    }).take(grant());
    await ended(1);
    assert.deepEqual([ends, control.reports], [["lost"], []]);
    assert.equal(store.getPiece(assetId, timelinePieceId), null);
  });

  it("goes on asking about a finished task after its lease, and sweeps only when refused", async () => {
    const answer = Promise.withResolvers<boolean>();
    control.answer = () => answer.promise;
    runner(keepsTimeline).take(grant());
    await until("a report", () => control.reports.length > 0);
    await clock.advance(60_000);
    assert.notEqual(store.getPiece(assetId, timelinePieceId), null);
    answer.resolve(false);
    await ended(1);
    assert.equal(store.getPiece(assetId, timelinePieceId), null);
  });

  it("ends a task that takes too long, and says so", async () => {
    const made = runner((_work, context) => waitsForAbort(context));
    const wanted = grant({ timeLimitMs: 5_000 });
    made.take(wanted);
    await turn();
    await clock.advance(5_000);
    await ended(1);
    const outcome = control.reports[0]?.outcome;
    assert.equal(outcome?.kind === "failed" && outcome.failure.code, "timed_out");
  });

  it("runs a lease once, however often it arrives", async () => {
    const made = runner(keepsTimeline);
    const wanted = grant();
    made.take(wanted);
    made.take(wanted);
    await ended(1);
    made.take(wanted);
    assert.equal(made.running, 0);
    assert.equal(control.reports.length, 1);
  });

  it("begins a newer lease of the same task only when the older run is cleaned away", async () => {
    const steps: string[] = [];
    const made = runner(async (work, context) => {
      steps.push(`begin ${(await readdir(join(folder, "scratch"))).length}`);
      if (steps.length > 1) return await keepsTimeline(work, context);
      await waitsForAbort(context).catch(() => undefined);
      await turn();
      steps.push("killed");
      throw new Error("killed");
    });
    const first = grant();
    made.take(first);
    await until("a begin", () => steps.length > 0);
    made.take({ ...first, fence: { ...first.fence, epoch: 2 } });
    await ended(2);
    assert.deepEqual(steps, ["begin 1", "killed", "begin 1"]);
    assert.deepEqual(ends, ["lost", "succeeded"]);
    assert.equal(control.reports[0]?.fence.epoch, 2);
  });

  it("keeps what was reported on the way when the task then fails", async () => {
    runner(async (_work, context) => {
      await context.keepAndReport(await makeTimeline("a timeline"));
      throw new VsError("ffmpeg_failed", "broken");
    }).take(grant());
    await ended(1);
    assert.deepEqual(ends, ["failed"]);
    assert.notEqual(store.getPiece(assetId, timelinePieceId), null);
  });

  it("tells what ffmpeg was told for a piece, and does not keep it", async () => {
    const piece = await makeTimeline("a timeline");
    const told = { ...piece, arguments: ["ffprobe file:source"] };
    runner(async (_work, context) => {
      await context.keepAndReport(told);
      return nothingMade;
    }).take(grant());
    await ended(1);
    assert.deepEqual([control.pieces[0]?.piece, store.getPiece(assetId, timelinePieceId)], [told, piece]);
  });

  it("gives up a task whose piece on the way was refused", async () => {
    control.answer = () => Promise.resolve(false);
    runner(async (_work, context) => {
      await context.keepAndReport(await makeTimeline("a timeline"));
      return nothingMade;
    }).take(grant());
    await ended(1);
    assert.equal(store.getPiece(assetId, timelinePieceId), null);
  });

  it("gives up an encode that makes other bytes of a piece that stands here, and leaves that alone", async () => {
    const standing = await makeTimeline("a timeline");
    await store.recordPiece(assetId, standing);
    control.answer = () => Promise.resolve(false);
    runner(async (_work, context) => {
      await context.keepAndReport(await makeTimeline("made by another build"));
      return nothingMade;
    }).take(grant());
    await ended(1);
    assert.deepEqual(store.getPiece(assetId, timelinePieceId), standing);
    assert.deepEqual(control.pieces, []);
    const outcome = control.reports[0]?.outcome;
    assert.equal(outcome?.kind === "failed" && outcome.failure.code, "encode_mismatch");
  });

  it("says how far it is at most once a second", async () => {
    runner((_work, context) => {
      for (let step = 0; step < 30; step += 1) {
        context.progress(step / 30);
        clock.jump(100);
      }
      return Promise.resolve(nothingMade);
    }).take(grant());
    await ended(1);
    assert.equal(control.progress.length, 3);
  });

  it("stops its tasks with the agent and says that they were interrupted", async () => {
    const made = runner((_work, context) => waitsForAbort(context));
    made.take(grant());
    await turn();
    await made[Symbol.asyncDispose]();
    const outcome = control.reports[0]?.outcome;
    assert.equal(outcome?.kind === "failed" && outcome.failure.code, "interrupted");
    made.take(grant());
    assert.equal(made.running, 0);
  });

  it("does not wait long for an answer when it stops", async () => {
    control.answer = () => new Promise(() => undefined);
    const made = runner((_work, context) => waitsForAbort(context));
    // A real line rejects when its signal is aborted.
    control.reportTask = (report: TaskReport, signal?: AbortSignal) => {
      control.reports.push(report);
      return new Promise((_resolve, reject) => {
        signal?.addEventListener("abort", () => {
          reject(new VsError("interrupted", "stopping"));
        });
      });
    };
    made.take(grant());
    await turn();
    const stopped = made[Symbol.asyncDispose]();
    await until("a report", () => control.reports.length > 0);
    await clock.advance(2_000);
    await stopped;
    assert.equal(ends.length, 1);
  });
});
