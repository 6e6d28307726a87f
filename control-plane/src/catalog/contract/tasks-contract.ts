// Contract: making, leasing, losing, cancelling and retrying tasks.
import assert from "node:assert/strict";
import { newId, timelinePieceId, videoPieceId } from "@vstream/core/ids.ts";
import type { Catalog } from "../catalog.ts";
import { aFailure, aReport, aTask, now, aVideo } from "./builders.ts";
import {
  addAsset,
  addNode,
  addTask,
  decide,
  eventsOf,
  lease,
  make,
  plannedAsset,
  setHealth,
  startTask,
  viewOf,
} from "./steps.ts";

export function describeTasks(catalog: () => Catalog): void {
  describe("tasks", () => {
    const change = { at: now + 5, actor: "user:test" };

    it("makes no second open task for the same work", async () => {
      const [home, other] = [await addNode(catalog()), await addNode(catalog())];
      const { id } = await plannedAsset(catalog(), [home.id]);
      const copying = aTask(id, { kind: "replicate", pieceId: timelinePieceId, nodeId: other.id });
      for (const task of [aTask(id), aTask(id), copying, copying, { ...copying, nodeId: home.id }]) {
        await decide(catalog(), { kind: "create-task", task });
      }
      const { openTasks } = await viewOf(catalog(), id);
      assert.deepEqual(
        openTasks.map((task) => `${task.kind} ${task.nodeId ?? ""}`).sort(),
        [`replicate ${home.id}`, `replicate ${other.id}`, "transcode "].sort(),
      );
    });

    it("makes no task that cannot be done: no asset, no piece, or an asset that is going", async () => {
      const home = await addNode(catalog());
      const { id } = await plannedAsset(catalog(), [home.id]);
      await decide(catalog(), { kind: "create-task", task: aTask(newId("asset", now)) });
      await decide(catalog(), {
        kind: "create-task",
        task: aTask(id, { kind: "replicate", pieceId: videoPieceId(1), nodeId: home.id }),
      });
      await catalog().commands.deleteAsset({ assetId: id, ...change });
      await decide(catalog(), { kind: "create-task", task: aTask(id) });
      assert.deepEqual((await viewOf(catalog(), id)).openTasks, []);
    });

    it("leases a task once for each epoch", async () => {
      const [home, other] = [await addNode(catalog()), await addNode(catalog())];
      const { id } = await plannedAsset(catalog(), [home.id]);
      const task = await addTask(catalog(), aTask(id));
      const proposal = { kind: "lease-task", taskId: task.id, expectedEpoch: 0 } as const;
      const leased = await decide(catalog(), { ...proposal, nodeId: home.id }, { ...proposal, nodeId: other.id });
      assert.deepEqual(
        leased.map(({ nodeId, epoch, state }) => ({ nodeId, epoch, state })),
        [{ nodeId: home.id, epoch: 1, state: "leased" }],
      );
    });

    it("leases a copy only to the node that is to have it, and nothing to one that is down or gone", async () => {
      const [home, other] = [await addNode(catalog()), await addNode(catalog())];
      const { id } = await plannedAsset(catalog(), [home.id]);
      const copying = aTask(id, { kind: "replicate", pieceId: timelinePieceId, nodeId: other.id });
      const task = await addTask(catalog(), copying);
      const proposal = { kind: "lease-task", taskId: task.id, expectedEpoch: 0 } as const;
      assert.deepEqual(await decide(catalog(), { ...proposal, nodeId: home.id }), []);
      await setHealth(catalog(), other.id, "down");
      assert.deepEqual(await decide(catalog(), { ...proposal, nodeId: other.id }), []);
    });

    it("gives a lost task back with one failure more, and gives it up at the third", async () => {
      const home = await addNode(catalog());
      const { id } = await plannedAsset(catalog(), [home.id]);
      let running = await startTask(catalog(), aTask(id), home.id);
      const lose = { kind: "expire-lease", taskId: running.id, reason: "silent" } as const;
      await decide(catalog(), { ...lose, epoch: 0 });
      assert.equal((await catalog().queries.getTask(running.id))?.state, "leased");
      for (const expected of ["pending", "pending", "dead"]) {
        await decide(catalog(), { ...lose, epoch: running.epoch }, { ...lose, epoch: running.epoch });
        const lost = await catalog().queries.getTask(running.id);
        assert.deepEqual([lost?.state, lost?.failures], [expected, running.epoch]);
        assert.equal(lost?.error?.code, "lease_lost");
        if (expected === "pending") running = await lease(catalog(), running, home.id);
      }
    });

    it("cancels what is open, once, and refuses the report that comes after", async () => {
      const home = await addNode(catalog());
      const { id } = await plannedAsset(catalog(), [home.id]);
      const running = await startTask(catalog(), aTask(id), home.id);
      const cancelled = await catalog().commands.cancelTask({ taskId: running.id, ...change });
      assert.deepEqual([cancelled.state, cancelled.finishedAt], ["cancelled", change.at]);
      assert.deepEqual(await eventsOf(catalog(), running.id), ["task.cancelled"]);
      await assert.rejects(catalog().commands.cancelTask({ taskId: running.id, ...change }), { code: "conflict" });
      assert.equal(await catalog().commands.recordReport(aReport(catalog(), running)), "stale");
      const nobody = catalog().commands.cancelTask({ taskId: newId("task", now), ...change });
      await assert.rejects(nobody, { code: "task_not_found" });
    });

    it("retries a dead task, its failures forgotten, and its failed asset with it", async () => {
      const home = await addNode(catalog());
      const { id } = await plannedAsset(catalog(), [home.id]);
      const running = await startTask(catalog(), aTask(id), home.id);
      await assert.rejects(catalog().commands.retryTask({ taskId: running.id, ...change }), { code: "conflict" });
      await catalog().commands.recordReport(aReport(catalog(), running, { outcome: aFailure(null) }));
      const error = { code: "ffmpeg_failed", message: "ffmpeg failed", hint: "" } as const;
      const failed = { kind: "set-asset-state", assetId: id, from: "processing", to: "failed", error } as const;
      await decide(catalog(), failed);
      const retried = await catalog().commands.retryTask({ taskId: running.id, ...change });
      assert.deepEqual([retried.state, retried.failures, retried.error], ["pending", 0, null]);
      const { asset, deadTasks } = await viewOf(catalog(), id);
      assert.deepEqual([asset.state, asset.error, deadTasks], ["processing", null, []]);
      assert.equal((await lease(catalog(), retried, home.id, change.at)).epoch, 2);
    });

    it("does not retry what another task is at, or what belongs to an upload that failed", async () => {
      const home = await addNode(catalog());
      const { id } = await plannedAsset(catalog(), [home.id]);
      const first = await addTask(catalog(), aTask(id));
      await catalog().commands.cancelTask({ taskId: first.id, ...change });
      await addTask(catalog(), aTask(id));
      await assert.rejects(catalog().commands.retryTask({ taskId: first.id, ...change }), { code: "conflict" });

      const waiting = await addAsset(catalog(), { homes: [home.id] });
      const early = await addTask(catalog(), aTask(waiting.id));
      const failure = { code: "upload_failed", message: "gave up", hint: "" } as const;
      await catalog().commands.failUpload({ assetId: waiting.id, failure, ...change });
      await assert.rejects(catalog().commands.retryTask({ taskId: early.id, ...change }), { code: "conflict" });
    });

    it("counts a dead task only until another one does its work", async () => {
      const home = await addNode(catalog());
      const { id } = await plannedAsset(catalog(), [home.id]);
      const running = await startTask(catalog(), aTask(id), home.id);
      await catalog().commands.recordReport(aReport(catalog(), running, { outcome: aFailure(null) }));
      assert.equal((await viewOf(catalog(), id)).deadTasks.length, 1);
      await make(catalog(), aTask(id), home.id, [aVideo(0)]);
      assert.deepEqual((await viewOf(catalog(), id)).deadTasks, []);
    });

    it("prunes what ended long ago and nothing else", async () => {
      const home = await addNode(catalog());
      const { id } = await plannedAsset(catalog(), [home.id]);
      const done = await startTask(catalog(), aTask(id), home.id);
      const log = ["line"];
      await catalog().commands.recordReport(aReport(catalog(), done, { log, outcome: aFailure(null) }));
      const open = await addTask(catalog(), aTask(id, { pieceId: videoPieceId(1) }));
      assert.equal(await catalog().commands.prune({ tasksFinishedBefore: now, eventsBefore: 0 }), 0);
      assert.ok((await catalog().commands.prune({ tasksFinishedBefore: now + 10, eventsBefore: now + 10 })) > 0);
      assert.equal(await catalog().queries.getTask(done.id), null);
      assert.deepEqual(await catalog().queries.getTaskLog(done.id), []);
      assert.ok(await catalog().queries.getTask(open.id));
      assert.deepEqual(await eventsOf(catalog(), id), []);
    });
  });
}
