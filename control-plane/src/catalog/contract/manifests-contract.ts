// Contract: what agents are given to serve.
import assert from "node:assert/strict";
import type { Catalog } from "../catalog.ts";
import { aPlan, aProbe, aVideo, anAudio, now } from "./builders.ts";
import { addAsset, addNode, decide, encodedAsset, readyAsset, setHomes } from "./steps.ts";

export function describeManifests(catalog: () => Catalog): void {
  describe("manifests", () => {
    it("has none until a chunk is released", async () => {
      const home = await addNode(catalog());
      const { id: assetId } = await encodedAsset(catalog(), [home.id]);
      assert.equal(await catalog().queries.getManifest({ assetId, haveVersion: 0 }), null);
      assert.deepEqual(await catalog().queries.listManifestVersions(home.id), []);
    });

    it("names the released chunks' pieces in playing order, with codecs and capped rates", async () => {
      const home = await addNode(catalog());
      const { id: assetId, title } = await encodedAsset(catalog(), [home.id]);
      await decide(catalog(), { kind: "release-chunks", assetId, releasedChunks: 1 });
      const manifest = await catalog().queries.getManifest({ assetId, haveVersion: 0 });
      assert.ok(manifest);
      const { renditions, audio, version, ...rest } = manifest;
      assert.deepEqual(rest, {
        assetId,
        title,
        complete: false,
        probe: aProbe,
        pieces: [aVideo(0, assetId), anAudio(0, assetId)],
        fromChunk: 0,
        releasedChunks: 1,
        totalChunks: 2,
        homeNodeIds: [home.id],
        deleted: false,
        text: [],
        extras: [],
        edition: 0,
        previous: [],
      });
      assert.deepEqual(renditions[0]?.rung, aPlan.rungs[0]);
      assert.deepEqual([renditions[0]?.codecs, renditions[0]?.frameRate], ["avc1.64001e", 24]);
      assert.ok((renditions[0]?.bandwidthBps ?? 0) > 1_128_000);
      assert.deepEqual([audio[0]?.codecs, audio[0]?.target], ["mp4a.40.2", aPlan.audio[0]]);
      assert.deepEqual(await catalog().queries.listManifestVersions(home.id), [{ assetId, version }]);
    });

    it("gives only the chunks that a version lacked", async () => {
      const home = await addNode(catalog());
      const { id: assetId } = await encodedAsset(catalog(), [home.id]);
      await decide(catalog(), { kind: "release-chunks", assetId, releasedChunks: 1 });
      const first = await catalog().queries.getManifest({ assetId, haveVersion: 0 });
      await decide(catalog(), { kind: "release-chunks", assetId, releasedChunks: 2 });
      const next = await catalog().queries.getManifest({ assetId, haveVersion: first?.version ?? 0 });
      assert.deepEqual([next?.fromChunk, next?.releasedChunks], [1, 2]);
      assert.deepEqual(next?.pieces, [aVideo(1, assetId), anAudio(1, assetId)]);
      const same = await catalog().queries.getManifest({ assetId, haveVersion: next.version });
      assert.deepEqual([same?.fromChunk, same?.pieces], [2, []]);
      const whole = await catalog().queries.getManifest({ assetId, haveVersion: next.version + 100 });
      assert.equal(whole?.pieces.length, 4, "a version of the future belongs to another history");
    });

    it("is complete with measured rates when all is released, and a version newer at each change", async () => {
      const home = await addNode(catalog());
      const other = await addNode(catalog());
      const { id: assetId } = await readyAsset(catalog(), [home.id]);
      const manifest = await catalog().queries.getManifest({ assetId, haveVersion: 0 });
      assert.deepEqual([manifest?.complete, manifest?.renditions], [true, []]);
      await setHomes(catalog(), assetId, [other.id, home.id]);
      const moved = await catalog().queries.getManifest({ assetId, haveVersion: 0 });
      assert.deepEqual(moved?.homeNodeIds, [other.id, home.id]);
      await catalog().commands.deleteAsset({ assetId, at: now, actor: "user:test" });
      const deleted = await catalog().queries.getManifest({ assetId, haveVersion: 0 });
      assert.equal(deleted?.deleted, true);
      assert.ok(manifest!.version < moved.version && moved.version < deleted.version);
    });

    it("has none for an asset that is not there or only uploads", async () => {
      const asset = await addAsset(catalog());
      assert.equal(await catalog().queries.getManifest({ assetId: asset.id, haveVersion: 0 }), null);
    });
  });
}
