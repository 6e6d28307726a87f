// Contract: text and images, which an asset can do without: how players hear of them, and what happens when one cannot
// be made.
import assert from "node:assert/strict";
import { audioPieceId, imagesPieceId, textPieceId, timelinePieceId, videoPieceId } from "@vstream/core/ids.ts";
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
import type { Manifest, Piece } from "@vstream/core/media.ts";
import type { Catalog } from "../catalog.ts";
import type { TaskRecord } from "../records.ts";
import {
  aFailure,
  aReport,
  aRichPlan,
  aSuccess,
  aTask,
  aText,
  aTimeline,
  aVideo,
  anAudio,
  now,
  someImages,
} from "./builders.ts";
import {
  addNode,
  addTask,
  copyState,
  decide,
  isSettled,
  make,
  plannedAsset,
  setHealth,
  settle,
  startTask,
  uploadedAsset,
  viewOf,
} from "./steps.ts";

const actor = { at: now, actor: "user:test" } as const;

/** An asset that is to have text and images, and has one chunk released; on one home. */
async function growingAsset(catalog: Catalog, home: NodeId): Promise<AssetId> {
  const { id: assetId } = await uploadedAsset(catalog, [home], { replicasWanted: 1 });
  await decide(catalog, { kind: "set-asset-state", assetId, from: "uploading", to: "processing", error: null });
  await make(catalog, aTask(assetId, { kind: "probe", pieceId: timelinePieceId }), home, [aTimeline(assetId)]);
  await decide(catalog, { kind: "set-plan", assetId, plan: aRichPlan });
  for (const chunk of [0, 1]) {
    await make(catalog, aTask(assetId, { pieceId: videoPieceId(chunk) }), home, [aVideo(chunk, assetId)]);
  }
  const audio = aTask(assetId, { kind: "audio", pieceId: audioPieceId(0, 0) });
  await make(catalog, audio, home, [anAudio(0, assetId), anAudio(1, assetId)]);
  await decide(
    catalog,
    { kind: "release-chunks", assetId, releasedChunks: 1 },
    { kind: "set-asset-state", assetId, from: "processing", to: "playable", error: null },
  );
  return assetId;
}

function taskFor(assetId: AssetId, { id, content }: Piece) {
  return aTask(assetId, { kind: content.kind === "images" ? "images" : "text", pieceId: id });
}

async function makeExtra(catalog: Catalog, assetId: AssetId, home: NodeId, piece: Piece): Promise<void> {
  await make(catalog, taskFor(assetId, piece), home, [piece]);
}

async function killText(catalog: Catalog, assetId: AssetId, home: NodeId, track: number): Promise<TaskRecord> {
  const running = await startTask(catalog, taskFor(assetId, aText(track)), home);
  await catalog.commands.recordReport(aReport(catalog, running, { outcome: aFailure(null) }));
  return running;
}

async function manifestOf(catalog: Catalog, assetId: AssetId, haveVersion = 0): Promise<Manifest> {
  const manifest = await catalog.queries.getManifest({ assetId, haveVersion });
  assert.ok(manifest);
  return manifest;
}

function tracksOf({ text }: Pick<Manifest, "text">): number[] {
  return text.map(({ track }) => track);
}

