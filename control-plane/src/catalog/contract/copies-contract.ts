// Contract: copies, inventories, and what a node's silence does to them.
import assert from "node:assert/strict";
import { newId, sourcePieceId, timelinePieceId, videoPieceId } from "@vstream/core/ids.ts";
import type { AssetId, NodeId, PieceId } from "@vstream/core/ids.ts";
import type { Catalog } from "../catalog.ts";
import { aDescription, aFailure, aReport, aTask, aVideo, now } from "./builders.ts";
import {
  addNode,
  addTask,
  copy,
  copyState,
  decide,
  make,
  plannedAsset,
  readyAsset,
  setHealth,
  setHomes,
  startTask,
  viewOf,
} from "./steps.ts";

export function describeCopies(catalog: () => Catalog): void {
  describe("copies", () => {
    const later = now + 60_000;

    async function inventory(nodeId: NodeId, ...entries: { assetId: AssetId; pieceIds: PieceId[] }[]) {
      return await catalog().commands.recordInventory({ nodeId, entries, at: later });
    }

    it("shows a copy in the making, verified after it, and none after a failure", async () => {
      const [home, other] = [await addNode(catalog()), await addNode(catalog())];
      const { id } = await plannedAsset(catalog(), [home.id]);
      const task = aTask(id, { kind: "replicate", pieceId: timelinePieceId, nodeId: other.id });
      const first = await startTask(catalog(), task, other.id);
      assert.equal(await copyState(catalog(), id, timelinePieceId, other.id), "copying");
      await catalog().commands.recordReport(aReport(catalog(), first, { outcome: aFailure(null) }));
      assert.equal(await copyState(catalog(), id, timelinePieceId, other.id), "none");
      await copy(catalog(), id, timelinePieceId, other.id);
      assert.equal(await copyState(catalog(), id, timelinePieceId, other.id), "verified");
    });

    it("does not bring a dropped piece back by a copy or an inventory", async () => {
      const [home, other] = [await addNode(catalog()), await addNode(catalog())];
      const { id } = await plannedAsset(catalog(), [home.id]);
      const piece = videoPieceId(0);
      await make(catalog(), aTask(id), home.id, [aVideo(0)]);
      const copying = aTask(id, { kind: "replicate", pieceId: piece, nodeId: other.id });
      const running = await startTask(catalog(), copying, other.id);
      await decide(catalog(), { kind: "drop-piece", assetId: id, pieceId: piece, reason: "does not join" });
      assert.equal(await catalog().commands.recordReport(aReport(catalog(), running)), "stale");
      await make(catalog(), aTask(id), other.id, [aVideo(0, "again")]);
      await inventory(home.id, { assetId: id, pieceIds: [sourcePieceId, timelinePieceId, piece] });
      assert.equal(await copyState(catalog(), id, piece, home.id), "none", "it holds the bytes that were dropped");
      assert.equal(await copyState(catalog(), id, piece, other.id), "verified");
      await copy(catalog(), id, piece, home.id);
      await inventory(home.id, { assetId: id, pieceIds: [sourcePieceId, timelinePieceId, piece] });
      assert.equal(await copyState(catalog(), id, piece, home.id), "verified");
    });

    it("does not drop a piece that players were given", async () => {
      const home = await addNode(catalog());
      const { id } = await readyAsset(catalog(), [home.id]);
      await decide(catalog(), { kind: "drop-piece", assetId: id, pieceId: videoPieceId(1), reason: "late" });
      assert.equal(await copyState(catalog(), id, videoPieceId(1), home.id), "verified");
    });

    it("counts the copies of a node that is down as suspect until its inventory", async () => {
      const description = aDescription();
      const home = await addNode(catalog(), description);
      const { id } = await plannedAsset(catalog(), [home.id]);
      await setHealth(catalog(), home.id, "suspect");
      assert.equal(await copyState(catalog(), id, sourcePieceId, home.id), "verified");
      await setHealth(catalog(), home.id, "down");
      assert.equal(await copyState(catalog(), id, sourcePieceId, home.id), "suspect");
      assert.equal((await catalog().queries.getAsset(id))?.fewestCopies, 0);
      await catalog().commands.describeNode({ nodeId: home.id, node: description, at: later });
      assert.equal(await copyState(catalog(), id, sourcePieceId, home.id), "suspect");
      await inventory(home.id, { assetId: id, pieceIds: [sourcePieceId] });
      assert.equal(await copyState(catalog(), id, sourcePieceId, home.id), "verified");
      assert.equal(await copyState(catalog(), id, timelinePieceId, home.id), "lost");
    });

    it("takes what an inventory names as verified and what it lacks as lost", async () => {
      const [home, other] = [await addNode(catalog()), await addNode(catalog())];
      const { id } = await plannedAsset(catalog(), [home.id]);
      await inventory(home.id);
      assert.equal(await copyState(catalog(), id, sourcePieceId, home.id), "lost");
      await inventory(home.id, { assetId: id, pieceIds: [sourcePieceId] });
      assert.equal(await copyState(catalog(), id, sourcePieceId, home.id), "verified");
      assert.equal(await copyState(catalog(), id, timelinePieceId, home.id), "lost");
      await inventory(other.id, { assetId: id, pieceIds: [timelinePieceId, videoPieceId(7)] });
      assert.equal(await copyState(catalog(), id, timelinePieceId, other.id), "verified");
      assert.equal(await copyState(catalog(), id, videoPieceId(7), other.id), "none");
    });

    it("goes on counting a copy that was reported just before the inventory, and has it read", async () => {
      const home = await addNode(catalog());
      const { id } = await plannedAsset(catalog(), [home.id]);
      await catalog().commands.recordInventory({ nodeId: home.id, entries: [], at: now + 100 });
      assert.equal(await copyState(catalog(), id, sourcePieceId, home.id), "verified");
      const reads = (await viewOf(catalog(), id)).openTasks.filter((task) => task.kind === "verify");
      assert.deepEqual(
        reads.map((task) => [task.nodeId, task.discardPieceIds]),
        [[home.id, [sourcePieceId, timelinePieceId]]],
      );
    });

    it("believes the inventory of a node that is being emptied, which is asked nothing", async () => {
      const home = await addNode(catalog());
      const { id } = await plannedAsset(catalog(), [home.id]);
      const drain = { scheduling: "draining", drainDeadlineAt: null, onDeadline: "hold" } as const;
      await catalog().commands.setScheduling({ nodeId: home.id, ...drain, at: now, actor: "user:test" });
      await catalog().commands.recordInventory({ nodeId: home.id, entries: [], at: now + 100 });
      assert.equal(await copyState(catalog(), id, sourcePieceId, home.id), "lost");
    });

    it("names the assets of an inventory that it does not know", async () => {
      const home = await addNode(catalog());
      const { id } = await plannedAsset(catalog(), [home.id]);
      const unknown = newId("asset", now);
      const pieceIds = [sourcePieceId];
      assert.deepEqual(await inventory(home.id, { assetId: id, pieceIds }, { assetId: unknown, pieceIds }), [unknown]);
      await assert.rejects(inventory(newId("node", now)), { code: "node_not_found" });
    });

    it("removes the copies that a discard deleted", async () => {
      const [home, other] = [await addNode(catalog()), await addNode(catalog())];
      const { id } = await plannedAsset(catalog(), [home.id]);
      for (const piece of [sourcePieceId, timelinePieceId]) await copy(catalog(), id, piece, other.id);
      const discard = aTask(id, { kind: "discard", pieceId: "", nodeId: other.id });
      await make(catalog(), { ...discard, discardPieceIds: [sourcePieceId] }, other.id, []);
      assert.equal(await copyState(catalog(), id, sourcePieceId, other.id), "none");
      assert.equal(await copyState(catalog(), id, timelinePieceId, other.id), "verified");
      await make(catalog(), discard, other.id, []);
      assert.equal(await copyState(catalog(), id, timelinePieceId, other.id), "none");
      assert.equal(await copyState(catalog(), id, timelinePieceId, home.id), "verified");
    });

    it("leases no discard that would delete copies which are wanted", async () => {
      const [home, second, surplus] = [await addNode(catalog()), await addNode(catalog()), await addNode(catalog())];
      const { id } = await plannedAsset(catalog(), [home.id, second.id]);
      await copy(catalog(), id, sourcePieceId, surplus.id);
      const discard = { kind: "discard", pieceId: "", discardPieceIds: [sourcePieceId] } as const;
      for (const nodeId of [surplus.id, home.id]) {
        const task = await addTask(catalog(), aTask(id, { ...discard, nodeId }));
        const proposal = { kind: "lease-task", taskId: task.id, nodeId, expectedEpoch: 0 } as const;
        assert.deepEqual(await decide(catalog(), proposal), []);
        await catalog().commands.cancelTask({ taskId: task.id, at: now, actor: "user:test" });
      }
      await copy(catalog(), id, sourcePieceId, second.id);
      assert.equal(await make(catalog(), aTask(id, { ...discard, nodeId: surplus.id }), surplus.id, []), "accepted");
    });

    it("counts the copies of the piece that has the fewest, wherever they are", async () => {
      const [home, one, two] = [await addNode(catalog()), await addNode(catalog()), await addNode(catalog())];
      const { id } = await plannedAsset(catalog(), [home.id]);
      const fewest = async () => (await catalog().queries.getAsset(id))?.fewestCopies;
      await copy(catalog(), id, sourcePieceId, one.id);
      await copy(catalog(), id, sourcePieceId, two.id);
      assert.equal(await fewest(), 1);
      await copy(catalog(), id, timelinePieceId, one.id);
      assert.equal(await fewest(), 2, "of the timeline");
      await setHealth(catalog(), one.id, "down");
      assert.equal(await fewest(), 1);
      await setHealth(catalog(), home.id, "down");
      assert.equal(await fewest(), 0, "the source alone is left");
    });

    it("sums up how an asset's copies stand", async () => {
      const [home, second] = [await addNode(catalog()), await addNode(catalog())];
      const { id } = await readyAsset(catalog(), [home.id]);
      const alone = await catalog().queries.getAsset(id);
      assert.deepEqual(alone?.replicas, [{ nodeId: home.id, state: "verified" }]);
      assert.deepEqual([alone.fewestCopies, alone.piecesDone], [1, 6]);
      await setHomes(catalog(), id, [second.id, home.id]);
      await copy(catalog(), id, sourcePieceId, second.id);
      const shared = await catalog().queries.getAsset(id);
      assert.deepEqual(shared?.replicas, [
        { nodeId: second.id, state: "wanted" },
        { nodeId: home.id, state: "verified" },
      ]);
      assert.equal(shared.storedBytes - alone.storedBytes, 5000 + 32);
    });
  });
}
