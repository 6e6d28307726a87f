import assert from "node:assert/strict";
import type { AssetRecord, Snapshot } from "../catalog/records.ts";
import { buildView, nodeId, now } from "../planning/snapshot.fixture.ts";
import { ManifestNews } from "./manifest-news.ts";

function snapshot(...assets: Partial<AssetRecord>[]): Snapshot {
  return { at: now, nodes: [], assets: assets.map((asset) => buildView({ asset: { releasedChunks: 1, ...asset } })) };
}

function told(news: ManifestNews, ...assets: Partial<AssetRecord>[]): string[] {
  return [...news.since(snapshot(...assets))].flatMap(([home, entries]) =>
    entries.map((entry) => `${home}: ${entry.version}${entry.deleted ? " deleted" : ""}`),
  );
}

describe("news of manifests", () => {
  it("go to every home once for each version", () => {
    const news = new ManifestNews();
    assert.deepEqual(told(news, { manifestVersion: 3 }), ["a: 3", "b: 3"]);
    assert.deepEqual(told(news, { manifestVersion: 3 }), []);
    assert.deepEqual(told(news, { manifestVersion: 4 }), ["a: 4", "b: 4"]);
  });

  it("go to a home that is new though the version is not", () => {
    const news = new ManifestNews();
    told(news, {});
    assert.deepEqual(told(news, { homes: ["a", "c"].map(nodeId) }), ["c: 1"]);
  });

  it("say that an asset was deleted", () => {
    assert.deepEqual(told(new ManifestNews(), { state: "deleting", manifestVersion: 9 }), [
      "a: 9 deleted",
      "b: 9 deleted",
    ]);
  });

  it("are silent about assets of which nothing is released", () => {
    assert.deepEqual(told(new ManifestNews(), { releasedChunks: 0 }), []);
  });
});
