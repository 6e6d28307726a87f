// Contract: an asset that is encoded anew: beside the edition that plays another is made, takes its place in one step,
// and the one before stays until it is retired.
import assert from "node:assert/strict";
import {
  audioPieceId,
  editionOf,
  imagesPieceIdIn,
  sourcePieceId,
  textPieceId,
  timelinePieceId,
  videoPieceId,
} from "@vstream/core/ids.ts";
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
import type { Piece } from "@vstream/core/media.ts";
import type { Catalog } from "../catalog.ts";
import type { MeasuredRates } from "../records.ts";
import {
  aFailure,
  aPlan,
  aReport,
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
  copy,
  copyState,
  decide,
  encodedAsset,
  eventsOf,
  isSettled,
  make,
  readyAsset,
  setHealth,
  settle,
  startTask,
  uploadedAsset,
  viewOf,
} from "./steps.ts";

const by = { at: now, actor: "user:test" } as const;
const measured: MeasuredRates = { renditions: [], audio: [] };
const nextPlan = { ...aPlan, rungs: aPlan.rungs.map((rung) => ({ ...rung, name: "360p", height: 360 })) };
const failure = { code: "ffmpeg_failed", message: "the encoder crashed", hint: "" } as const;

function ofEdition(edition: number, id: AssetId): Piece[] {
  const video = [0, 1].map((chunk) => ({ ...aVideo(chunk, `${id} ${edition}`), id: videoPieceId(chunk, edition) }));
  const audio = [0, 1].map((chunk) => ({ ...anAudio(chunk, id), id: audioPieceId(0, chunk, edition) }));
  return [...video, ...audio];
}

async function begin(catalog: Catalog, assetId: AssetId, ladder = "fast") {
  return await catalog.commands.reencodeAsset({ assetId, ladder, ...by });
}

/** An asset of which the lowest rung is made and played, and the others follow. */
async function firstPart(catalog: Catalog, home: NodeId): Promise<{ id: AssetId }> {
  const { id: assetId } = await uploadedAsset(catalog, [home], { ladder: "default" });
  const state = { kind: "set-asset-state", assetId, error: null } as const;
  await decide(catalog, { ...state, from: "uploading", to: "processing" });
  await make(catalog, aTask(assetId, { kind: "probe", pieceId: timelinePieceId }), home, [aTimeline(assetId)]);
  await decide(catalog, { kind: "set-plan", assetId, plan: aPlan, next: nextPlan });
  await makeEdition(catalog, assetId, { edition: 0, on: home });
  await decide(
    catalog,
    { kind: "release-chunks", assetId, releasedChunks: 2 },
    { ...state, from: "processing", to: "playable" },
  );
  return { id: assetId };
}

async function makeEdition(catalog: Catalog, assetId: AssetId, { edition, on }: { edition: number; on: NodeId }) {
  const [first, second, ...audio] = ofEdition(edition, assetId);
  for (const piece of [first!, second!]) await make(catalog, aTask(assetId, { pieceId: piece.id }), on, [piece]);
  await make(catalog, aTask(assetId, { kind: "audio", pieceId: audioPieceId(0, 0, edition) }), on, audio);
}

/** Has all of an edition but its images made on the node. */
async function encode(catalog: Catalog, assetId: AssetId, { edition, on }: { edition: number; on: NodeId }) {
  await decide(catalog, { kind: "set-next-plan", assetId, edition, plan: nextPlan });
  await makeEdition(catalog, assetId, { edition, on });
}

async function adopt(catalog: Catalog, assetId: AssetId, edition: number): Promise<void> {
  await decide(catalog, { kind: "adopt-edition", assetId, edition, measured });
}

