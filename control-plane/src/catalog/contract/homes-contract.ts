// Contract: where assets are to stand: reasons, pins, moves from one home to another, copies beyond those wanted.
import assert from "node:assert/strict";
import { newId } from "@vstream/core/ids.ts";
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
import { bytesOf } from "@vstream/core/media.ts";
import type { Catalog } from "../catalog.ts";
import { anAsset, aTask, aVideo, now } from "./builders.ts";
import {
  addAsset,
  addNode,
  allEvents,
  decide,
  eventsOf,
  isSettled,
  make,
  plannedAsset,
  readyAsset,
  setHomes,
  settle,
  viewOf,
} from "./steps.ts";

export function describeHomes(catalog: () => Catalog): void {
  async function addNodeId(): Promise<NodeId> {
    return (await addNode(catalog())).id;
  }

  async function homesOf(assetId: AssetId) {
    const { homes, leavingHomes, homeReasons } = (await viewOf(catalog(), assetId)).asset;
    return { homes, leavingHomes, homeReasons };
  }

  describe("homes", () => {
    it("keeps why each was chosen, as long as it is one", async () => {
      const [first, second, third] = [await addNodeId(), await addNodeId(), await addNodeId()];
      const homeReasons = { [first]: "has the most room" };
      const { id: assetId } = await addAsset(catalog(), { homes: [first, second], homeReasons });
      assert.deepEqual((await homesOf(assetId)).homeReasons, homeReasons);
      const reasons = { [first]: "is a home already", [third]: "is in another region" };
      await setHomes(catalog(), assetId, [third, first], reasons);
      assert.deepEqual(await homesOf(assetId), {
        homes: [third, first],
        leavingHomes: [],
        homeReasons: { [first]: "has the most room", [third]: "is in another region" },
      });
      await setHomes(catalog(), assetId, [third]);
      await setHomes(catalog(), assetId, [third, first]);
      assert.deepEqual((await homesOf(assetId)).homeReasons, { [third]: "is in another region" });
    });

    it("are not set by a decision that rests on others than they are by now", async () => {
      const [home, other, third] = [await addNodeId(), await addNodeId(), await addNodeId()];
      const { id: assetId } = await addAsset(catalog(), { homes: [home] });
      const late = { kind: "set-homes", assetId, expected: [home], homes: [home, third], reasons: {} } as const;
      await catalog().commands.moveUpload({ assetId, homes: [other], at: now });
      await decide(catalog(), late);
      assert.deepEqual((await homesOf(assetId)).homes, [other], "the client asked for another node");
      const moving = await readyAsset(catalog(), [home, other]);
      const move = { kind: "move-home", assetId: moving.id, from: home, to: third, reason: "is emptier" } as const;
      await decide(catalog(), move, {
        ...{ kind: "set-homes", assetId: moving.id, expected: [home, other], homes: [other, home], reasons: {} },
      });
      const { homes, leavingHomes } = await homesOf(moving.id);
      assert.deepEqual([homes, leavingHomes], [[home, other, third], [home]], "it is moved");
    });

    it("keeps why an upload goes to another node", async () => {
      const [home, other] = [await addNode(catalog()), await addNode(catalog())];
      const { id: assetId } = await addAsset(catalog(), { homes: [home.id] });
      const move = { assetId, homes: [other.id], homeReasons: { [other.id]: "the other one failed" }, at: now };
      assert.deepEqual((await catalog().commands.moveUpload(move)).homeReasons, move.homeReasons);
    });

    it("keeps pins, refuses one that is no node, and forgets one whose node is removed", async () => {
      const [home, other] = [await addNode(catalog()), await addNode(catalog())];
      const pinned = await addAsset(catalog(), { homes: [home.id], pins: [home.id, other.id] });
      assert.deepEqual(pinned.pins, [home.id, other.id]);
      const wrong = anAsset({ pins: [newId("node", now)] });
      await assert.rejects(catalog().commands.createAsset(wrong), { code: "node_not_found" });
      await catalog().commands.removeNode({ nodeId: other.id, force: true, at: now, actor: "user:test" });
      assert.deepEqual((await viewOf(catalog(), pinned.id)).asset.pins, [home.id]);
    });
  });

  describe("moving a home", () => {
    it("adds the new home and has the old one leave, until it is no home any more", async () => {
      const [from, stays, to] = [await addNode(catalog()), await addNode(catalog()), await addNode(catalog())];
      const { id: assetId } = await readyAsset(catalog(), [from.id, stays.id], {
        homeReasons: { [from.id]: "was first" },
      });
      await settle(catalog(), assetId);
      const { manifestVersion } = (await viewOf(catalog(), assetId)).asset;
      const moves = await catalog().queries.countMoves();
      await decide(catalog(), { kind: "move-home", assetId, from: from.id, to: to.id, reason: "is emptier" });
      assert.deepEqual(await homesOf(assetId), {
        homes: [from.id, stays.id, to.id],
        leavingHomes: [from.id],
        homeReasons: { [from.id]: "was first", [to.id]: "is emptier" },
      });
      assert.equal((await viewOf(catalog(), assetId)).asset.manifestVersion, manifestVersion + 1);
      assert.equal(await isSettled(catalog(), assetId), false);
      const manifest = await catalog().queries.getManifest({ assetId, haveVersion: 0 });
      assert.deepEqual(manifest?.homeNodeIds, [from.id, stays.id, to.id]);
      const told = (await allEvents(catalog())).findLast((event) => event.subject === assetId);
      assert.equal(told?.kind, "asset.moving");
      assert.ok([from.name, to.name, "is emptier"].every((part) => told.message.includes(part)));
      assert.equal(await catalog().queries.countMoves(), moves + 1);

      await setHomes(catalog(), assetId, [to.id, stays.id, from.id]);
      assert.deepEqual((await homesOf(assetId)).leavingHomes, [from.id], "another order calls nothing off");
      await setHomes(catalog(), assetId, [to.id, stays.id]);
      assert.deepEqual((await homesOf(assetId)).leavingHomes, []);
      assert.equal(await catalog().queries.countMoves(), moves);
    });

    it("changes nothing when it comes too late", async () => {
      const [from, stays] = [await addNodeId(), await addNodeId()];
      const [to, other, none] = [await addNodeId(), await addNodeId(), newId("node", now)];
      const { id: assetId } = await readyAsset(catalog(), [from, stays]);
      const move = { kind: "move-home", assetId, from, to, reason: "is emptier" } as const;
      const before = (await viewOf(catalog(), assetId)).asset;
      await decide(catalog(), { ...move, from: other }, { ...move, to: stays });
      await decide(catalog(), { ...move, from: none }, { ...move, to: none });
      assert.deepEqual((await viewOf(catalog(), assetId)).asset, before);
      await decide(catalog(), move, { ...move, to: other });
      assert.deepEqual((await homesOf(assetId)).homes, [from, stays, to], "it is leaving already");
      await catalog().commands.deleteAsset({ assetId, at: now, actor: "user:test" });
      await decide(catalog(), { ...move, from: stays, to: other });
      assert.deepEqual((await homesOf(assetId)).homes, [from, stays, to]);
      assert.equal((await eventsOf(catalog(), assetId)).filter((kind) => kind === "asset.moving").length, 1);
    });

    it("offers what may move from a node, the largest first", async () => {
      const [home, other, target] = [await addNode(catalog()), await addNode(catalog()), await addNode(catalog())];
      const small = await readyAsset(catalog(), [home.id, other.id], { sourceBytes: 1_000, regions: ["eu"] });
      const large = await readyAsset(catalog(), [home.id], { sourceBytes: 900_000, pins: [other.id] });
      const pinned = await readyAsset(catalog(), [home.id], { pins: [home.id] });
      const moving = await readyAsset(catalog(), [home.id]);
      await decide(catalog(), { kind: "move-home", assetId: moving.id, from: home.id, to: target.id, reason: "" });
      for (const asset of [small, large, pinned, moving]) await settle(catalog(), asset.id);
      await readyAsset(catalog(), [home.id]);
      await plannedAsset(catalog(), [home.id]);
      const movable = await catalog().queries.listMovable({ nodeId: home.id, limit: 10 });
      const sizeOf = async (assetId: AssetId) =>
        (await viewOf(catalog(), assetId)).pieces.reduce((sum, piece) => sum + bytesOf(piece.content), 0);
      assert.deepEqual(movable, [
        {
          assetId: large.id,
          title: large.title,
          bytes: await sizeOf(large.id),
          homes: [home.id],
          regions: [],
          pins: [other.id],
        },
        {
          assetId: small.id,
          title: small.title,
          bytes: await sizeOf(small.id),
          homes: [home.id, other.id],
          regions: ["eu"],
          pins: [],
        },
      ]);
      assert.equal((await catalog().queries.listMovable({ nodeId: home.id, limit: 1 })).length, 1);
      assert.deepEqual(await catalog().queries.listMovable({ nodeId: target.id, limit: 10 }), []);
    });

    it("knows how large an asset is after a piece of it was dropped and made anew", async () => {
      const home = await addNode(catalog());
      const { id: assetId } = await plannedAsset(catalog(), [home.id]);
      const before = await catalog().queries.getAsset(assetId);
      await make(catalog(), aTask(assetId), home.id, [aVideo(0)]);
      const pieceId = aVideo(0).id;
      await decide(catalog(), { kind: "drop-piece", assetId, pieceId, reason: "does not join" });
      const dropped = await catalog().queries.getAsset(assetId);
      assert.deepEqual([dropped?.piecesDone, dropped?.storedBytes], [before?.piecesDone, before?.storedBytes]);
      await make(catalog(), aTask(assetId), home.id, [aVideo(0, "again")]);
      assert.equal((await catalog().queries.getAsset(assetId))?.piecesDone, (before?.piecesDone ?? 0) + 1);
    });
  });

  describe("copies beyond those wanted", () => {
    it("are wanted and given up with an event each, and planning looks again", async () => {
      const home = await addNode(catalog());
      const { id: assetId, title } = await readyAsset(catalog(), [home.id], { replicasWanted: 1 });
      const set = async (extraReplicas: number) => {
        await settle(catalog(), assetId);
        await decide(catalog(), { kind: "set-extra-replicas", assetId, extraReplicas });
        return [(await viewOf(catalog(), assetId)).asset.extraReplicas, await isSettled(catalog(), assetId)];
      };
      assert.deepEqual(await set(2), [2, false]);
      assert.deepEqual(await set(2), [2, true], "it is so already");
      const extra = await catalog().queries.listExtraReplicas();
      assert.deepEqual(
        extra.filter((one) => one.assetId === assetId),
        [{ assetId, extraReplicas: 2 }],
      );
      assert.deepEqual(await set(0), [0, false]);
      assert.deepEqual(await set(-1), [0, true]);
      assert.ok((await catalog().queries.listExtraReplicas()).every((one) => one.assetId !== assetId));
      const told = (await allEvents(catalog())).filter((event) => event.subject === assetId).slice(-2);
      assert.deepEqual(
        told.map((event) => event.kind),
        ["asset.copies_added", "asset.copies_removed"],
      );
      assert.ok(told[0]!.message.startsWith(`"${title}" is watched a lot`));
      assert.ok(told[1]!.message.startsWith(`"${title}" has cooled`));
    });

    it("count neither for degraded nor for what is deleted", async () => {
      const home = await addNode(catalog());
      const { id: assetId } = await readyAsset(catalog(), [home.id], { replicasWanted: 1 });
      const { degradedAssets } = await catalog().queries.counts();
      await decide(catalog(), { kind: "set-extra-replicas", assetId, extraReplicas: 1 });
      assert.equal((await catalog().queries.counts()).degradedAssets, degradedAssets);
      await catalog().commands.deleteAsset({ assetId, at: now, actor: "user:test" });
      assert.ok((await catalog().queries.listExtraReplicas()).every((one) => one.assetId !== assetId));
      await decide(catalog(), { kind: "set-extra-replicas", assetId, extraReplicas: 2 });
      assert.equal((await viewOf(catalog(), assetId)).asset.extraReplicas, 1);
    });
  });
}
