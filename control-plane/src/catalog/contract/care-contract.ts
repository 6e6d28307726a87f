// Contract: what an operator changes of an asset, and what he gives up.
import assert from "node:assert/strict";
import { timelinePieceId, videoPieceId } from "@vstream/core/ids.ts";
import type { AssetId } from "@vstream/core/ids.ts";
import type { AssetChanges, Catalog } from "../catalog.ts";
import { aList, aPlan, aRichPlan, aTask, aTimeline, now, unique } from "./builders.ts";
import {
  addAsset,
  addNode,
  addTask,
  allEvents,
  decide,
  eventsOf,
  isSettled,
  make,
  plannedAsset,
  readyAsset,
  settle,
  uploadedAsset,
  viewOf,
} from "./steps.ts";

const actor = "user:test";
const nothing: AssetChanges = {
  ...{ title: null, setLabels: {}, removeLabels: [], addSubtitles: [] },
  ...{ replicasWanted: null, regions: null, pins: null, keepSource: null },
};
const words = (name: string) => ({ name, language: "en", content: Buffer.from("WEBVTT\n").toString("base64") });

export function describeCare(catalog: () => Catalog): void {
  const update = async (assetId: AssetId, changes: Partial<AssetChanges>) =>
    await catalog().commands.updateAsset({ assetId, changes: { ...nothing, ...changes }, at: now, actor });
  const cancel = async (assetId: AssetId) => await catalog().commands.cancelAsset({ assetId, at: now, actor });
  const lastMessage = async (subject: string) =>
    (await allEvents(catalog())).filter((event) => event.subject === subject).at(-1)?.message;

  describe("an asset that is changed", () => {
    it("has its new title and labels, is found by them, and players hear of the title", async () => {
      const home = await addNode(catalog());
      const { id } = await readyAsset(catalog(), [home.id], { labels: { show: "news", old: "yes" } });
      const before = (await viewOf(catalog(), id)).asset;
      const title = unique("Evening Bulletin");
      const after = await update(id, { title, setLabels: { lang: "de" }, removeLabels: ["old", "never"] });
      assert.equal(after.title, title);
      assert.deepEqual(after.labels, { show: "news", lang: "de" });
      assert.equal(after.manifestVersion, before.manifestVersion + 1);
      assert.equal(
        await lastMessage(id),
        `"${before.title}" was changed: its title is "${title}" now; label lang=de, no label old`,
      );
      const found = async (search: string, labels = {}) =>
        (await catalog().queries.listAssets({ ...aList({ labels }), search })).items.map(({ asset }) => asset.id);
      assert.deepEqual(await found(`BULLETIN-${title.split("-").at(-1) ?? ""} evening`), [id]);
      assert.deepEqual(await found(`${title} lang=de`, { lang: "de" }), [id]);
      assert.deepEqual(await found(`${title} old=yes`), []);
    });

    it("is planned anew for other copies, without a word to players", async () => {
      const [one, two] = [await addNode(catalog()), await addNode(catalog())];
      const { id } = await readyAsset(catalog(), [one.id, two.id]);
      await settle(catalog(), id);
      const { manifestVersion } = (await viewOf(catalog(), id)).asset;
      const after = await update(id, { replicasWanted: 3, regions: ["eu"], pins: [two.id], keepSource: "ready" });
      assert.deepEqual(
        [after.replicasWanted, after.regions, after.pins, after.keepSource],
        [3, ["eu"], [two.id], "ready"],
      );
      assert.equal(await isSettled(catalog(), id), false);
      assert.equal(after.manifestVersion, manifestVersion);
    });

    it("says nothing when all is so already", async () => {
      const asset = await addAsset(catalog(), { title: "the same", labels: { show: "news" } });
      const { replicasWanted, regions, pins, keepSource } = asset;
      const same = { title: "the same", setLabels: { show: "news" }, removeLabels: ["none"] };
      assert.deepEqual(await update(asset.id, { ...same, replicasWanted, regions, pins, keepSource }), asset);
      assert.deepEqual(await eventsOf(catalog(), asset.id), ["asset.created"]);
    });

    it("gets a track for each file of subtitles, behind those that it has", async () => {
      const home = await addNode(catalog());
      const { id } = await plannedAsset(catalog(), [home.id]);
      await update(id, { addSubtitles: [words("first.srt")] });
      const before = (await viewOf(catalog(), id)).asset;
      const after = await update(id, { addSubtitles: [words("second.vtt"), words("third.vtt")] });
      assert.deepEqual(
        after.subtitleFiles.map(({ number, name }) => [number, name]),
        [
          [0, "first.srt"],
          [1, "second.vtt"],
          [2, "third.vtt"],
        ],
      );
      assert.deepEqual(
        after.plan?.text.map(({ track, origin, file, language }) => [track, origin, file, language]),
        [
          [0, "file", 0, "en"],
          [1, "file", 1, "en"],
          [2, "file", 2, "en"],
        ],
      );
      assert.equal(after.manifestVersion, before.manifestVersion + 1);
      assert.equal((await catalog().queries.getSubtitleFile({ assetId: id, number: 2 }))?.name, "third.vtt");
    });

    it("is not planned without a file that came meanwhile", async () => {
      const home = await addNode(catalog());
      const { id } = await uploadedAsset(catalog(), [home.id]);
      await decide(catalog(), {
        kind: "set-asset-state",
        assetId: id,
        from: "uploading",
        to: "processing",
        error: null,
      });
      await make(catalog(), aTask(id, { kind: "probe", pieceId: timelinePieceId }), home.id, [aTimeline(id)]);
      assert.equal((await update(id, { addSubtitles: [words("late.vtt")] })).plan, null);
      await decide(catalog(), { kind: "set-plan", assetId: id, plan: aPlan });
      assert.equal((await viewOf(catalog(), id)).asset.plan, null);
      const [target] = aRichPlan.text;
      const text = [{ ...target!, origin: "file" as const, file: 0 }];
      await decide(catalog(), { kind: "set-plan", assetId: id, plan: { ...aPlan, text } });
      assert.deepEqual((await viewOf(catalog(), id)).asset.plan?.text, text);
    });

    it("changes nothing at all when a part of it cannot be", async () => {
      const node = await addNode(catalog());
      const other = await addNode(catalog());
      const asset = await addAsset(catalog());
      const many = Object.fromEntries(Array.from({ length: 33 }, (_, at) => [`label-${at}`, "x"]));
      const tooMany = Array.from({ length: 17 }, (_, at) => words(`${at}.vtt`));
      for (const [changes, code] of [
        [{ setLabels: many }, "invalid_argument"],
        [{ addSubtitles: tooMany }, "invalid_argument"],
        [{ replicasWanted: 1, pins: [node.id, other.id] }, "invalid_argument"],
        [{ pins: ["no00000000000000000000" as typeof node.id] }, "node_not_found"],
      ] as const) {
        await assert.rejects(update(asset.id, { title: "another", ...changes }), { code });
        assert.deepEqual((await viewOf(catalog(), asset.id)).asset, asset);
      }
    });

    it("keeps what was pinned within the copies that it is to have", async () => {
      const [one, two] = [await addNode(catalog()), await addNode(catalog())];
      const asset = await addAsset(catalog(), { pins: [one.id, two.id], replicasWanted: 2 });
      await assert.rejects(update(asset.id, { replicasWanted: 1 }), { code: "invalid_argument" });
      assert.equal((await update(asset.id, { replicasWanted: 1, pins: [two.id] })).replicasWanted, 1);
    });

    it("is left alone in the trash, and but for its names when it failed", async () => {
      const failed = await addAsset(catalog());
      await cancel(failed.id);
      assert.equal((await update(failed.id, { title: "failed", setLabels: { why: "no" } })).title, "failed");
      await assert.rejects(update(failed.id, { replicasWanted: 1 }), { code: "conflict" });
      await assert.rejects(update(failed.id, { addSubtitles: [words("a.vtt")] }), { code: "conflict" });
      await catalog().commands.deleteAsset({ assetId: failed.id, at: now, actor });
      await assert.rejects(update(failed.id, { title: "gone" }), { code: "conflict" });
    });
  });

  describe("an asset that is cancelled", () => {
    it("fails, with its tasks, at whatever stage it is, and tells players", async () => {
      const home = await addNode(catalog());
      const uploading = await addAsset(catalog());
      const processing = await plannedAsset(catalog(), [home.id]);
      const task = await addTask(catalog(), aTask(processing.id, { pieceId: videoPieceId(0) }));
      for (const { id } of [uploading, processing]) {
        const before = (await viewOf(catalog(), id)).asset;
        const after = await cancel(id);
        assert.deepEqual([after.state, after.error?.code], ["failed", "cancelled"]);
        assert.equal(after.manifestVersion, before.manifestVersion + 1);
        assert.equal((await eventsOf(catalog(), id)).at(-1), "asset.cancelled");
      }
      assert.equal((await catalog().queries.getTask(task.id))?.state, "cancelled");
    });

    it("may be ingested again, and goes on when one of its tasks is tried again", async () => {
      const home = await addNode(catalog());
      const asset = await plannedAsset(catalog(), [home.id]);
      const task = await addTask(catalog(), aTask(asset.id, { pieceId: videoPieceId(0) }));
      await cancel(asset.id);
      const { sourceSha256, externalId } = asset;
      assert.equal(await catalog().queries.findExisting({ sourceSha256, externalId, force: false }), null);
      await catalog().commands.retryTask({ taskId: task.id, at: now, actor });
      const { state, error } = (await viewOf(catalog(), asset.id)).asset;
      assert.deepEqual([state, error], ["processing", null]);
    });

    it("stays as it is when nothing of it is being made", async () => {
      const home = await addNode(catalog());
      const ready = await readyAsset(catalog(), [home.id]);
      const failed = await addAsset(catalog());
      await cancel(failed.id);
      const deleted = await addAsset(catalog());
      await catalog().commands.deleteAsset({ assetId: deleted.id, at: now, actor });
      for (const { id } of [ready, failed, deleted]) await assert.rejects(cancel(id), { code: "conflict" });
      assert.equal((await viewOf(catalog(), ready.id)).asset.state, "ready");
    });
  });
}
