import assert from "node:assert/strict";
import { systemClock } from "@vstream/core/clock.ts";
import type { Clock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import { newId, sourcePieceId, timelinePieceId } from "@vstream/core/ids.ts";
import type { Sha256 } from "@vstream/core/ids.ts";
import { quietLog } from "../store/trial-store.fixture.ts";
import { MovedClock } from "../tasks/moved-clock.fixture.ts";
import { checkUploadsEveryMs } from "./check-uploads.ts";
import { openControlLink } from "./control-link.ts";
import { TrialControlPlane, until } from "./trial-control-plane.fixture.ts";
import { Heard, assetId, linkTo, nodeId } from "./trial-link.fixture.ts";

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
    assert.deepEqual([hello.node?.labels["rack"], hello.node?.zone], ["7", "rack-7"]);
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

  it("fetches the subtitle files of an asset", async () => {
    await using control = await TrialControlPlane.start();
    await using link = await linkTo(control, new Heard());
    const { name, content } = await link.getSubtitleFile({ assetId, file: 2 }, new AbortController().signal);
    assert.deepEqual([name, String(content)], [`${assetId}-2.srt`, "1"]);
  });

  it("offers a source, once, and says why it is not taken", async () => {
    await using control = await TrialControlPlane.start();
    await using link = await linkTo(control, new Heard());
    control.answers.offeredAsset = { assetId, duplicate: true, ended: undefined, judged: true };
    const offer = { sourceName: "a.mp4", sourceBytes: 5, sourceSha256: "ab".repeat(32) as Sha256 };
    const { signal } = new AbortController();
    const given = await link.offerSource({ ...offer, ladder: "fast", labels: { a: "b" }, assetId: null }, signal);
    assert.deepEqual(given, { assetId, duplicate: true, ended: null, judged: true });
    assert.deepEqual(control.sourceOffers, [{ ...offer, title: "", ladder: "fast", labels: { a: "b" }, assetId: "" }]);
    const why = { code: "not_media", message: "a text", hint: "" } as const;
    control.answers.offeredAsset = { assetId, duplicate: false, ended: { ...why, retryable: false }, judged: true };
    const asked = await link.offerSource({ ...offer, ladder: "", labels: {}, assetId }, signal);
    assert.deepEqual([asked.ended, control.sourceOffers[1]?.assetId], [why, assetId]);
    control.answers.reportError = new VsError("storage_full", "no room");
    const refused = link.offerSource({ ...offer, ladder: "", labels: {}, assetId: null }, signal);
    await assert.rejects(refused, { code: "storage_full" });
    assert.equal(control.sourceOffers.length, 3);
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
    const urls = { playbackUrl: "http://a", peerUrl: "https://a" };
    const place = { name: "n", region: "eu", zone: "rack-7", health: "suspect", scheduling: "draining" } as const;
    const node = { nodeId, ...place, ...urls, serving: true };
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

  it("fills in what a control plane of another version does not say of nodes", async () => {
    await using control = await TrialControlPlane.start();
    const heard = new Heard();
    await using link = await linkTo(control, heard);
    await until("a session", () => link.connected);
    const silent = { name: "n", region: "eu", zone: "", playbackUrl: "", peerUrl: "", health: "", scheduling: "" };
    const newer = { ...silent, health: "tired", scheduling: "resting" };
    const nodes = [
      { ...silent, nodeId, serving: true },
      { ...newer, nodeId, serving: false },
    ];
    control.send({ $case: "directory", value: { nodes } });
    await until("a directory", () => heard.directory.length === 2);
    assert.deepEqual(
      heard.directory.map(({ health, scheduling, zone }) => [health, scheduling, zone]),
      [
        ["up", "active", ""],
        ["down", "active", ""],
      ],
    );
  });

  it("tells with a heartbeat how busy the node is, how far its scrub is and what is watched", async () => {
    await using control = await TrialControlPlane.start();
    const heard = new Heard();
    await using _link = await linkTo(control, heard);
    await until("a heartbeat", () => control.heard("heartbeat").length === 1);
    const [{ load, scrub, demand } = {}] = control.heard("heartbeat");
    assert.deepEqual([load?.processor, load?.disk, load?.connections], [0.25, 0.5, 3]);
    assert.deepEqual([load?.egressBps, load?.viewersQuietMs], [10, 1235]);
    assert.deepEqual([scrub?.checkedBytes, scrub?.lastPassEndedAt, scrub?.damagedFound], [6, 0, 1]);
    assert.equal(demand?.length, 20);
    assert.deepEqual(demand[0], { assetId, viewers: 2, egressBps: 10 });
    heard.lastPassEndedAt = 9;
    await until("another", () => control.heard("heartbeat").some((beat) => beat.scrub?.lastPassEndedAt === 9));
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
