// Contract: making assets, uploads, the trash.
import assert from "node:assert/strict";
import { newId, sourcePieceId } from "@vstream/core/ids.ts";
import type { Catalog } from "../catalog.ts";
import { aSource, aTask, anAsset, now, sha256, unique } from "./builders.ts";
import {
  addAsset,
  addNode,
  addTask,
  copyState,
  decide,
  eventsOf,
  isSettled,
  readyAsset,
  setHealth,
  settle,
  startTask,
  uploadedAsset,
  viewOf,
} from "./steps.ts";

const failure = { code: "upload_failed", message: "gave up", hint: "" } as const;

export function describeAssets(catalog: () => Catalog): void {
  describe("assets", () => {
    it("keeps what it was created from, and says so in an event", async () => {
      const home = await addNode(catalog());
      const asked = anAsset({ labels: { show: "news" }, regions: ["eu"], priority: 3, homes: [home.id] });
      const { kind, asset } = await catalog().commands.createAsset(asked);
      assert.equal(kind, "created");
      const { at, actor, force, ...kept } = asked;
      assert.deepEqual(asset, { ...asset, ...kept, createdAt: at, state: "uploading", settled: false });
      assert.deepEqual(await eventsOf(catalog(), asset.id), ["asset.created"]);
      assert.deepEqual([actor, force], ["user:test", false]);
      assert.deepEqual((await catalog().queries.getAsset(asset.id))?.asset, asset);
    });

    it("gives the asset that is there for the same external id, before it looks at the bytes", async () => {
      const bytes = sha256(unique("bytes"));
      const byBytes = await addAsset(catalog(), { sourceSha256: bytes });
      const byId = await addAsset(catalog(), { externalId: unique("external") });
      const again = anAsset({ externalId: byId.externalId, sourceSha256: bytes });
      assert.deepEqual(await catalog().commands.createAsset(again), { kind: "existing", asset: byId });
      const other = await catalog().commands.createAsset(anAsset({ sourceSha256: bytes, externalId: unique("other") }));
      assert.deepEqual(other, { kind: "existing", asset: byBytes });
    });

    it("makes a new asset of bytes whose other asset failed or is deleted", async () => {
      const bytes = sha256(unique("bytes"));
      const first = await addAsset(catalog(), { sourceSha256: bytes });
      await catalog().commands.failUpload({ assetId: first.id, failure, at: now, actor: "user:test" });
      const second = await catalog().commands.createAsset(anAsset({ sourceSha256: bytes }));
      assert.equal(second.kind, "created");
      await catalog().commands.deleteAsset({ assetId: second.asset.id, at: now, actor: "user:test" });
      assert.equal((await catalog().commands.createAsset(anAsset({ sourceSha256: bytes }))).kind, "created");
    });

    it("gives an external id to a new asset when its own failed or is deleted", async () => {
      const externalId = unique("external");
      const first = await addAsset(catalog(), { externalId });
      await catalog().commands.failUpload({ assetId: first.id, failure, at: now, actor: "user:test" });
      const second = await catalog().commands.createAsset(anAsset({ externalId }));
      assert.equal(second.kind, "created");
      assert.equal((await viewOf(catalog(), first.id)).asset.externalId, null);
      await catalog().commands.deleteAsset({ assetId: second.asset.id, at: now, actor: "user:test" });
      const third = await catalog().commands.createAsset(anAsset({ externalId }));
      assert.deepEqual([third.kind, third.asset.externalId], ["created", externalId]);
      await catalog().commands.undeleteAsset({ assetId: second.asset.id, at: now, actor: "user:test" });
      assert.equal((await viewOf(catalog(), second.asset.id)).asset.externalId, null);
    });

    it("finds what would be the same asset, without making one", async () => {
      const asset = await addAsset(catalog(), { externalId: unique("external") });
      const { externalId, sourceSha256 } = asset;
      const other = { externalId: unique("other"), sourceSha256: sha256(unique("bytes")), force: false };
      assert.deepEqual(await catalog().queries.findExisting({ ...other, externalId }), asset);
      assert.deepEqual(await catalog().queries.findExisting({ ...other, sourceSha256 }), asset);
      assert.equal(await catalog().queries.findExisting({ ...other, sourceSha256, force: true }), null);
      assert.equal(await catalog().queries.findExisting({ ...other, sourceSha256: null }), null);
      assert.equal(await catalog().queries.findExisting(other), null);
    });

    it("creates one asset when the same external id comes many times at once", async () => {
      const externalId = unique("external");
      const outcomes = await Promise.all(
        Array.from({ length: 10 }, async () => await catalog().commands.createAsset(anAsset({ externalId }))),
      );
      assert.equal(outcomes.filter((outcome) => outcome.kind === "created").length, 1);
      assert.equal(new Set(outcomes.map((outcome) => outcome.asset.id)).size, 1);
    });

    it("refuses a home that is no node, and leaves nothing behind", async () => {
      const asset = anAsset({ homes: [newId("node", now)] });
      await assert.rejects(catalog().commands.createAsset(asset), { code: "node_not_found" });
      assert.equal(await catalog().queries.getAsset(asset.id), null);
    });
  });

  describe("uploads", () => {
    it("records a source that has arrived, once", async () => {
      const home = await addNode(catalog());
      const asset = await addAsset(catalog(), { homes: [home.id] });
      const report = { assetId: asset.id, nodeId: home.id, source: aSource(asset), at: now };
      assert.equal(await catalog().commands.recordUpload(report), "accepted");
      assert.equal(await catalog().commands.recordUpload(report), "accepted");
      assert.equal(await copyState(catalog(), asset.id, sourcePieceId, home.id), "verified");
      assert.deepEqual(await eventsOf(catalog(), asset.id), ["asset.created", "asset.received"]);
    });

    it("refuses a source with another hash, or for an asset that is not there", async () => {
      const home = await addNode(catalog());
      const asset = await addAsset(catalog(), { homes: [home.id] });
      const other = aSource({ ...asset, sourceSha256: sha256("other") });
      const report = { assetId: asset.id, nodeId: home.id, source: other, at: now };
      assert.equal(await catalog().commands.recordUpload(report), "stale");
      const unknown = { ...report, assetId: newId("asset", now), source: aSource(asset) };
      assert.equal(await catalog().commands.recordUpload(unknown), "stale");
      assert.deepEqual((await viewOf(catalog(), asset.id)).pieces, []);
    });

    it("accepts a repeated report when the asset has gone on, and refuses another node's", async () => {
      const [home, late] = [await addNode(catalog()), await addNode(catalog())];
      const asset = await uploadedAsset(catalog(), [home.id]);
      const state = { from: "uploading", to: "processing", error: null } as const;
      await decide(catalog(), { kind: "set-asset-state", assetId: asset.id, ...state });
      const report = { assetId: asset.id, nodeId: home.id, source: aSource(asset), at: now };
      assert.equal(await catalog().commands.recordUpload(report), "accepted");
      assert.equal(await catalog().commands.recordUpload({ ...report, nodeId: late.id }), "stale");
    });

    it("moves an upload to other homes until the source has arrived", async () => {
      const [home, other] = [await addNode(catalog()), await addNode(catalog())];
      const asset = await addAsset(catalog(), { homes: [home.id] });
      const moved = await catalog().commands.moveUpload({ assetId: asset.id, homes: [other.id], at: now });
      assert.deepEqual(moved.homes, [other.id]);
      const report = { assetId: asset.id, nodeId: other.id, source: aSource(asset), at: now };
      await catalog().commands.recordUpload(report);
      const again = catalog().commands.moveUpload({ assetId: asset.id, homes: [home.id], at: now });
      await assert.rejects(again, { code: "conflict" });
    });

    it("begins an upload anew whose only node went down with the source", async () => {
      const [home, other] = [await addNode(catalog()), await addNode(catalog())];
      const asset = await uploadedAsset(catalog(), [home.id]);
      const copying = aTask(asset.id, { kind: "replicate", pieceId: sourcePieceId, nodeId: other.id });
      const task = await addTask(catalog(), copying);
      const move = { assetId: asset.id, homes: [other.id], at: now };
      await setHealth(catalog(), home.id, "suspect");
      await assert.rejects(catalog().commands.moveUpload(move), { code: "conflict" });
      await setHealth(catalog(), home.id, "down");
      assert.deepEqual((await catalog().commands.moveUpload(move)).homes, [other.id]);
      assert.deepEqual((await viewOf(catalog(), asset.id)).pieces, []);
      assert.equal((await catalog().queries.getTask(task.id))?.state, "cancelled");
      const report = { assetId: asset.id, nodeId: other.id, source: aSource(asset), at: now };
      assert.equal(await catalog().commands.recordUpload(report), "accepted");
      assert.equal(await copyState(catalog(), asset.id, sourcePieceId, other.id), "verified");
    });

    it("fails an upload that is given up, but not once the source has arrived", async () => {
      const home = await addNode(catalog());
      const waiting = await addAsset(catalog(), { homes: [home.id] });
      await catalog().commands.failUpload({ assetId: waiting.id, failure, at: now, actor: "user:test" });
      const failed = (await viewOf(catalog(), waiting.id)).asset;
      assert.deepEqual([failed.state, failed.error], ["failed", failure]);
      const arrived = await uploadedAsset(catalog(), [home.id]);
      await catalog().commands.failUpload({ assetId: arrived.id, failure, at: now, actor: "user:test" });
      assert.equal((await viewOf(catalog(), arrived.id)).asset.state, "uploading");
    });
  });

  describe("trash", () => {
    const change = { at: now + 1, actor: "user:test" };

    it("puts an asset into the trash with its open tasks cancelled, and brings it back as it was", async () => {
      const home = await addNode(catalog());
      const { id: assetId } = await readyAsset(catalog(), [home.id]);
      const task = await addTask(catalog(), aTask(assetId, { kind: "replicate", nodeId: home.id }));
      const deleted = await catalog().commands.deleteAsset({ assetId, ...change });
      assert.deepEqual([deleted.state, deleted.stateBeforeDelete, deleted.deletedAt], ["deleting", "ready", change.at]);
      assert.equal((await catalog().queries.getTask(task.id))?.state, "cancelled");
      const restored = await catalog().commands.undeleteAsset({ assetId, ...change });
      assert.deepEqual([restored.state, restored.stateBeforeDelete, restored.deletedAt], ["ready", null, null]);
      assert.ok(restored.manifestVersion > deleted.manifestVersion);
    });

    it("says when there is nothing to delete or to bring back", async () => {
      const asset = await addAsset(catalog());
      const nobody = catalog().commands.deleteAsset({ assetId: newId("asset", now), ...change });
      await assert.rejects(nobody, { code: "asset_not_found" });
      await assert.rejects(catalog().commands.undeleteAsset({ assetId: asset.id, ...change }), { code: "conflict" });
      await catalog().commands.deleteAsset({ assetId: asset.id, ...change });
      await assert.rejects(catalog().commands.deleteAsset({ assetId: asset.id, ...change }), { code: "conflict" });
    });

    it("does not bring an asset back whose copies are being deleted", async () => {
      const home = await addNode(catalog());
      const { id: assetId } = await readyAsset(catalog(), [home.id]);
      await catalog().commands.deleteAsset({ assetId, at: now, actor: "user:test" });
      await startTask(catalog(), aTask(assetId, { kind: "discard", pieceId: "", nodeId: home.id }), home.id);
      await assert.rejects(catalog().commands.undeleteAsset({ assetId, ...change }), { code: "conflict" });
    });

    it("has planning look again at what has been there for its time", async () => {
      const home = await addNode(catalog());
      const [early, late] = [await readyAsset(catalog(), [home.id]), await readyAsset(catalog(), [home.id])];
      await catalog().commands.deleteAsset({ assetId: early.id, at: now + 1, actor: "user:test" });
      await catalog().commands.deleteAsset({ assetId: late.id, at: now + 2, actor: "user:test" });
      for (const { id } of [early, late]) await settle(catalog(), id);
      const due = { before: now + 1 };
      assert.ok((await catalog().commands.unsettleDueTrash(due)) >= 1);
      assert.deepEqual([await isSettled(catalog(), early.id), await isSettled(catalog(), late.id)], [false, true]);
      assert.equal(await catalog().commands.unsettleDueTrash(due), 0);
    });

    it("forgets only what is in the trash, and has whatever remains of it swept", async () => {
      const home = await addNode(catalog());
      const { id: assetId } = await readyAsset(catalog(), [home.id]);
      await decide(catalog(), { kind: "forget-asset", assetId });
      assert.ok(await catalog().queries.getAsset(assetId));
      await catalog().commands.deleteAsset({ assetId, ...change });
      await decide(catalog(), { kind: "forget-asset", assetId });
      assert.equal(await catalog().queries.getAsset(assetId), null);
      const entries = [{ assetId, pieceIds: [sourcePieceId] }];
      const swept = await catalog().commands.recordInventory({ nodeId: home.id, entries, at: now + 60_000 });
      assert.deepEqual(swept, [assetId]);
    });
  });
}