export function describeEditions(catalog: () => Catalog): void {
  describe("encoding an asset anew", () => {
    it("begins for a ready asset, says so, and is the same when it is asked for again", async () => {
      const { id } = await readyAsset(catalog(), [(await addNode(catalog())).id]);
      await settle(catalog(), id);
      const asset = await begin(catalog(), id);
      assert.deepEqual(asset.nextEdition, { edition: 1, ladder: "fast", plan: null, check: null });
      assert.deepEqual((await begin(catalog(), id)).nextEdition, asset.nextEdition);
      const events = (await eventsOf(catalog(), id)).filter((kind) => kind === "asset.reencoding");
      assert.deepEqual(
        [events.length, await isSettled(catalog(), id), asset.state, asset.ladder],
        [1, false, "ready", "default"],
      );
      await assert.rejects(begin(catalog(), id, "default"), { code: "conflict", hint: /assets cancel/ });
    });

    it("is refused for what is not ready, not there, or has no source any more", async () => {
      const home = await addNode(catalog());
      const { id: unready } = await encodedAsset(catalog(), [home.id]);
      await assert.rejects(begin(catalog(), unready), { code: "conflict", message: /processing/ });
      await assert.rejects(begin(catalog(), "as00000000000000000000" as AssetId), { code: "asset_not_found" });
      const { id } = await readyAsset(catalog(), [home.id]);
      await setHealth(catalog(), home.id, "suspect");
      await setHealth(catalog(), home.id, "down");
      await assert.rejects(begin(catalog(), id), { code: "conflict", message: /source/ });
    });

    it("makes pieces beside those that play, which players hear nothing of", async () => {
      const home = await addNode(catalog());
      const { id: assetId } = await readyAsset(catalog(), [home.id]);
      await begin(catalog(), assetId);
      const before = await catalog().queries.getManifest({ assetId, haveVersion: 0 });
      await encode(catalog(), assetId, { edition: 1, on: home.id });
      assert.deepEqual(await catalog().queries.getManifest({ assetId, haveVersion: 0 }), before);
      const next = await catalog().queries.getManifest({ assetId, haveVersion: 0, edition: 1 });
      assert.deepEqual([next?.edition, next?.complete, next?.renditions[0]?.rung.name], [1, true, "360p"]);
      assert.deepEqual(
        next?.pieces.map(({ id }) => id),
        [...[videoPieceId(0, 1), audioPieceId(0, 0, 1)], ...[videoPieceId(1, 1), audioPieceId(0, 1, 1)]],
      );
      assert.equal(await catalog().queries.getManifest({ assetId, haveVersion: 0, edition: 7 }), null);
      const asset = await catalog().queries.getAsset(assetId);
      assert.deepEqual([asset?.fewestCopies, asset?.replicas[0]?.state, asset?.piecesDone], [1, "verified", 10]);
    });

    it("gives no piece of it out as a whole before all of it is there", async () => {
      const home = await addNode(catalog());
      const { id: assetId } = await readyAsset(catalog(), [home.id]);
      await begin(catalog(), assetId);
      await decide(catalog(), { kind: "set-next-plan", assetId, edition: 1, plan: nextPlan });
      const [video] = ofEdition(1, assetId);
      await make(catalog(), aTask(assetId, { pieceId: video!.id }), home.id, [video!]);
      const next = await catalog().queries.getManifest({ assetId, haveVersion: 0, edition: 1 });
      assert.deepEqual([next?.releasedChunks, next?.totalChunks, next?.pieces, next?.complete], [0, 2, [], false]);
    });

    it("counts copies of what plays alone, and the bytes of all of it", async () => {
      const [home, other] = [await addNode(catalog()), await addNode(catalog())];
      const { id: assetId } = await readyAsset(catalog(), [home.id, other.id]);
      const before = await catalog().queries.getAsset(assetId);
      await begin(catalog(), assetId);
      await encode(catalog(), assetId, { edition: 1, on: home.id });
      const asset = await catalog().queries.getAsset(assetId);
      assert.deepEqual(
        asset?.replicas.map(({ state }) => state),
        ["verified", "verified"],
      );
      assert.equal(asset.fewestCopies, 2);
      assert.ok(asset.storedBytes > (before?.storedBytes ?? 0));
      const degraded = (await catalog().queries.counts()).degradedAssets;
      await copy(catalog(), assetId, videoPieceId(0, 1), other.id);
      assert.equal((await catalog().queries.counts()).degradedAssets, degraded);
    });

    it("takes the place of the present one in one step, from the first chunk for everybody", async () => {
      const home = await addNode(catalog());
      const { id: assetId } = await readyAsset(catalog(), [home.id]);
      const before = await catalog().queries.getManifest({ assetId, haveVersion: 0 });
      await begin(catalog(), assetId);
      await encode(catalog(), assetId, { edition: 1, on: home.id });
      await adopt(catalog(), assetId, 1);
      const { asset } = await viewOf(catalog(), assetId);
      assert.deepEqual(
        [asset.state, asset.edition, asset.ladder, asset.nextEdition, asset.plan],
        ["ready", 1, "fast", null, nextPlan],
      );
      assert.deepEqual(asset.previousEditions, [{ edition: 0, measured, replacedAt: now }]);
      const after = await catalog().queries.getManifest({ assetId, haveVersion: before!.version });
      assert.ok(after);
      assert.deepEqual([after.version, after.fromChunk, after.edition], [before!.version + 1, 0, 1]);
      assert.deepEqual(
        after.pieces.map(({ id }) => id).filter((id) => !id.startsWith("e1-")),
        [],
      );
      assert.deepEqual(after.previous, [{ edition: 0, ...measured, pieces: before?.pieces }]);
      const same = await catalog().queries.getManifest({ assetId, haveVersion: after.version });
      assert.deepEqual([same?.pieces, same?.fromChunk], [[], 2]);
      const empty = { edition: 0, renditions: [], audio: [], pieces: [] };
      assert.deepEqual(same?.previous, [empty], "who has all of the present edition has those before");
      assert.ok((await eventsOf(catalog(), assetId)).includes("asset.reencoded"));
    });

    it("loses rungs in HEVC that nobody can make, as long as none of its video is made", async () => {
      const home = await addNode(catalog());
      const { id: assetId } = await readyAsset(catalog(), [home.id]);
      await begin(catalog(), assetId);
      const hevc = nextPlan.rungs.map((rung) => ({ ...rung, name: `${rung.name}-hevc`, codec: "hevc" as const }));
      const plan = { ...nextPlan, rungs: [...hevc, ...nextPlan.rungs] };
      await decide(catalog(), { kind: "set-next-plan", assetId, edition: 1, plan });
      const rungs = async () =>
        (await viewOf(catalog(), assetId)).asset.nextEdition?.plan?.rungs.map(({ name }) => name);
      const [video] = ofEdition(1, assetId);
      const task = await startTask(catalog(), aTask(assetId, { pieceId: video!.id }), home.id);
      await decide(catalog(), { kind: "drop-hevc", assetId, edition: 1 });
      assert.deepEqual(await rungs(), ["360p-hevc", "360p"], "somebody encodes them");
      await decide(catalog(), { kind: "cancel-task", taskId: task.id, reason: "test" });
      await decide(catalog(), { kind: "drop-hevc", assetId, edition: 1 });
      assert.deepEqual(await rungs(), ["360p"]);
      assert.ok((await eventsOf(catalog(), assetId)).includes("asset.hevc_dropped"));
    });

    it("is not adopted while one of its pieces has no copy that counts, nor another than the one that is made", async () => {
      const [home, other] = [await addNode(catalog()), await addNode(catalog())];
      const { id: assetId } = await readyAsset(catalog(), [home.id]);
      await begin(catalog(), assetId);
      await encode(catalog(), assetId, { edition: 1, on: other.id });
      await adopt(catalog(), assetId, 2);
      await setHealth(catalog(), other.id, "suspect");
      await setHealth(catalog(), other.id, "down");
      await adopt(catalog(), assetId, 1);
      assert.equal((await viewOf(catalog(), assetId)).asset.edition, 0);
    });

    it("keeps the asset's text and images apart: text is for every edition, images are one's own", async () => {
      const home = await addNode(catalog());
      const { id: assetId } = await readyAsset(catalog(), [home.id]);
      await begin(catalog(), assetId);
      await encode(catalog(), assetId, { edition: 1, on: home.id });
      const images = { ...someImages(), id: imagesPieceIdIn(1) };
      await make(catalog(), aTask(assetId, { kind: "images", pieceId: images.id }), home.id, [images]);
      const text = aText(0);
      await make(catalog(), aTask(assetId, { kind: "text", pieceId: text.id }), home.id, [text]);
      const extras = async (edition?: number) => {
        const query = { assetId, haveVersion: 0, ...(edition === undefined ? {} : { edition }) };
        return (await catalog().queries.getManifest(query))?.extras.map(({ id }) => id);
      };
      assert.deepEqual([await extras(), await extras(1)], [[textPieceId(0)], [images.id, textPieceId(0)]]);
      await adopt(catalog(), assetId, 1);
      assert.deepEqual(await extras(), [images.id, textPieceId(0)]);
    });

    it("takes over the text that the asset got meanwhile, and the findings of its own check", async () => {
      const home = await addNode(catalog());
      const { id: assetId } = await readyAsset(catalog(), [home.id]);
      await begin(catalog(), assetId);
      await encode(catalog(), assetId, { edition: 1, on: home.id });
      const task = await startTask(catalog(), aTask(assetId, { kind: "check", pieceId: videoPieceId(0, 1) }), home.id);
      const check = { rules: 3, findings: [] };
      const outcome = { ...aSuccess([]), check } as ReturnType<typeof aSuccess>;
      await catalog().commands.recordReport(aReport(catalog(), task, { outcome }));
      const { asset } = await viewOf(catalog(), assetId);
      assert.deepEqual([asset.check, asset.nextEdition?.check], [null, check]);
      const files = [{ name: "clip.de.srt", language: "de", content: "1\n00:00:01,000 --> 00:00:02,000\nHallo\n" }];
      const none = { title: null, setLabels: {}, removeLabels: [], replicasWanted: null, regions: null, pins: null };
      const changes = { ...none, addSubtitles: files, keepSource: null };
      await catalog().commands.updateAsset({ assetId, changes, ...by });
      await adopt(catalog(), assetId, 1);
      const adopted = (await viewOf(catalog(), assetId)).asset;
      assert.deepEqual([adopted.check, adopted.plan?.text.map(({ language }) => language)], [check, ["de"]]);
    });

    it("is given up with its tasks and a reason when it cannot be made; its number is not given again", async () => {
      const home = await addNode(catalog());
      const { id: assetId } = await readyAsset(catalog(), [home.id]);
      await begin(catalog(), assetId);
      await decide(catalog(), { kind: "set-next-plan", assetId, edition: 1, plan: nextPlan });
      const dying = await startTask(catalog(), aTask(assetId, { pieceId: videoPieceId(0, 1) }), home.id);
      await addTask(catalog(), aTask(assetId, { pieceId: videoPieceId(1, 1) }));
      await catalog().commands.recordReport(aReport(catalog(), dying, { outcome: aFailure(null) }));
      await decide(catalog(), { kind: "give-up-edition", assetId, edition: 1, failure });
      const { asset, openTasks } = await viewOf(catalog(), assetId);
      assert.deepEqual([asset.state, asset.nextEdition, asset.reencodeError, openTasks], ["ready", null, failure, []]);
      assert.ok((await eventsOf(catalog(), assetId)).includes("asset.reencode_failed"));
      const again = await begin(catalog(), assetId);
      assert.deepEqual([again.nextEdition?.edition, again.reencodeError], [2, null]);
      await decide(catalog(), { kind: "create-task", task: aTask(assetId, { pieceId: videoPieceId(1, 1) }) });
      assert.deepEqual((await viewOf(catalog(), assetId)).openTasks, []);
    });

    it("is given up with an asset that fails", async () => {
      const { id: assetId } = await readyAsset(catalog(), [(await addNode(catalog())).id]);
      await begin(catalog(), assetId);
      await decide(catalog(), { kind: "set-asset-state", assetId, from: "ready", to: "failed", error: failure });
      assert.equal((await viewOf(catalog(), assetId)).asset.nextEdition, null);
    });

    it("is what an asset becomes whose lowest rung goes first; adopted when that is whole, and then it is made ready", async () => {
      const home = await addNode(catalog());
      const { id: assetId } = await firstPart(catalog(), home.id);
      const { asset } = await viewOf(catalog(), assetId);
      const next = { edition: 1, ladder: "default", plan: nextPlan, check: null };
      assert.deepEqual([asset.state, asset.plan, asset.nextEdition], ["playable", aPlan, next]);
      await encode(catalog(), assetId, { edition: 1, on: home.id });
      await adopt(catalog(), assetId, 1);
      assert.equal((await viewOf(catalog(), assetId)).asset.edition, 0, "what plays is not whole yet");
      await decide(catalog(), { kind: "set-measured", assetId, measured });
      await adopt(catalog(), assetId, 1);
      const adopted = (await viewOf(catalog(), assetId)).asset;
      assert.deepEqual([adopted.state, adopted.edition, adopted.nextEdition], ["playable", 1, null]);
      assert.deepEqual(adopted.previousEditions, [{ edition: 0, measured, replacedAt: now }]);
      await decide(catalog(), { kind: "set-asset-state", assetId, from: "playable", to: "ready", error: null });
      assert.ok((await eventsOf(catalog(), assetId)).includes("asset.rungs_added"));
      assert.equal((await begin(catalog(), assetId)).nextEdition?.edition, 2);
    });

    it("costs an asset whose lowest rung goes first only its other rungs when it cannot be made", async () => {
      const { id: assetId } = await firstPart(catalog(), (await addNode(catalog())).id);
      await decide(catalog(), { kind: "give-up-edition", assetId, edition: 1, failure });
      const { asset } = await viewOf(catalog(), assetId);
      assert.deepEqual([asset.state, asset.nextEdition, asset.reencodeError], ["playable", null, failure]);
      assert.ok((await eventsOf(catalog(), assetId)).includes("asset.rungs_failed"));
    });

    it("stays with an asset whose lowest rung goes first when that fails, for it may go on, but not when it is cancelled", async () => {
      const home = await addNode(catalog());
      const { id: assetId } = await firstPart(catalog(), home.id);
      await decide(catalog(), { kind: "set-asset-state", assetId, from: "playable", to: "failed", error: failure });
      assert.equal((await viewOf(catalog(), assetId)).asset.nextEdition?.edition, 1);
      const { id: other } = await firstPart(catalog(), home.id);
      const cancelled = await catalog().commands.cancelAsset({ assetId: other, ...by });
      assert.deepEqual([cancelled.state, cancelled.error?.code, cancelled.nextEdition], ["failed", "cancelled", null]);
    });

    it("is refused when several editions are still served", async () => {
      const home = await addNode(catalog());
      const { id: assetId } = await readyAsset(catalog(), [home.id]);
      for (const edition of [1, 2, 3]) {
        await begin(catalog(), assetId);
        await encode(catalog(), assetId, { edition, on: home.id });
        await adopt(catalog(), assetId, edition);
      }
      await assert.rejects(begin(catalog(), assetId), { code: "conflict", hint: /retired/ });
      await decide(catalog(), { kind: "retire-edition", assetId, edition: 0 });
      assert.equal((await begin(catalog(), assetId)).nextEdition?.edition, 4);
    });
  });

  describe("an edition that was replaced", () => {
    async function replaced(homes: readonly [NodeId, ...NodeId[]]): Promise<AssetId> {
      const { id: assetId } = await readyAsset(catalog(), homes, { replicasWanted: 1 });
      await begin(catalog(), assetId);
      await encode(catalog(), assetId, { edition: 1, on: homes[0] });
      await adopt(catalog(), assetId, 1);
      return assetId;
    }

    it("is looked at again when its time is over, and served no more once it is retired", async () => {
      const assetId = await replaced([(await addNode(catalog())).id]);
      await settle(catalog(), assetId);
      assert.equal(await catalog().commands.unsettleDueEditions({ before: now - 1 }), 0);
      assert.ok(await isSettled(catalog(), assetId));
      assert.equal(await catalog().commands.unsettleDueEditions({ before: now }), 1);
      assert.equal(await isSettled(catalog(), assetId), false);
      const before = await catalog().queries.getManifest({ assetId, haveVersion: 0 });
      await decide(catalog(), { kind: "retire-edition", assetId, edition: 0 });
      const after = await catalog().queries.getManifest({ assetId, haveVersion: 0 });
      assert.deepEqual([after?.version, after?.previous], [(before?.version ?? 0) + 1, []]);
    });

    it("is discarded on homes only then, and forgotten when nobody holds it any more", async () => {
      const home = await addNode(catalog());
      const assetId = await replaced([home.id]);
      const old = [videoPieceId(0), videoPieceId(1), audioPieceId(0, 0), audioPieceId(0, 1)];
      const wish = { kind: "discard", pieceId: "", nodeId: home.id, discardPieceIds: old } as const;
      const task = await addTask(catalog(), aTask(assetId, wish));
      const lease = { kind: "lease-task", taskId: task.id, nodeId: home.id, expectedEpoch: task.epoch } as const;
      assert.deepEqual(await decide(catalog(), lease), []);
      await decide(catalog(), { kind: "retire-edition", assetId, edition: 0 }, { kind: "forget-editions", assetId });
      assert.equal((await viewOf(catalog(), assetId)).pieces.length, 10);
      const [leased] = await decide(catalog(), lease);
      await catalog().commands.recordReport(aReport(catalog(), leased!));
      assert.equal(await copyState(catalog(), assetId, videoPieceId(0), home.id), "none");
      await decide(catalog(), { kind: "forget-editions", assetId });
      const { pieces } = await viewOf(catalog(), assetId);
      const left = [sourcePieceId, timelinePieceId, ...ofEdition(1, assetId).map(({ id }) => id)];
      assert.deepEqual(pieces.map(({ id }) => id).sort(), left.sort());
      assert.equal((await catalog().queries.getAsset(assetId))?.piecesDone, 6);
    });

    it("holds up no node that goes, and is none of what depends on it, as soon as it is over", async () => {
      const [home, other] = [await addNode(catalog()), await addNode(catalog())];
      const assetId = await replaced([home.id]);
      await begin(catalog(), assetId);
      await encode(catalog(), assetId, { edition: 2, on: home.id });
      const { pieces } = await viewOf(catalog(), assetId);
      for (const { id } of pieces)
        if (editionOf(id) === null || editionOf(id) === 1) await copy(catalog(), assetId, id, other.id);
      await decide(catalog(), { kind: "set-homes", assetId, expected: [home.id], homes: [other.id], reasons: {} });
      const onlyHere = async () =>
        (await catalog().queries.getNodeImpact({ nodeId: home.id, limit: 9 })).assetsOnlyHere;
      const drain = async () => {
        await decide(catalog(), { kind: "set-scheduling", nodeId: home.id, from: "draining", to: "drained" });
        return (await catalog().queries.getNode(home.id))?.scheduling;
      };
      const draining = { scheduling: "draining", drainDeadlineAt: null, onDeadline: "hold" } as const;
      await catalog().commands.setScheduling({ nodeId: home.id, ...draining, ...by });
      assert.deepEqual([await onlyHere(), await drain()], [1, "draining"], "the one before, and the next");
      await decide(catalog(), { kind: "retire-edition", assetId, edition: 0 });
      assert.deepEqual([await onlyHere(), await drain()], [1, "draining"], "the next");
      await catalog().commands.cancelAsset({ assetId, ...by });
      assert.deepEqual([await onlyHere(), await drain()], [0, "drained"]);
    });

    it("is left alone in the trash, where nothing is retired", async () => {
      const assetId = await replaced([(await addNode(catalog())).id]);
      await catalog().commands.deleteAsset({ assetId, ...by });
      await settle(catalog(), assetId);
      await catalog().commands.unsettleDueEditions({ before: now });
      assert.ok(await isSettled(catalog(), assetId));
    });

    it("takes nothing with it that the present one needs", async () => {
      const home = await addNode(catalog());
      const assetId = await replaced([home.id]);
      await decide(catalog(), { kind: "retire-edition", assetId, edition: 0 });
      const wish = { kind: "discard", pieceId: "", nodeId: home.id } as const;
      const mixed = [videoPieceId(0), videoPieceId(0, 1)];
      const task = await addTask(catalog(), aTask(assetId, { ...wish, discardPieceIds: mixed }));
      const lease = { kind: "lease-task", taskId: task.id, nodeId: home.id, expectedEpoch: task.epoch } as const;
      assert.deepEqual(await decide(catalog(), lease), []);
    });
  });
}