export function describeExtras(catalog: () => Catalog): void {
  describe("text and images", () => {
    it("are told of before they are there, and each as it comes, by a manifest of its own version", async () => {
      const { id: home } = await addNode(catalog());
      const assetId = await growingAsset(catalog(), home);
      const first = await manifestOf(catalog(), assetId);
      assert.deepEqual([first.text, first.extras], [aRichPlan.text, []]);
      await makeExtra(catalog(), assetId, home, aText(1));
      const second = await manifestOf(catalog(), assetId, first.version);
      assert.deepEqual([second.version, second.extras], [first.version + 1, [aText(1)]]);
      assert.deepEqual([second.fromChunk, second.pieces], [1, []], "of the chunks it lacks none");
      await makeExtra(catalog(), assetId, home, someImages());
      await makeExtra(catalog(), assetId, home, aText(0));
      const third = await manifestOf(catalog(), assetId, second.version);
      assert.deepEqual(third.extras, [someImages(), aText(0), aText(1)]);
      const versions = await catalog().queries.listManifestVersions(home);
      assert.deepEqual(versions, [{ assetId, version: first.version + 3 }]);
      await decide(catalog(), { kind: "release-chunks", assetId, releasedChunks: 2 });
      assert.equal((await manifestOf(catalog(), assetId, third.version)).pieces.length, 2);
    });

    it("are asked for only of an asset that is planned and goes on", async () => {
      const { id: home } = await addNode(catalog());
      const uploaded = await uploadedAsset(catalog(), [home]);
      await assert.rejects(addTask(catalog(), taskFor(uploaded.id, aText())));
      const { id } = await plannedAsset(catalog(), [home]);
      assert.equal((await addTask(catalog(), taskFor(id, aText()))).kind, "text");
      await catalog().commands.deleteAsset({ assetId: id, ...actor });
      await assert.rejects(addTask(catalog(), taskFor(id, someImages())));
    });

    it("are taken only as the task's own piece, text with a file for each chunk", async () => {
      const { id: home } = await addNode(catalog());
      const assetId = await growingAsset(catalog(), home);
      const running = await startTask(catalog(), taskFor(assetId, aText(0)), home);
      const report = (piece: Piece) =>
        catalog().commands.recordReport(aReport(catalog(), running, { outcome: aSuccess([piece]) }));
      const short = aText(0);
      assert.ok(short.content.kind === "text");
      const cut = { ...short, content: { ...short.content, chunks: short.content.chunks.slice(1) } };
      for (const wrong of [aText(1), someImages(), cut]) {
        await assert.rejects(report(wrong), { code: "invalid_argument" });
      }
      assert.equal(await report(aText(0)), "accepted");
      assert.equal(await copyState(catalog(), assetId, textPieceId(0), home), "verified");
    });

    it("are offered no more when they were given up, until somebody has them tried again", async () => {
      const { id: home } = await addNode(catalog());
      const assetId = await growingAsset(catalog(), home);
      const before = await manifestOf(catalog(), assetId);
      const { id: taskId } = await killText(catalog(), assetId, home, 0);
      const without = await manifestOf(catalog(), assetId);
      assert.deepEqual([tracksOf(without), without.version], [[1], before.version + 1]);
      const summary = await catalog().queries.getAsset(assetId);
      assert.deepEqual([summary?.asset.state, summary && tracksOf(summary)], ["playable", [1]]);
      await catalog().commands.retryTask({ taskId, ...actor });
      const again = await manifestOf(catalog(), assetId);
      assert.deepEqual([tracksOf(again), again.version], [[0, 1], before.version + 2]);
      assert.deepEqual((await viewOf(catalog(), assetId)).deadTasks, []);
    });

    it("are offered of a ready asset when they are there", async () => {
      const { id: home } = await addNode(catalog());
      const assetId = await growingAsset(catalog(), home);
      await makeExtra(catalog(), assetId, home, aText(1));
      await decide(catalog(), { kind: "set-asset-state", assetId, from: "playable", to: "ready", error: null });
      assert.deepEqual(tracksOf(await manifestOf(catalog(), assetId)), [1]);
      await makeExtra(catalog(), assetId, home, aText(0));
      assert.deepEqual(tracksOf(await manifestOf(catalog(), assetId)), [0, 1]);
    });

    it("stay given up, however long ago that was", async () => {
      const { id: home } = await addNode(catalog());
      const assetId = await growingAsset(catalog(), home);
      const { id: taskId } = await killText(catalog(), assetId, home, 0);
      await catalog().commands.prune({ tasksFinishedBefore: now + 10, eventsBefore: 0 });
      assert.equal((await catalog().queries.getTask(taskId))?.state, "dead");
      await catalog().commands.deleteAsset({ assetId, ...actor });
      await decide(catalog(), { kind: "forget-asset", assetId });
      await catalog().commands.prune({ tasksFinishedBefore: now + 10, eventsBefore: 0 });
      assert.equal(await catalog().queries.getTask(taskId), null);
    });

    it("are not tried again for an asset that failed", async () => {
      const { id: home } = await addNode(catalog());
      const assetId = await growingAsset(catalog(), home);
      const { id: taskId } = await killText(catalog(), assetId, home, 0);
      const error = { code: "encode_mismatch", message: "no", hint: "" } as const;
      await decide(catalog(), { kind: "set-asset-state", assetId, from: "playable", to: "failed", error });
      await assert.rejects(catalog().commands.retryTask({ taskId, ...actor }), { code: "conflict" });
      assert.equal((await catalog().queries.getAsset(assetId))?.asset.state, "failed");
    });

    it("are forgotten only while no copy stands on a node that is not down, and may then come with other bytes", async () => {
      const { id: home } = await addNode(catalog());
      const { id: other } = await addNode(catalog());
      const assetId = await growingAsset(catalog(), home);
      await makeExtra(catalog(), assetId, other, someImages());
      const drop = { kind: "drop-piece", assetId, pieceId: imagesPieceId, reason: "no copy of it is left" } as const;
      await decide(catalog(), drop);
      const kept = await manifestOf(catalog(), assetId);
      assert.deepEqual(kept.extras, [someImages()]);
      await setHealth(catalog(), other, "down");
      await settle(catalog(), assetId);
      await decide(catalog(), drop, drop);
      const without = await manifestOf(catalog(), assetId);
      assert.deepEqual([without.extras, without.version], [[], kept.version + 1]);
      assert.equal(await isSettled(catalog(), assetId), false);
      await makeExtra(catalog(), assetId, home, someImages("anew"));
      assert.deepEqual((await manifestOf(catalog(), assetId)).extras, [someImages("anew")]);
      const entries = [{ assetId, pieceIds: [imagesPieceId] }];
      await catalog().commands.recordInventory({ nodeId: other, entries, at: now });
      assert.equal(await copyState(catalog(), assetId, imagesPieceId, other), "none", "what it has is another piece");
    });
  });
}
