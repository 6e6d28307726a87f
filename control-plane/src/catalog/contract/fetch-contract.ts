// Contract: sources that a node fetches. What they are is known with the report, and so is whether they are new.
import assert from "node:assert/strict";
import { sourcePieceId } from "@vstream/core/ids.ts";
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
import type { Piece } from "@vstream/core/media.ts";
import type { Catalog, NewAsset, ReportOutcome } from "../catalog.ts";
import { aFailure, aReport, aSource, aSuccess, aTask, aVideo, now, sha256, unique } from "./builders.ts";
import {
  addAsset,
  addNode,
  addTask,
  copyState,
  decide,
  eventsOf,
  lease,
  readyAsset,
  setHealth,
  startTask,
  uploadedAsset,
  viewOf,
} from "./steps.ts";

const actor = { at: now, actor: "user:test" } as const;

async function urlAsset(catalog: Catalog, home: NodeId, changes: Partial<NewAsset> = {}): Promise<AssetId> {
  const sourceUrl = `https://films.example/${unique("film")}`;
  const fetched = { sourceUrl, sourceSha256: null, sourceBytes: 0 };
  return (await addAsset(catalog, { homes: [home], ...fetched, ...changes })).id;
}

function taskFor(assetId: AssetId) {
  return aTask(assetId, { kind: "fetch", pieceId: sourcePieceId });
}

function sourceNamed(name: string): Piece {
  return aSource({ sourceSha256: sha256(name), sourceBytes: 700 });
}

async function bring(catalog: Catalog, assetId: AssetId, home: NodeId, source: Piece): Promise<ReportOutcome> {
  const running = await startTask(catalog, taskFor(assetId), home);
  return await catalog.commands.recordReport(aReport(catalog, running, { outcome: aSuccess([source]) }));
}

