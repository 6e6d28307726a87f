// Contract: copies that turn out wrong, and having them read again: verification.
import assert from "node:assert/strict";
import { audioPieceId, newId, sourcePieceId, timelinePieceId, videoPieceId } from "@vstream/core/ids.ts";
import type { AssetId, NodeId, PieceId } from "@vstream/core/ids.ts";
import type { Catalog } from "../catalog.ts";
import type { EventRecord } from "../records.ts";
import { aFailure, aFinding, aReport, aTask, anAudio, now } from "./builders.ts";
import {
  addNode,
  addTask,
  allEvents,
  copy,
  copyState,
  decide,
  eventsOf,
  isSettled,
  lease,
  make,
  plannedAsset,
  readyAsset,
  setHealth,
  settle,
  startTask,
  viewOf,
} from "./steps.ts";

export function describeDamage(catalog: () => Catalog): void {
  const actor = "user:test";

  async function damage(nodeId: NodeId, assetId: AssetId, pieceIds: PieceId[]): Promise<number> {
    return await catalog().commands.recordDamage({ nodeId, entries: [{ assetId, pieceIds }], at: now });
  }

  async function toldOf(assetId: AssetId): Promise<EventRecord[]> {
    const events = await allEvents(catalog());
    return events.filter((event) => event.subject === assetId && event.kind === "asset.copy_damaged");
  }

  describe("damage", () => {
    it("makes the copies that a node found wrong lost, and says so once", async () => {
      const [home, other] = [await addNode(catalog()), await addNode(catalog())];
      const { id, title } = await readyAsset(catalog(), [home.id, other.id]);
      await settle(catalog(), id);
      assert.equal(await damage(home.id, id, [videoPieceId(1), timelinePieceId, videoPieceId(7)]), 2);
      assert.equal(await damage(home.id, id, [videoPieceId(1), timelinePieceId]), 0);
      const states = async (pieceId: PieceId) =>
        await Promise.all([home, other].map(async (node) => await copyState(catalog(), id, pieceId, node.id)));
      assert.deepEqual(await states(videoPieceId(1)), ["lost", "verified"]);
      assert.deepEqual(await states(timelinePieceId), ["lost", "verified"]);
      assert.deepEqual(await states(sourcePieceId), ["verified", "verified"]);
      assert.equal(await isSettled(catalog(), id), false);
      const told = await toldOf(id);
      assert.deepEqual(
        told.map((event) => [event.subject, event.actor]),
        [[id, `node:${home.name}`]],
      );
      const named = [home.name, title, "timeline, video-00001"];
      assert.ok(named.every((part) => told[0]?.message.includes(part)));
    });

    it("tells of what is lost by it only", async () => {
      const [home, other] = [await addNode(catalog()), await addNode(catalog())];
      const { id } = await readyAsset(catalog(), [home.id, other.id]);
      await damage(home.id, id, [timelinePieceId]);
      assert.equal(await damage(home.id, id, [timelinePieceId, videoPieceId(1)]), 1);
      const told = (await toldOf(id)).at(-1)?.message ?? "";
      assert.ok(told.includes("video-00001") && !told.includes("timeline"), told);
    });

    it("names a bounded number of pieces in one event", async () => {
      const home = await addNode(catalog());
      const { id } = await plannedAsset(catalog(), [home.id]);
      const many = Array.from({ length: 300 }, (_, chunk) => anAudio(chunk, id));
      await make(catalog(), aTask(id, { kind: "audio", pieceId: audioPieceId(0, 0) }), home.id, many);
      await damage(
        home.id,
        id,
        many.map((piece) => piece.id),
      );
      const [told] = await toldOf(id);
      assert.match(told?.message ?? "", /^.{1,1000}$/);
      assert.match(told?.message ?? "", /and 280 more/);
    });

    it("leaves a copy in the making alone, and what it does not know", async () => {
      const [home, other] = [await addNode(catalog()), await addNode(catalog())];
      const { id } = await plannedAsset(catalog(), [home.id]);
      const copying = aTask(id, { kind: "replicate", pieceId: timelinePieceId, nodeId: other.id });
      await startTask(catalog(), copying, other.id);
      await damage(other.id, id, [timelinePieceId]);
      assert.equal(await copyState(catalog(), id, timelinePieceId, other.id), "copying");
      const events = (await allEvents(catalog())).length;
      await damage(other.id, newId("asset", now), [timelinePieceId]);
      assert.equal((await allEvents(catalog())).length, events);
      await assert.rejects(damage(newId("node", now), id, [timelinePieceId]), { code: "node_not_found" });
    });

    it("has the node read again what has no other copy, since the word may be old", async () => {
      const [home, other] = [await addNode(catalog()), await addNode(catalog())];
      const { id } = await readyAsset(catalog(), [home.id, other.id]);
      const reads = async () => (await viewOf(catalog(), id)).openTasks.filter(({ kind }) => kind === "verify");
      await damage(home.id, id, [videoPieceId(0), videoPieceId(1)]);
      assert.deepEqual(await reads(), []);
      await damage(other.id, id, [videoPieceId(1)]);
      const [read, ...more] = await reads();
      assert.ok(read);
      assert.deepEqual([read.nodeId, read.discardPieceIds, more], [other.id, [videoPieceId(1)], []]);
      const running = await lease(catalog(), read, other.id);
      await catalog().commands.recordReport(aReport(catalog(), running, { outcome: aFinding([]) }));
      assert.equal(await copyState(catalog(), id, videoPieceId(1), other.id), "verified");
      await damage(other.id, id, [videoPieceId(1)]);
      const again = await lease(catalog(), (await reads())[0]!, other.id);
      await catalog().commands.recordReport(aReport(catalog(), again, { outcome: aFinding([videoPieceId(1)]) }));
      assert.deepEqual([await copyState(catalog(), id, videoPieceId(1), other.id), await reads()], ["lost", []]);
    });

    it("is made good by the next copy", async () => {
      const [home, other] = [await addNode(catalog()), await addNode(catalog())];
      const { id } = await readyAsset(catalog(), [home.id, other.id]);
      await damage(home.id, id, [sourcePieceId]);
      assert.equal((await catalog().queries.getAsset(id))?.fewestCopies, 1);
      await copy(catalog(), id, sourcePieceId, home.id);
      assert.equal(await copyState(catalog(), id, sourcePieceId, home.id), "verified");
      assert.equal((await catalog().queries.getAsset(id))?.fewestCopies, 2);
    });
  });

  describe("copies by node", () => {
    it("lists what each node holds for sure, and how much that is", async () => {
      const [home, other, down] = [await addNode(catalog()), await addNode(catalog()), await addNode(catalog())];
      const { id } = await readyAsset(catalog(), [home.id, other.id, down.id]);
      await setHealth(catalog(), down.id, "down");
      await damage(other.id, id, [videoPieceId(0)]);
      const { pieces } = await viewOf(catalog(), id);
      const all = pieces.map((piece) => piece.id);
      const copies = await catalog().queries.listCopies(id);
      const byNode = new Map(copies.map((one) => [one.nodeId, one]));
      assert.deepEqual(byNode.get(home.id)?.pieceIds, all);
      assert.deepEqual(
        byNode.get(other.id)?.pieceIds,
        all.filter((pieceId) => pieceId !== videoPieceId(0)),
      );
      assert.equal(byNode.get(home.id)!.bytes - byNode.get(other.id)!.bytes, 6700);
      assert.equal(copies.length, 2);
      assert.deepEqual(await catalog().queries.listCopies(newId("asset", now)), []);
    });
  });

  describe("verification", () => {
    async function verify(assetId: AssetId) {
      return await catalog().commands.createVerification({ assetId, at: now, actor });
    }

    it("is a task for each node that holds copies and is not down; an open one is not made twice", async () => {
      const [home, other, down] = [await addNode(catalog()), await addNode(catalog()), await addNode(catalog())];
      const { id, priority } = await readyAsset(catalog(), [home.id, other.id, down.id]);
      await setHealth(catalog(), down.id, "down");
      const pieceIds = (await viewOf(catalog(), id)).pieces.map((piece) => piece.id);
      const tasks = await verify(id);
      assert.deepEqual(
        tasks.map((task) => [task.kind, task.nodeId, task.pieceId, task.state, task.priority, task.discardPieceIds]),
        [home.id, other.id].sort().map((nodeId) => ["verify", nodeId, "", "pending", priority, pieceIds]),
      );
      assert.deepEqual(await verify(id), tasks);
      const [first] = tasks;
      const running = await lease(catalog(), first!, first!.nodeId!);
      assert.deepEqual((await verify(id))[0], running);
      assert.equal((await eventsOf(catalog(), id)).filter((kind) => kind === "asset.verifying").length, 1);
      assert.equal((await viewOf(catalog(), id)).openTasks.length, 2);
    });

    it("is refused for what is not there or is being deleted", async () => {
      await assert.rejects(verify(newId("asset", now)), { code: "asset_not_found" });
      const home = await addNode(catalog());
      const { id } = await readyAsset(catalog(), [home.id]);
      const [task] = await verify(id);
      await catalog().commands.deleteAsset({ assetId: id, at: now, actor });
      await assert.rejects(verify(id), { code: "conflict" });
      assert.equal((await catalog().queries.getTask(task!.id))?.state, "cancelled");
      await decide(catalog(), {
        kind: "create-task",
        task: aTask(id, { kind: "verify", pieceId: "", nodeId: home.id }),
      });
      assert.deepEqual((await viewOf(catalog(), id)).openTasks, []);
    });

    it("runs on its node only, and makes lost what was found wrong there", async () => {
      const [home, other] = [await addNode(catalog()), await addNode(catalog())];
      const { id } = await readyAsset(catalog(), [home.id, other.id]);
      const task = (await verify(id)).find((one) => one.nodeId === home.id)!;
      const elsewhere = { kind: "lease-task", taskId: task.id, nodeId: other.id, expectedEpoch: 0 } as const;
      assert.deepEqual(await decide(catalog(), elsewhere), []);
      const running = await lease(catalog(), task, home.id);
      const report = aReport(catalog(), running, { outcome: aFinding([videoPieceId(0)]) });
      assert.equal(await catalog().commands.recordReport(report), "accepted");
      assert.equal(await catalog().commands.recordReport(report), "accepted");
      assert.equal((await catalog().queries.getTask(task.id))?.state, "succeeded");
      const findings = { damagedPieceIds: [videoPieceId(0)], copiesLost: 1 };
      assert.deepEqual(await catalog().queries.getFindings(task.id), findings);
      assert.equal(await copyState(catalog(), id, videoPieceId(0), home.id), "lost");
      assert.equal(await copyState(catalog(), id, videoPieceId(0), other.id), "verified");
      assert.equal(await copyState(catalog(), id, videoPieceId(1), home.id), "verified");
      assert.equal((await eventsOf(catalog(), id)).filter((kind) => kind === "asset.copy_damaged").length, 1);
    });

    it("keeps what it found, also what was no copy any more, and nothing before it has ended", async () => {
      const home = await addNode(catalog());
      const { id } = await readyAsset(catalog(), [home.id]);
      const [task] = await verify(id);
      const running = await lease(catalog(), task!, home.id);
      assert.equal(await catalog().queries.getFindings(task!.id), null);
      assert.equal(await catalog().queries.getFindings(newId("task", now)), null);
      await damage(home.id, id, [timelinePieceId]);
      const damagedPieceIds = [timelinePieceId, videoPieceId(0)];
      await catalog().commands.recordReport(aReport(catalog(), running, { outcome: aFinding(damagedPieceIds) }));
      assert.deepEqual(await catalog().queries.getFindings(task!.id), { damagedPieceIds, copiesLost: 1 });
    });

    it("changes nothing when all is well", async () => {
      const home = await addNode(catalog());
      const { id } = await readyAsset(catalog(), [home.id]);
      const [task] = await verify(id);
      const running = await lease(catalog(), task!, home.id);
      const { replicas } = await viewOf(catalog(), id);
      await catalog().commands.recordReport(aReport(catalog(), running, { outcome: aFinding([]) }));
      assert.deepEqual((await viewOf(catalog(), id)).replicas, replicas);
      assert.deepEqual(await catalog().queries.getFindings(task!.id), { damagedPieceIds: [], copiesLost: 0 });
      assert.ok(!(await eventsOf(catalog(), id)).includes("asset.copy_damaged"));
    });

    it("does not count against its asset when it dies, and can be tried again or cancelled", async () => {
      const home = await addNode(catalog());
      const { id } = await readyAsset(catalog(), [home.id]);
      const [task] = await verify(id);
      const running = await lease(catalog(), task!, home.id);
      await catalog().commands.recordReport(aReport(catalog(), running, { outcome: aFailure(null) }));
      assert.equal((await catalog().queries.getTask(task!.id))?.state, "dead");
      assert.deepEqual((await viewOf(catalog(), id)).deadTasks, []);
      const retried = await catalog().commands.retryTask({ taskId: task!.id, at: now, actor });
      assert.deepEqual([retried.state, retried.nodeId, retried.failures], ["pending", home.id, 0]);
      assert.deepEqual(await verify(id), [retried]);
      const cancelled = await catalog().commands.cancelTask({ taskId: task!.id, at: now, actor });
      assert.equal(cancelled.state, "cancelled");
      const [next] = await verify(id);
      assert.notEqual(next!.id, task!.id);
      await assert.rejects(catalog().commands.retryTask({ taskId: task!.id, at: now, actor }), { code: "conflict" });
    });

    it("does not bring a failed asset back when it is tried again", async () => {
      const home = await addNode(catalog());
      const { id: assetId } = await plannedAsset(catalog(), [home.id]);
      const [task] = await verify(assetId);
      const error = { code: "ffmpeg_failed", message: "ffmpeg failed", hint: "" } as const;
      await decide(catalog(), { kind: "set-asset-state", assetId, from: "processing", to: "failed", error });
      await catalog().commands.retryTask({ taskId: task!.id, at: now, actor });
      assert.equal((await viewOf(catalog(), assetId)).asset.state, "failed");
    });

    it("can be decided by planning too", async () => {
      const home = await addNode(catalog());
      const { id } = await readyAsset(catalog(), [home.id]);
      const wish = aTask(id, { kind: "verify", pieceId: "", discardPieceIds: [sourcePieceId], nodeId: home.id });
      const task = await addTask(catalog(), wish);
      await decide(catalog(), { kind: "create-task", task: wish });
      assert.deepEqual((await viewOf(catalog(), id)).openTasks, [task]);
      await catalog().commands.removeNode({ nodeId: home.id, force: true, at: now, actor });
      assert.equal((await catalog().queries.getTask(task.id))?.state, "cancelled");
    });
  });
}
