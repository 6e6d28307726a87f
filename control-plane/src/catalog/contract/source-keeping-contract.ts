// Contract: sources that are not kept for ever.
import assert from "node:assert/strict";
import { audioPieceId, sourcePieceId, timelinePieceId, videoPieceId } from "@vstream/core/ids.ts";
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
import type { AssetChanges, Catalog } from "../catalog.ts";
import { aTask, now } from "./builders.ts";
import {
  addNode,
  addTask,
  copy,
  copyState,
  decide,
  encodedAsset,
  isSettled,
  lease,
  make,
  readyAsset,
  setHomes,
  settle,
  viewOf,
} from "./steps.ts";

const actor = "user:test";
const nothing: AssetChanges = {
  ...{ title: null, setLabels: {}, removeLabels: [], addSubtitles: [] },
  ...{ replicasWanted: null, regions: null, pins: null, keepSource: null },
};

export function describeSourceKeeping(catalog: () => Catalog): void {
  const discardOf = (assetId: AssetId, nodeId: NodeId) =>
    aTask(assetId, { kind: "discard", pieceId: "", nodeId, discardPieceIds: [sourcePieceId] });
  const keep = async (assetId: AssetId, keepSource: AssetChanges["keepSource"]) =>
    await catalog().commands.updateAsset({ assetId, changes: { ...nothing, keepSource }, at: now, actor });
  const forget = async (assetId: AssetId) => {
    await decide(catalog(), { kind: "forget-editions", assetId });
  };
  const hasSourceRow = async (assetId: AssetId) =>
    (await viewOf(catalog(), assetId)).pieces.some((piece) => piece.id === sourcePieceId);

  describe("a source that is kept until its asset is ready", () => {
    it("may be discarded on a home from then on, and not before", async () => {
      const home = await addNode(catalog());
      const { id } = await encodedAsset(catalog(), [home.id], { keepSource: "ready", replicasWanted: 1 });
      const early = await addTask(catalog(), discardOf(id, home.id));
      await assert.rejects(lease(catalog(), early, home.id));
      const ready = await readyAsset(catalog(), [home.id], { keepSource: "ready", replicasWanted: 1 });
      await make(catalog(), discardOf(ready.id, home.id), home.id, []);
      assert.equal(await copyState(catalog(), ready.id, sourcePieceId, home.id), "none");
      assert.equal(await copyState(catalog(), ready.id, timelinePieceId, home.id), "verified");
    });

    it("is neither counted nor missed, and forgotten when no node may have it", async () => {
      const [one, two] = [await addNode(catalog()), await addNode(catalog())];
      const degraded = (await catalog().queries.counts()).degradedAssets;
      const { id, sourceBytes } = await readyAsset(catalog(), [one.id, two.id], { keepSource: "ready" });
      const summary = async () => {
        const given = await catalog().queries.getAsset(id);
        assert.ok(given);
        const { fewestCopies, hasSource, replicas, storedBytes } = given;
        return { fewestCopies, hasSource, states: replicas.map(({ state }) => state), storedBytes };
      };
      const before = await summary();
      await make(catalog(), discardOf(id, one.id), one.id, []);
      assert.deepEqual(await summary(), { ...before, storedBytes: before.storedBytes - sourceBytes - 32 });
      await forget(id);
      assert.equal(await hasSourceRow(id), true);
      await make(catalog(), discardOf(id, two.id), two.id, []);
      const after = { ...before, hasSource: false, storedBytes: before.storedBytes - 2 * (sourceBytes + 32) };
      assert.deepEqual(await summary(), after);
      await forget(id);
      assert.equal(await hasSourceRow(id), false);
      assert.deepEqual(await summary(), after);
      assert.deepEqual([after.fewestCopies, after.states], [2, ["verified", "verified"]]);
      assert.equal((await catalog().queries.counts()).degradedAssets, degraded);
    });

    it("holds up no node that goes, and is none of what depends on it", async () => {
      const [one, two] = [await addNode(catalog()), await addNode(catalog())];
      const { id } = await readyAsset(catalog(), [one.id], { keepSource: "ready", replicasWanted: 1 });
      for (const { id: pieceId } of (await viewOf(catalog(), id)).pieces) {
        if (pieceId !== sourcePieceId) await copy(catalog(), id, pieceId, two.id);
      }
      const impact = await catalog().queries.getNodeImpact({ nodeId: one.id, limit: 10 });
      assert.deepEqual([impact.assetsOnlyHere, impact.bytesToCopy], [0, 0]);
      await setHomes(catalog(), id, [two.id]);
      const draining = { scheduling: "draining", drainDeadlineAt: null, onDeadline: "hold" } as const;
      await catalog().commands.setScheduling({ nodeId: one.id, ...draining, at: now, actor });
      await decide(catalog(), { kind: "set-scheduling", nodeId: one.id, from: "draining", to: "drained" });
      assert.equal((await catalog().queries.getNode(one.id))?.scheduling, "drained");
    });

    it("cannot be kept again once it is gone", async () => {
      const home = await addNode(catalog());
      const { id } = await readyAsset(catalog(), [home.id], { keepSource: "ready", replicasWanted: 1 });
      assert.equal((await keep(id, "always")).keepSource, "always");
      const task = await addTask(catalog(), discardOf(id, home.id));
      await assert.rejects(lease(catalog(), task, home.id));
      await keep(id, "ready");
      await lease(catalog(), task, home.id);
      await assert.rejects(keep(id, "always"), { code: "conflict" }, "the node deletes it by now");
      const again = { assetId: id, ladder: "fast", at: now, actor } as const;
      await assert.rejects(catalog().commands.reencodeAsset(again), { code: "conflict", message: /source/ });
      await catalog().commands.recordDamage({
        nodeId: home.id,
        entries: [{ assetId: id, pieceIds: [sourcePieceId] }],
        at: now,
      });
      await assert.rejects(keep(id, "always"), { code: "conflict" });
      assert.equal((await keep(id, "never")).keepSource, "never");
    });

    it("comes to light again with a node that returns", async () => {
      const [home, away] = [await addNode(catalog()), await addNode(catalog())];
      const { id } = await readyAsset(catalog(), [home.id, away.id], { keepSource: "ready", replicasWanted: 1 });
      await setHomes(catalog(), id, [home.id]);
      const since = (await catalog().queries.getNode(away.id))?.healthSince ?? 0;
      await decide(catalog(), { kind: "set-node-health", nodeId: away.id, health: "down", since });
      await make(catalog(), discardOf(id, home.id), home.id, []);
      await forget(id);
      assert.equal(await hasSourceRow(id), true);
      await settle(catalog(), id);
      assert.equal(await isSettled(catalog(), id), true);
      const node = await catalog().queries.getNode(away.id);
      await catalog().commands.describeNode({ nodeId: away.id, node: node!, at: now });
      const entries = [{ assetId: id, pieceIds: [sourcePieceId] }];
      await catalog().commands.recordInventory({ nodeId: away.id, entries, at: now });
      assert.equal(await isSettled(catalog(), id), false);
    });

    it("makes nothing again that a retried task would read it for", async () => {
      const home = await addNode(catalog());
      const { id } = await readyAsset(catalog(), [home.id], { keepSource: "ready", replicasWanted: 1 });
      const task = await addTask(catalog(), aTask(id, { kind: "audio", pieceId: audioPieceId(0, 0) }));
      await catalog().commands.cancelTask({ taskId: task.id, at: now, actor });
      await assert.rejects(catalog().commands.retryTask({ taskId: task.id, at: now, actor }), { code: "conflict" });
    });

    it("lets its timeline be forgotten only when no copy of that is left", async () => {
      const home = await addNode(catalog());
      const { id } = await readyAsset(catalog(), [home.id], { keepSource: "ready", replicasWanted: 1 });
      const drop = { kind: "drop-piece", assetId: id, pieceId: timelinePieceId, reason: "no copy" } as const;
      const pieces = async () => (await viewOf(catalog(), id)).pieces.map((piece) => piece.id);
      await decide(catalog(), drop);
      assert.ok((await pieces()).includes(timelinePieceId));
      const file = { name: "a.srt", language: "en", content: Buffer.from("WEBVTT\n").toString("base64") };
      const add = { assetId: id, changes: { ...nothing, addSubtitles: [file] }, at: now, actor };
      const entries = [{ assetId: id, pieceIds: [timelinePieceId, videoPieceId(0)] }];
      await catalog().commands.recordDamage({ nodeId: home.id, entries, at: now });
      await decide(catalog(), drop, { ...drop, pieceId: videoPieceId(0) });
      assert.ok(!(await pieces()).includes(timelinePieceId));
      await assert.rejects(catalog().commands.updateAsset(add), { code: "conflict", message: /timeline is lost/ });
      assert.ok((await pieces()).includes(videoPieceId(0)));
    });
  });

  describe("a source that is never kept", () => {
    it("says nothing of how its asset stands, and needs one copy", async () => {
      const [one, two] = [await addNode(catalog()), await addNode(catalog())];
      const { id } = await encodedAsset(catalog(), [one.id], { keepSource: "never" });
      await setHomes(catalog(), id, [one.id, two.id]);
      for (const { id: pieceId } of (await viewOf(catalog(), id)).pieces) {
        if (pieceId !== sourcePieceId) await copy(catalog(), id, pieceId, two.id);
      }
      const summary = await catalog().queries.getAsset(id);
      assert.ok(summary);
      const { fewestCopies, hasSource, replicas } = summary;
      assert.deepEqual(
        [fewestCopies, hasSource, replicas.map(({ state }) => state)],
        [2, true, ["verified", "verified"]],
      );
      const impact = async () => (await catalog().queries.getNodeImpact({ nodeId: one.id, limit: 10 })).items[0];
      const before = await impact();
      assert.equal(before?.fewestCopiesElsewhere, 0);
      await copy(catalog(), id, sourcePieceId, two.id);
      const after = await impact();
      assert.deepEqual(after, { ...before, fewestCopiesElsewhere: 1, bytesToCopy: before.bytesToCopy - 5032 });
    });
  });
}
