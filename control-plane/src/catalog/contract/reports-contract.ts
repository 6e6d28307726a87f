// Contract: what nodes report of their tasks, and the fence around it.
import assert from "node:assert/strict";
import { audioPieceId, newId, timelinePieceId, videoPieceId } from "@vstream/core/ids.ts";
import type { Catalog } from "../catalog.ts";
import { aFailure, aProbe, aReport, aSuccess, aTask, aTimeline, aVideo, anAudio, now } from "./builders.ts";
import {
  addNode,
  copyState,
  decide,
  decideAt,
  eventsOf,
  lease,
  make,
  plannedAsset,
  startTask,
  uploadedAsset,
  viewOf,
} from "./steps.ts";

export function describeReports(catalog: () => Catalog): void {
  describe("reports", () => {
    it("records a piece with a verified copy on the node that made it", async () => {
      const home = await addNode(catalog());
      const { id } = await plannedAsset(catalog(), [home.id]);
      assert.equal(await make(catalog(), aTask(id), home.id, [aVideo(0)]), "accepted");
      const view = await viewOf(catalog(), id);
      assert.deepEqual(
        view.pieces.find((piece) => piece.id === videoPieceId(0)),
        aVideo(0),
      );
      assert.equal(await copyState(catalog(), id, videoPieceId(0), home.id), "verified");
      assert.equal(view.preRolls.get(videoPieceId(0)), 2);
    });

    it("keeps what the probe found", async () => {
      const home = await addNode(catalog());
      const { id } = await uploadedAsset(catalog(), [home.id]);
      const running = await startTask(catalog(), aTask(id, { kind: "probe", pieceId: timelinePieceId }), home.id);
      const outcome = aSuccess([aTimeline()], aProbe);
      assert.equal(await catalog().commands.recordReport(aReport(catalog(), running, { outcome })), "accepted");
      assert.deepEqual((await viewOf(catalog(), id)).asset.probe, aProbe);
    });

    it("accepts the same end again without a second effect", async () => {
      const home = await addNode(catalog());
      const { id } = await plannedAsset(catalog(), [home.id]);
      const running = await startTask(catalog(), aTask(id), home.id);
      const report = aReport(catalog(), running, { outcome: aFailure(now), log: ["one"] });
      assert.equal(await catalog().commands.recordReport(report), "accepted");
      assert.equal(await catalog().commands.recordReport(report), "accepted");
      assert.equal((await catalog().queries.getTask(running.id))?.failures, 1);
      assert.equal((await catalog().queries.getTaskLog(running.id)).filter((line) => line === "one").length, 1);
      const other = aReport(catalog(), running, { outcome: aSuccess([aVideo(0)]) });
      assert.equal(await catalog().commands.recordReport(other), "stale");
    });

    it("lets nothing change that names another lease", async () => {
      const [home, other] = [await addNode(catalog()), await addNode(catalog())];
      const { id } = await plannedAsset(catalog(), [home.id]);
      const running = await startTask(catalog(), aTask(id), home.id);
      const outcome = aSuccess([aVideo(0)]);
      const wrong = [
        { outcome, epoch: running.epoch - 1 },
        { outcome, epoch: running.epoch + 1 },
        { outcome, nodeId: other.id },
        { outcome, incarnation: "another" },
        { outcome, taskId: newId("task", now) },
      ];
      for (const changes of wrong) {
        assert.equal(await catalog().commands.recordReport(aReport(catalog(), running, changes)), "stale");
      }
      assert.equal((await catalog().queries.getTask(running.id))?.state, "leased");
      assert.equal(await copyState(catalog(), id, videoPieceId(0), home.id), "none");
    });

    it("refuses the report of a lease that has expired, though the task runs elsewhere", async () => {
      const [home, other] = [await addNode(catalog()), await addNode(catalog())];
      const { id } = await plannedAsset(catalog(), [home.id]);
      const first = await startTask(catalog(), aTask(id), home.id);
      await decide(catalog(), { kind: "expire-lease", taskId: first.id, epoch: first.epoch, reason: "silent" });
      const second = await lease(catalog(), first, other.id);
      assert.deepEqual([second.epoch, second.attempt, second.nodeId], [2, 2, other.id]);
      const late = aReport(catalog(), first, { outcome: aSuccess([aVideo(0)]) });
      assert.equal(await catalog().commands.recordReport(late), "stale");
      assert.equal((await catalog().queries.getTask(first.id))?.state, "leased");
    });

    it("takes the pieces of a running task as they come, and again", async () => {
      const home = await addNode(catalog());
      const { id } = await plannedAsset(catalog(), [home.id]);
      const running = await startTask(catalog(), aTask(id, { kind: "audio", pieceId: audioPieceId(0, 0) }), home.id);
      const { taskId, nodeId, incarnation, epoch, at } = aReport(catalog(), running);
      const report = { taskId, nodeId, incarnation, epoch, at, piece: anAudio(1) };
      assert.equal(await catalog().commands.recordPiece(report), "accepted");
      assert.equal(await catalog().commands.recordPiece(report), "accepted");
      await catalog().commands.recordReport(aReport(catalog(), running));
      assert.equal(await catalog().commands.recordPiece(report), "accepted", "the copy counts: it must not be swept");
      assert.equal(await catalog().commands.recordPiece({ ...report, piece: anAudio(0) }), "stale");
      assert.equal(await copyState(catalog(), id, audioPieceId(0, 1), home.id), "verified");
    });

    it("asks for a copy that an inventory left out when its report is repeated, and counts it when it is right", async () => {
      const [home, maker] = [await addNode(catalog()), await addNode(catalog())];
      const { id } = await plannedAsset(catalog(), [home.id]);
      await make(catalog(), aTask(id), home.id, [aVideo(0)]);
      const states = async () => {
        const pieceIds = [videoPieceId(0), audioPieceId(0, 1)];
        return await Promise.all(pieceIds.map((pieceId) => copyState(catalog(), id, pieceId, maker.id)));
      };
      const running = await startTask(catalog(), aTask(id), maker.id);
      const report = aReport(catalog(), running, { outcome: aSuccess([aVideo(0)]) });
      const audio = await startTask(catalog(), aTask(id, { kind: "audio", pieceId: audioPieceId(0, 0) }), maker.id);
      const { taskId, nodeId, incarnation, epoch, at } = aReport(catalog(), audio);
      const onTheWay = { taskId, nodeId, incarnation, epoch, at, piece: anAudio(1) };
      await catalog().commands.recordPiece(onTheWay);
      for (const ended of [report, aReport(catalog(), audio)]) await catalog().commands.recordReport(ended);
      await catalog().commands.recordInventory({ nodeId: maker.id, entries: [], at: now + 60_000 });
      for (const [repeat, read] of [
        [() => catalog().commands.recordReport(report), videoPieceId(0)],
        [() => catalog().commands.recordPiece(onTheWay), audioPieceId(0, 1)],
      ] as const) {
        assert.equal(await repeat(), "accepted");
        assert.equal(await copyState(catalog(), id, read, maker.id), "lost", "it may be a word of long ago");
        const [task] = (await viewOf(catalog(), id)).openTasks.filter(({ kind }) => kind === "verify");
        assert.deepEqual([task?.nodeId, task?.discardPieceIds], [maker.id, [read]]);
        await catalog().commands.recordReport(aReport(catalog(), await lease(catalog(), task!, maker.id)));
      }
      assert.deepEqual(await states(), ["verified", "verified"]);
      assert.equal(await catalog().commands.recordPiece({ ...onTheWay, piece: anAudio(1, "other") }), "stale");

      const discard = aTask(id, { kind: "discard", pieceId: "", nodeId: maker.id, discardPieceIds: [videoPieceId(0)] });
      await make(catalog(), discard, maker.id, []);
      assert.equal(await catalog().commands.recordReport(report), "accepted");
      assert.deepEqual(await states(), ["none", "verified"]);
      assert.deepEqual((await viewOf(catalog(), id)).openTasks, []);
    });

    it("adds a copy when another node makes the same bytes", async () => {
      const [home, other] = [await addNode(catalog()), await addNode(catalog())];
      const { id } = await plannedAsset(catalog(), [home.id]);
      await make(catalog(), aTask(id), home.id, [aVideo(0)]);
      assert.equal(await make(catalog(), aTask(id), other.id, [aVideo(0)]), "accepted");
      assert.equal(await copyState(catalog(), id, videoPieceId(0), other.id), "verified");
    });

    it("keeps the first bytes when another node makes different ones", async () => {
      const [home, other] = [await addNode(catalog()), await addNode(catalog())];
      const { id } = await plannedAsset(catalog(), [home.id]);
      await make(catalog(), aTask(id), home.id, [aVideo(0)]);
      const running = await startTask(catalog(), aTask(id), other.id);
      const report = aReport(catalog(), running, { outcome: aSuccess([aVideo(0, "other")]) });
      assert.equal(await catalog().commands.recordReport(report), "stale");
      assert.equal(await copyState(catalog(), id, videoPieceId(0), other.id), "none");
      assert.deepEqual(
        (await viewOf(catalog(), id)).pieces.find((piece) => piece.id === videoPieceId(0)),
        aVideo(0),
      );
      assert.ok((await eventsOf(catalog(), id)).includes("asset.mismatch"));
      const task = await catalog().queries.getTask(running.id);
      assert.deepEqual([task?.state, task?.error?.code], ["waiting", "encode_mismatch"]);
    });

    it("refuses pieces that are not the task's to make", async () => {
      const home = await addNode(catalog());
      const { id } = await plannedAsset(catalog(), [home.id]);
      const running = await startTask(catalog(), aTask(id), home.id);
      for (const pieces of [[aVideo(1)], [aVideo(0), aVideo(1)], [], [{ ...aVideo(1), id: videoPieceId(0) }]]) {
        const report = aReport(catalog(), running, { outcome: aSuccess(pieces) });
        await assert.rejects(catalog().commands.recordReport(report), { code: "invalid_argument" });
      }
      assert.equal((await catalog().queries.getTask(running.id))?.state, "leased");
      assert.equal(await copyState(catalog(), id, videoPieceId(1), home.id), "none");
    });

    it("tries a failed task again when it is due, and not before", async () => {
      const home = await addNode(catalog());
      const { id } = await plannedAsset(catalog(), [home.id]);
      const running = await startTask(catalog(), aTask(id), home.id);
      await catalog().commands.recordReport(aReport(catalog(), running, { outcome: aFailure(now + 1000) }));
      const waiting = await catalog().queries.getTask(running.id);
      assert.deepEqual([waiting?.state, waiting?.nodeId, waiting?.notBefore], ["waiting", null, now + 1000]);
      const again = { kind: "lease-task", taskId: running.id, nodeId: home.id, expectedEpoch: running.epoch } as const;
      assert.deepEqual(await decideAt(catalog(), now + 999, again), []);
      const [leased] = await decideAt(catalog(), now + 1000, again);
      assert.deepEqual([leased?.epoch, leased?.attempt, leased?.startedAt], [2, 2, now + 1000]);
    });

    it("gives a task up after three failures, or at once when its failure does not pass", async () => {
      const home = await addNode(catalog());
      const { id } = await plannedAsset(catalog(), [home.id]);
      let running = await startTask(catalog(), aTask(id), home.id);
      for (let failures = 1; failures < 3; failures += 1) {
        await catalog().commands.recordReport(aReport(catalog(), running, { outcome: aFailure(now) }));
        running = await lease(catalog(), running, home.id);
      }
      await catalog().commands.recordReport(aReport(catalog(), running, { outcome: aFailure(now) }));
      const hopeless = await startTask(catalog(), aTask(id, { pieceId: videoPieceId(1) }), home.id);
      await catalog().commands.recordReport(aReport(catalog(), hopeless, { outcome: aFailure(null) }));
      const { deadTasks, openTasks } = await viewOf(catalog(), id);
      assert.deepEqual(deadTasks.map((task) => task.id).sort(), [running.id, hopeless.id].sort());
      assert.deepEqual(openTasks, []);
      assert.equal(deadTasks[0]?.finishedAt, now);
      assert.ok((await eventsOf(catalog(), running.id)).includes("task.dead"));
    });

    it("does not count it as a failure that the agent was stopped", async () => {
      const home = await addNode(catalog());
      const { id } = await plannedAsset(catalog(), [home.id]);
      let running = await startTask(catalog(), aTask(id), home.id);
      const failure = { code: "interrupted", message: "the agent is stopping", hint: "" } as const;
      for (let stop = 0; stop < 4; stop += 1) {
        const outcome = { kind: "failed", failure, retryAt: now } as const;
        assert.equal(await catalog().commands.recordReport(aReport(catalog(), running, { outcome })), "accepted");
        const stopped = await catalog().queries.getTask(running.id);
        assert.deepEqual([stopped?.state, stopped?.failures], ["pending", 0]);
        running = await lease(catalog(), stopped ?? running, home.id);
      }
    });

    it("keeps the last lines of each attempt, and not more than its limit", async () => {
      const home = await addNode(catalog());
      const { id } = await plannedAsset(catalog(), [home.id]);
      const running = await startTask(catalog(), aTask(id), home.id);
      const log = Array.from({ length: 500 }, (_, line) => `line ${line}`);
      await catalog().commands.recordReport(aReport(catalog(), running, { outcome: aFailure(now), log }));
      const again = await lease(catalog(), running, home.id);
      await catalog().commands.recordReport(aReport(catalog(), again, { outcome: aFailure(now), log: ["last"] }));
      const lines = await catalog().queries.getTaskLog(running.id);
      assert.ok(lines.length <= 300);
      assert.ok(lines.includes("line 499") && !lines.includes("line 399"));
      assert.equal(lines.at(-1), "last");
    });
  });
}
