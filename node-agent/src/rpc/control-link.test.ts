import assert from "node:assert/strict";
import { systemClock } from "@vstream/core/clock.ts";
import type { Clock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import { newId, sourcePieceId, timelinePieceId } from "@vstream/core/ids.ts";
import type { AssetId, PieceId, Sha256 } from "@vstream/core/ids.ts";
import type { NodeAddress, Piece } from "@vstream/core/media.ts";
import { quietLog } from "../store/trial-store.fixture.ts";
import { MovedClock } from "../tasks/moved-clock.fixture.ts";
import { checkUploadsEveryMs } from "./check-uploads.ts";
import { openControlLink } from "./control-link.ts";
import type { ControlLink } from "./control-link.ts";
import type {
  ControlListener,
  ControlSubject,
  Lease,
  LeaseGrant,
  ManifestNews,
  Question,
  Renewal,
  Welcome,
} from "./control-messages.ts";
import { TrialControlPlane, until } from "./trial-control-plane.fixture.ts";

const never = new AbortController().signal;
const nodeId = newId("node", 0);
const assetId = newId("asset", 0);
const hash = "ab".repeat(32) as Sha256;
const timeline: Piece = {
  id: timelinePieceId,
  content: { kind: "timeline", timeline: { sha256: hash, bytes: 10 } },
  toolchain: "t",
  madeBy: nodeId,
};

class Heard implements ControlListener, ControlSubject {
  readonly welcomes: Welcome[] = [];
  readonly grants: LeaseGrant[] = [];
  readonly renewals: Renewal[] = [];
  readonly cancels: Lease[] = [];
  readonly news: ManifestNews[] = [];
  unknown: AssetId[] = [];
  unwanted: AssetId[] = [];
  uploads: AssetId[] = [];
  directory: readonly NodeAddress[] = [];
  held: Lease[] = [];
  pieces = new Map<AssetId, PieceId[]>();

  welcomed(welcome: Welcome): void {
    this.welcomes.push(welcome);
  }
  granted(grant: LeaseGrant): void {
    this.grants.push(grant);
  }
  renewed(renewal: Renewal): void {
    this.renewals.push(renewal);
  }
  cancelled(lease: Lease): void {
    this.cancels.push(lease);
  }
  directoryChanged(nodes: readonly NodeAddress[]): void {
    this.directory = nodes;
  }
  manifestsChanged(news: ManifestNews): void {
    this.news.push(news);
  }
  assetsUnknown(assetIds: readonly AssetId[]): void {
    this.unknown = [...assetIds];
  }
  uploadsUnwanted(assetIds: readonly AssetId[]): void {
    this.unwanted = [...assetIds];
    this.uploads = [];
  }
  unfinishedUploads() {
    return Promise.resolve(this.uploads);
  }
  answer(question: Question): string[] {
    if (question.kind === "task_log") throw new VsError("task_not_found", "no such task");
    return ["one", "two"].slice(-question.lines);
  }
  disconnected(): void {
    // Nothing is kept of it.
  }
  describe() {
    const urls = { playbackUrl: "http://a", peerUrl: "https://a" };
    const build = { version: "1", ffmpegVersion: "5", toolchain: "t", encodeSlots: 2, capacityBytes: 100 };
    return { name: "eu-1", region: "eu", labels: { rack: "7" }, ...urls, ...build };
  }
  load() {
    return { usedBytes: 1, capacityBytes: 100, tasksRunning: 0, viewers: 0, egressBps: 0 };
  }
  leases(): readonly Lease[] {
    return this.held;
  }
  inventory() {
    return this.pieces;
  }
}

async function linkTo(control: TrialControlPlane, heard: Heard, clock: Clock = systemClock): Promise<ControlLink> {
  const credentials = await control.nodeCredentials(nodeId);
  const link = openControlLink({
    address: { host: "127.0.0.1", port: control.agentPort },
    credentials: () => credentials,
    clock,
    log: quietLog,
  });
  link.start({ subject: heard, listener: heard });
  return link;
}

describe("control link", () => {
  it("says who it is, what it runs and what it holds, and beats", async () => {
    await using control = await TrialControlPlane.start();
    control.answers.unknownAssetIds = [assetId];
    const heard = new Heard();
    heard.held = [{ taskId: newId("task", 0), epoch: 3 }];
    heard.pieces.set(assetId, [sourcePieceId, timelinePieceId]);
    await using link = await linkTo(control, heard);
    await until("two heartbeats", () => control.heard("heartbeat").length >= 2 && link.connected);
    const [hello] = control.heard("hello");
    assert.deepEqual(hello?.leases, heard.held);
    assert.equal(hello.node?.labels["rack"], "7");
    assert.deepEqual(control.inventories, [[{ assetId, pieceIds: ["source", "timeline"] }]]);
    assert.deepEqual(heard.unknown, [assetId]);
  });

  it("asks again and again which unfinished uploads are unwanted, while there are any", async () => {
    await using control = await TrialControlPlane.start();
    const heard = new Heard();
    heard.uploads = [assetId];
    const sleep: Clock["sleep"] = (ms, signal) => systemClock.sleep(ms === checkUploadsEveryMs ? 20 : ms, signal);
    await using _link = await linkTo(control, heard, { ...systemClock, sleep });
    await until("two questions", () => control.uploadChecks.length >= 2);
    assert.deepEqual(control.uploadChecks[0], [assetId]);
    assert.deepEqual(heard.unwanted, []);
    control.answers.unwantedAssetIds = [assetId];
    await until("the answer", () => heard.unwanted.length === 1);
    const asked = control.uploadChecks.length;
    await systemClock.sleep(100);
    assert.equal(control.uploadChecks.length, asked);
  });

  it("gives what the control plane says to the listener, with the fence of this catalog", async () => {
    await using control = await TrialControlPlane.start();
    const heard = new Heard();
    await using link = await linkTo(control, heard);
    await until("a session", () => link.connected);
    const taskId = newId("task", 0);
    const work = { $case: "discard" as const, value: { pieceIds: ["video-00001"] } };
    const grant = { taskId, assetId, epoch: 4, term: 9, timeLimitMs: 1000, work };
    control.send({ $case: "leaseGrant", value: grant });
    control.send({ $case: "leaseCancel", value: { lease: { taskId, epoch: 4 }, reason: "" } });
    const node = { nodeId, name: "n", region: "eu", playbackUrl: "http://a", peerUrl: "https://a", serving: true };
    control.send({ $case: "directory", value: { nodes: [node] } });
    const entry = { assetId, version: 2, deleted: false };
    control.send({ $case: "manifestNews", value: { entries: [entry], complete: true } });
    await until("news", () => heard.news.length === 1);
    assert.deepEqual(heard.grants[0]?.fence, { incarnation: "first", term: 9, epoch: 4 });
    assert.deepEqual(heard.grants[0].work, { kind: "discard", pieceIds: ["video-00001"] });
    assert.deepEqual(heard.cancels, [{ taskId, epoch: 4 }]);
    assert.deepEqual(heard.directory, [node]);
    assert.deepEqual(heard.news, [{ entries: [entry], complete: true }]);
  });

  it("leaves out a message with a path where an id should be, and goes on", async () => {
    await using control = await TrialControlPlane.start();
    const heard = new Heard();
    await using link = await linkTo(control, heard);
    await until("a session", () => link.connected);
    const work = { $case: "discard" as const, value: { pieceIds: ["../../etc"] } };
    const grant = { taskId: newId("task", 0), assetId, epoch: 1, term: 1, timeLimitMs: 0, work };
    control.send({ $case: "leaseGrant", value: grant });
    control.send({ $case: "manifestNews", value: { entries: [], complete: true } });
    await until("the next message", () => heard.news.length === 1);
    assert.deepEqual(heard.grants, []);
    assert.equal(control.sessions, 1);
  });

  it("renews what runs, and tells which question an answer belongs to", async () => {
    await using control = await TrialControlPlane.start();
    const heard = new Heard();
    heard.held = [1, 2].map((epoch) => ({ taskId: newId("task", 0), epoch }));
    control.answers.renews = (asked) => asked.slice(1);
    await using _link = await linkTo(control, heard);
    await until("a renewal", () => heard.renewals.length === 1);
    assert.deepEqual(heard.renewals[0]?.asked, heard.held);
    assert.deepEqual(heard.renewals[0].kept, heard.held.slice(1));
    assert.ok(heard.renewals[0].askedAtMs <= performance.now());
  });

  it("comes back after the control plane was away, with the leases that still run", async () => {
    await using control = await TrialControlPlane.start();
    const heard = new Heard();
    await using link = await linkTo(control, heard);
    await until("a session", () => link.connected);
    control.stop();
    await until("the end of the session", () => !link.connected);
    heard.held = [{ taskId: newId("task", 0), epoch: 1 }];
    await control.listen();
    await until("a new session", () => link.connected);
    assert.deepEqual(control.heard("hello")[1]?.leases, heard.held);
    assert.equal(control.inventories.length, 2);
  });

  it("holds a report back while nobody answers, and repeats it until somebody does", async () => {
    await using control = await TrialControlPlane.start();
    const heard = new Heard();
    await using link = await linkTo(control, heard);
    await until("a session", () => link.connected);
    control.stop();
    await until("the end of the session", () => !link.connected);
    const fence = { incarnation: "first", term: 1, epoch: 2 };
    const outcome = { kind: "succeeded" as const, probe: null, pieces: [timeline] };
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

  it("answers questions about logs, and says when there is none", async () => {
    await using control = await TrialControlPlane.start();
    await using link = await linkTo(control, new Heard());
    await until("a session", () => link.connected);
    control.send({ $case: "query", value: { id: "q1", question: { $case: "nodeLog", value: { lines: 1 } } } });
    const taskId = newId("task", 0);
    control.send({ $case: "query", value: { id: "q2", question: { $case: "taskLog", value: { taskId } } } });
    await until("two replies", () => control.heard("queryReply").length === 2);
    const [first, second] = control.heard("queryReply");
    assert.deepEqual([first?.id, first?.lines], ["q1", ["two"]]);
    assert.equal(second?.failure?.code, "task_not_found");
  });

  it("dials anew with new credentials", async () => {
    await using control = await TrialControlPlane.start();
    await using link = await linkTo(control, new Heard());
    await until("a session", () => link.connected);
    link.redial();
    await until("a second hello", () => control.heard("hello").length === 2 && link.connected);
  });

  it("tears down a session whose heartbeats are not answered for ten seconds", async () => {
    await using control = await TrialControlPlane.start();
    const clock = new MovedClock();
    await using link = await linkTo(control, new Heard(), clock);
    await until("a session", () => link.connected);
    control.answers.ackHeartbeats = false;
    await clock.advance(9_000);
    assert.equal(control.heard("hello").length, 1);
    await clock.advance(4_000);
    await until("a second hello", () => control.heard("hello").length === 2);
  });

  it("is not taken in by a control plane of another cluster", async () => {
    await using control = await TrialControlPlane.start();
    await using other = await TrialControlPlane.start();
    const credentials = await control.nodeCredentials(nodeId);
    await using link = openControlLink({
      address: { host: "127.0.0.1", port: other.agentPort },
      credentials: () => credentials,
      clock: systemClock,
      log: quietLog,
    });
    link.start({ subject: new Heard(), listener: new Heard() });
    await systemClock.sleep(500);
    assert.equal(link.connected, false);
    assert.equal(other.said.length, 0);
  });
});