export function describeFetches(catalog: () => Catalog): void {
  describe("fetched sources", () => {
    it("are known with the report", async () => {
      const home = await addNode(catalog());
      const id = await urlAsset(catalog(), home.id);
      assert.deepEqual((await viewOf(catalog(), id)).asset.sourceSha256, null);
      const name = unique("source");
      assert.equal(await bring(catalog(), id, home.id, sourceNamed(name)), "accepted");
      const { asset } = await viewOf(catalog(), id);
      assert.deepEqual([asset.state, asset.sourceSha256, asset.sourceBytes], ["uploading", sha256(name), 700]);
      assert.equal(await copyState(catalog(), id, sourcePieceId, home.id), "verified");
      assert.deepEqual(await eventsOf(catalog(), id), ["asset.created", "asset.received"]);
    });

    it("end the new asset when another has the same bytes, and name that one", async () => {
      const home = await addNode(catalog());
      const first = await uploadedAsset(catalog(), [home.id]);
      const id = await urlAsset(catalog(), home.id);
      assert.equal(await bring(catalog(), id, home.id, aSource(first)), "accepted");
      const { asset, openTasks } = await viewOf(catalog(), id);
      assert.deepEqual([asset.state, asset.error?.code, asset.duplicateOf], ["failed", "duplicate_source", first.id]);
      assert.deepEqual(openTasks, []);
      assert.deepEqual(await eventsOf(catalog(), id), ["asset.created", "asset.received", "asset.failed"]);
      assert.equal((await viewOf(catalog(), first.id)).asset.state, "uploading");
    });

    it("of two that are fetched at once, end the second", async () => {
      const home = await addNode(catalog());
      const [one, other] = [await urlAsset(catalog(), home.id), await urlAsset(catalog(), home.id)];
      const source = sourceNamed(unique("source"));
      await bring(catalog(), other, home.id, source);
      await bring(catalog(), one, home.id, source);
      assert.equal((await viewOf(catalog(), other)).asset.state, "uploading");
      assert.equal((await viewOf(catalog(), one)).asset.duplicateOf, other);
    });

    it("are kept while the other one has not arrived, or is gone with its only node", async () => {
      const [home, other] = [await addNode(catalog()), await addNode(catalog())];
      const name = unique("source");
      const promised = { homes: [other.id], sourceSha256: sha256(name), sourceBytes: 700 };
      const first = await addAsset(catalog(), promised);
      const id = await urlAsset(catalog(), home.id);
      await bring(catalog(), id, home.id, sourceNamed(name));
      assert.equal((await viewOf(catalog(), id)).asset.state, "uploading");
      await catalog().commands.deleteAsset({ assetId: id, ...actor });
      await catalog().commands.recordUpload({
        ...{ assetId: first.id, nodeId: other.id, source: sourceNamed(name), at: now },
      });
      await setHealth(catalog(), other.id, "down");
      const next = await urlAsset(catalog(), home.id);
      await bring(catalog(), next, home.id, sourceNamed(name));
      assert.equal((await viewOf(catalog(), next)).asset.state, "uploading");
    });

    it("are of no use beside one that is ready, though its source is not kept", async () => {
      const home = await addNode(catalog());
      const first = await readyAsset(catalog(), [home.id], { keepSource: "never" });
      await catalog().commands.recordInventory({ nodeId: home.id, entries: [], at: now });
      const id = await urlAsset(catalog(), home.id);
      await bring(catalog(), id, home.id, aSource(first));
      assert.equal((await viewOf(catalog(), id)).asset.duplicateOf, first.id);
    });

    it("may be there twice by force, or when the other one has failed or is deleted", async () => {
      const home = await addNode(catalog());
      const first = await uploadedAsset(catalog(), [home.id]);
      const forced = await urlAsset(catalog(), home.id, { force: true });
      await bring(catalog(), forced, home.id, aSource(first));
      assert.equal((await viewOf(catalog(), forced)).asset.state, "uploading");
      await catalog().commands.deleteAsset({ assetId: first.id, ...actor });
      await catalog().commands.deleteAsset({ assetId: forced, ...actor });
      const next = await urlAsset(catalog(), home.id);
      await bring(catalog(), next, home.id, aSource(first));
      assert.equal((await viewOf(catalog(), next)).asset.state, "uploading");
    });

    it("are found by who then ingests the same bytes", async () => {
      const home = await addNode(catalog());
      const id = await urlAsset(catalog(), home.id);
      const name = unique("source");
      await bring(catalog(), id, home.id, sourceNamed(name));
      const same = { externalId: null, sourceSha256: sha256(name), force: false };
      assert.equal((await catalog().queries.findExisting(same))?.id, id);
    });

    it("come by a fetch alone, which brings nothing else", async () => {
      const home = await addNode(catalog());
      const id = await urlAsset(catalog(), home.id);
      const running = await startTask(catalog(), taskFor(id), home.id);
      const refused = async (pieces: Piece[]): Promise<void> => {
        const report = aReport(catalog(), running, { outcome: aSuccess(pieces) });
        await assert.rejects(catalog().commands.recordReport(report), { code: "invalid_argument" });
      };
      await refused([]);
      await refused([sourceNamed("one"), aVideo(0)]);
      await refused([{ ...aVideo(0), id: sourcePieceId }]);
      const uploaded = { assetId: id, nodeId: home.id, source: sourceNamed("one"), at: now };
      assert.equal(await catalog().commands.recordUpload(uploaded), "stale");
    });

    it("are not asked for again once they are there, nor for an asset that is uploaded or has ended", async () => {
      const home = await addNode(catalog());
      const id = await urlAsset(catalog(), home.id);
      await bring(catalog(), id, home.id, sourceNamed(unique("source")));
      const uploaded = await addAsset(catalog(), { homes: [home.id] });
      for (const assetId of [id, uploaded.id]) {
        await decide(catalog(), { kind: "create-task", task: taskFor(assetId) });
        assert.deepEqual((await viewOf(catalog(), assetId)).openTasks, []);
      }
    });

    it("are fetched again when their dead task is tried again", async () => {
      const home = await addNode(catalog());
      const id = await urlAsset(catalog(), home.id);
      const running = await startTask(catalog(), taskFor(id), home.id);
      await catalog().commands.recordReport(aReport(catalog(), running, { outcome: aFailure(null) }));
      const error = { code: "source_not_found", message: "404", hint: "" } as const;
      await decide(catalog(), { kind: "set-asset-state", assetId: id, from: "uploading", to: "failed", error });
      const at = now + 172_800_000;
      const { createdAt } = await catalog().commands.retryTask({ taskId: running.id, actor: actor.actor, at });
      assert.equal(createdAt, at, "its time begins anew");
      const { asset, openTasks } = await viewOf(catalog(), id);
      assert.deepEqual([asset.state, asset.error, openTasks.map(({ kind }) => kind)], ["uploading", null, ["fetch"]]);
    });

    it("are fetched again when they are gone, as the same bytes only", async () => {
      const [home, other] = [await addNode(catalog()), await addNode(catalog())];
      const id = await urlAsset(catalog(), home.id);
      const name = unique("source");
      await bring(catalog(), id, home.id, sourceNamed(name));
      await setHealth(catalog(), home.id, "down");
      const changed = await startTask(catalog(), taskFor(id), other.id);
      const outcome = aSuccess([sourceNamed(unique("another"))]);
      assert.equal(await catalog().commands.recordReport(aReport(catalog(), changed, { outcome })), "stale");
      const dead = await catalog().queries.getTask(changed.id);
      assert.deepEqual([dead?.state, dead?.error?.code], ["dead", "source_changed"]);
      assert.equal(await copyState(catalog(), id, sourcePieceId, other.id), "none");
      assert.equal(await bring(catalog(), id, other.id, sourceNamed(name)), "accepted");
      assert.equal(await copyState(catalog(), id, sourcePieceId, other.id), "verified");
      assert.equal((await viewOf(catalog(), id)).asset.sourceSha256, sha256(name));
    });

    it("are not given up for agents that were lost, however often", async () => {
      const home = await addNode(catalog());
      const id = await urlAsset(catalog(), home.id);
      let running = await startTask(catalog(), taskFor(id), home.id);
      for (let loss = 0; loss < 5; loss += 1) {
        const { id: taskId, epoch } = running;
        await decide(catalog(), { kind: "expire-lease", taskId, epoch, reason: "silent" });
        const lost = await catalog().queries.getTask(taskId);
        assert.deepEqual([lost?.state, lost?.failures, lost?.error?.code], ["pending", 0, "lease_lost"]);
        assert.equal(lost?.nodeId, home.id, "what has come stands there");
        running = await lease(catalog(), running, home.id);
      }
    });

    it("have one task, which takes any node by its lease", async () => {
      const home = await addNode(catalog());
      const id = await urlAsset(catalog(), home.id);
      const task = await addTask(catalog(), taskFor(id));
      await decide(catalog(), { kind: "create-task", task: taskFor(id) });
      assert.deepEqual(
        (await viewOf(catalog(), id)).openTasks.map((open) => open.id),
        [task.id],
      );
      assert.equal(task.nodeId, null);
    });
  });
}
