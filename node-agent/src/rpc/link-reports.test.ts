import assert from "node:assert/strict";
import { VsError } from "@vstream/core/errors.ts";
import { newId, sourcePieceId, timelinePieceId, videoPieceId } from "@vstream/core/ids.ts";
import type { Sha256 } from "@vstream/core/ids.ts";
import type { Piece } from "@vstream/core/media.ts";
import { TrialControlPlane, until } from "./trial-control-plane.fixture.ts";
import { Heard, assetId, linkTo, nodeId } from "./trial-link.fixture.ts";

const never = new AbortController().signal;
const hash = "ab".repeat(32) as Sha256;
const timeline: Piece = {
  id: timelinePieceId,
  content: { kind: "timeline", timeline: { sha256: hash, bytes: 10 } },
  toolchain: "t",
  madeBy: nodeId,
};

describe("reports over the control link", () => {
  it("takes a verification, and says what it found", async () => {
    await using control = await TrialControlPlane.start();
    const heard = new Heard();
    await using link = await linkTo(control, heard);
    await until("a session", () => link.connected);
    const taskId = newId("task", 0);
    const work = { $case: "verify" as const, value: { pieceIds: ["source", "video-00001"] } };
    control.send({ $case: "leaseGrant", value: { taskId, assetId, epoch: 1, term: 1, timeLimitMs: 0, work } });
    await until("a lease", () => heard.grants.length === 1);
    assert.deepEqual(heard.grants[0]?.work, { kind: "verify", pieceIds: ["source", "video-00001"] });
    const result = { probe: null, pieces: [], damagedPieceIds: [sourcePieceId], checkedBytes: 12, check: null };
    const outcome = { kind: "succeeded" as const, ...result };
    await link.reportTask({ taskId, fence: heard.grants[0].fence, outcome, log: [] }, never);
    const told = control.taskReports[0]?.outcome;
    assert.deepEqual(told?.$case === "succeeded" && [told.value.damagedPieceIds, told.value.checkedBytes], [
      ["source"],
      12,
    ]);
  });

  it("takes a check, and says what it found", async () => {
    await using control = await TrialControlPlane.start();
    const heard = new Heard();
    await using link = await linkTo(control, heard);
    await until("a session", () => link.connected);
    const taskId = newId("task", 0);
    const work = { $case: "check" as const, value: { holders: [nodeId], edition: 2 } };
    control.send({ $case: "leaseGrant", value: { taskId, assetId, epoch: 1, term: 1, timeLimitMs: 0, work } });
    await until("a lease", () => heard.grants.length === 1);
    assert.deepEqual(heard.grants[0]?.work, { kind: "check", holders: [nodeId], edition: 2 });
    const finding = { rule: "Apple 7.3", level: "must", subject: "480p, segment 2", message: "late" } as const;
    const check = { rules: 70, findings: [finding] };
    const result = { probe: null, pieces: [], damagedPieceIds: [], checkedBytes: 0, check };
    const outcome = { kind: "succeeded" as const, ...result };
    await link.reportTask({ taskId, fence: heard.grants[0].fence, outcome, log: [] }, never);
    const told = control.taskReports[0]?.outcome;
    assert.deepEqual(told?.$case === "succeeded" && told.value.check, check);
  });

  it("repeats word of damage until it is answered, in parts when it is long", async () => {
    await using control = await TrialControlPlane.start();
    await using link = await linkTo(control, new Heard());
    control.answers.reportError = new VsError("unavailable", "not yet");
    const pieceIds = Array.from({ length: 4500 }, (_, chunk) => videoPieceId(chunk));
    const telling = link.reportDamage([{ assetId, pieceIds }], never);
    await until("two attempts", () => control.damageReports.length >= 2);
    control.answers.reportError = null;
    await telling;
    const answered = control.damageReports.slice(-3).map((report) => report.entries[0]?.pieceIds.length);
    assert.deepEqual(answered, [2000, 2000, 500]);
    assert.deepEqual(
      control.damageReports.slice(-3).flatMap((report) => report.entries.flatMap((entry) => entry.pieceIds)),
      pieceIds,
    );
  });

  it("says that a control plane is older than word of damage", async () => {
    await using control = await TrialControlPlane.start({ without: ["reportDamage"] });
    await using link = await linkTo(control, new Heard());
    const telling = link.reportDamage([{ assetId, pieceIds: [sourcePieceId] }], never);
    await assert.rejects(telling, { code: "not_there_yet" });
  });

  it("holds a report back while nobody answers, and repeats it until somebody does", async () => {
    await using control = await TrialControlPlane.start();
    const heard = new Heard();
    await using link = await linkTo(control, heard);
    await until("a session", () => link.connected);
    control.stop();
    await until("the end of the session", () => !link.connected);
    const fence = { incarnation: "first", term: 1, epoch: 2 };
    const result = { probe: null, pieces: [timeline], damagedPieceIds: [], checkedBytes: 0, check: null };
    const outcome = { kind: "succeeded" as const, ...result };
    const answered = link.reportTask({ taskId: newId("task", 0), fence, outcome, log: ["a"] }, never);
    control.answers.reportError = new VsError("unavailable", "not yet");
    await control.listen();
    await until("two attempts", () => control.taskReports.length >= 2);
    control.answers.reportError = null;
    assert.equal(await answered, true);
    const last = control.taskReports.at(-1);
    assert.deepEqual(last?.fence, fence);
    assert.equal(last.outcome?.$case === "succeeded" && last.outcome.value.pieces[0]?.id, "timeline");
  });

  it("says that a stale report was not accepted, and throws for one that is wrong", async () => {
    await using control = await TrialControlPlane.start();
    await using link = await linkTo(control, new Heard());
    const report = { taskId: newId("task", 0), fence: { incarnation: "x", term: 1, epoch: 1 }, piece: timeline };
    control.answers.accept = false;
    assert.equal(await link.reportPiece(report, never), false);
    control.answers.reportError = new VsError("invalid_argument", "nonsense");
    await assert.rejects(link.reportPiece(report, never), { code: "invalid_argument" });
  });

  it("gives up a waiting report when its signal is aborted", async () => {
    await using control = await TrialControlPlane.start();
    await using link = await linkTo(control, new Heard());
    control.stop();
    const aborting = new AbortController();
    const waiting = link.reportUpload({ assetId, outcome: { kind: "source", piece: timeline } }, aborting.signal);
    aborting.abort(new VsError("lease_lost", "over"));
    await assert.rejects(waiting, { code: "lease_lost" });
  });
});
