// Contract: decisions about assets; those that come too late change nothing.
import assert from "node:assert/strict";
import { newId, videoPieceId } from "@vstream/core/ids.ts";
import type { Catalog } from "../catalog.ts";
import { aPlan, aTask, aVideo, now } from "./builders.ts";
import {
  addAsset,
  addNode,
  addTask,
  allEvents,
  decide,
  encodedAsset,
  eventsOf,
  make,
  plannedAsset,
  setHomes,
  viewOf,
} from "./steps.ts";

export function describeDecisions(catalog: () => Catalog): void {
  describe("decisions", () => {
    it("applies none of another term", async () => {
      const { term } = catalog().identity;
      const stale = catalog().commands.applyDecisions({ decisions: [], term: term - 1, at: now });
      await assert.rejects(stale, { code: "conflict" });
    });

    it("sets homes in their order, and a manifest version with them", async () => {
      const [home, other] = [await addNode(catalog()), await addNode(catalog())];
      const { id: assetId, manifestVersion } = await addAsset(catalog(), { homes: [home.id] });
      await setHomes(catalog(), assetId, [other.id, home.id]);
      const { asset } = await viewOf(catalog(), assetId);
      assert.deepEqual(asset.homes, [other.id, home.id]);
      assert.equal(asset.manifestVersion, manifestVersion + 1);
      await setHomes(catalog(), assetId, [other.id, home.id]);
      await setHomes(catalog(), assetId, [newId("node", now)]);
      assert.deepEqual((await viewOf(catalog(), assetId)).asset, asset);
    });

    it("sets the plan once", async () => {
      const home = await addNode(catalog());
      const { id: assetId } = await plannedAsset(catalog(), [home.id]);
      await decide(catalog(), { kind: "set-plan", assetId, plan: { ...aPlan, chunks: [] } });
      assert.deepEqual((await viewOf(catalog(), assetId)).asset.plan, aPlan);
    });

    it("takes rungs in HEVC out of a plan of which no video is made", async () => {
      const home = await addNode(catalog());
      const [plain] = aPlan.rungs;
      const hevc = { ...plain!, name: "480p-hevc", codec: "hevc" as const };
      const { id: assetId } = await plannedAsset(catalog(), [home.id], {}, { ...aPlan, rungs: [hevc, plain!] });
      await decide(catalog(), { kind: "drop-hevc", assetId, edition: 3 });
      assert.equal((await viewOf(catalog(), assetId)).asset.plan?.rungs.length, 2);
      await decide(catalog(), { kind: "drop-hevc", assetId, edition: 0 });
      assert.deepEqual((await viewOf(catalog(), assetId)).asset.plan, aPlan);
      const made = await plannedAsset(catalog(), [home.id], {}, { ...aPlan, rungs: [hevc, plain!] });
      await make(catalog(), aTask(made.id, { pieceId: videoPieceId(0) }), home.id, [aVideo(0, made.id)]);
      await decide(catalog(), { kind: "drop-hevc", assetId: made.id, edition: 0 });
      assert.equal((await viewOf(catalog(), made.id)).asset.plan?.rungs.length, 2);
    });

    it("releases chunks only forwards, and only when all their pieces are there", async () => {
      const home = await addNode(catalog());
      const planned = await plannedAsset(catalog(), [home.id]);
      await decide(catalog(), { kind: "release-chunks", assetId: planned.id, releasedChunks: 1 });
      assert.equal((await viewOf(catalog(), planned.id)).asset.releasedChunks, 0);
      const { id: assetId } = await encodedAsset(catalog(), [home.id]);
      const released: number[] = [];
      for (const releasedChunks of [1, 3, 2, 1]) {
        await decide(catalog(), { kind: "release-chunks", assetId, releasedChunks });
        released.push((await viewOf(catalog(), assetId)).asset.releasedChunks);
      }
      assert.deepEqual(released, [1, 1, 2, 2]);
    });

    it("moves an asset's state only from where it was thought to be", async () => {
      const home = await addNode(catalog());
      const { id: assetId } = await plannedAsset(catalog(), [home.id]);
      const move = { kind: "set-asset-state", assetId, error: null } as const;
      await decide(catalog(), { ...move, from: "uploading", to: "ready" });
      assert.equal((await viewOf(catalog(), assetId)).asset.state, "processing");
      await decide(catalog(), { ...move, from: "processing", to: "playable" });
      await decide(catalog(), { ...move, from: "playable", to: "ready" });
      const { asset } = await viewOf(catalog(), assetId);
      assert.deepEqual([asset.state, asset.playableAt, asset.readyAt], ["ready", now, now]);
      const kinds = await eventsOf(catalog(), assetId);
      assert.deepEqual(kinds, ["asset.created", "asset.received", "asset.uploaded", "asset.playable", "asset.ready"]);
    });

    it("fails an asset with its reason, and its open tasks end with it", async () => {
      const home = await addNode(catalog());
      const { id: assetId } = await plannedAsset(catalog(), [home.id]);
      const task = await addTask(catalog(), aTask(assetId));
      const error = { code: "not_media", message: "this is no video", hint: "" } as const;
      await decide(catalog(), { kind: "set-asset-state", assetId, from: "processing", to: "failed", error });
      const { asset, openTasks } = await viewOf(catalog(), assetId);
      assert.deepEqual([asset.state, asset.error, openTasks], ["failed", error, []]);
      assert.equal((await catalog().queries.getTask(task.id))?.state, "cancelled");
    });

    it("changes nothing about what is gone", async () => {
      const assetId = newId("asset", now);
      const events = (await allEvents(catalog())).length;
      await decide(
        catalog(),
        { kind: "set-homes", assetId, expected: [], homes: [], reasons: {} },
        { kind: "move-home", assetId, from: newId("node", now), to: newId("node", now), reason: "none" },
        { kind: "set-extra-replicas", assetId, extraReplicas: 1 },
        { kind: "set-plan", assetId, plan: aPlan },
        { kind: "release-chunks", assetId, releasedChunks: 1 },
        { kind: "settle-asset", assetId, manifestVersion: 1 },
        { kind: "forget-asset", assetId },
        { kind: "set-node-health", nodeId: newId("node", now), health: "down", since: now },
        { kind: "set-scheduling", nodeId: newId("node", now), from: "active", to: "drained" },
        { kind: "cancel-task", taskId: newId("task", now), reason: "none" },
        { kind: "expire-lease", taskId: newId("task", now), epoch: 1, reason: "none" },
      );
      assert.equal((await allEvents(catalog())).length, events);
    });
  });
}
