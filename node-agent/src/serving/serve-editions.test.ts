import assert from "node:assert/strict";
import type { Manifest } from "@vstream/core/media.ts";
import { sampleAssetId, sampleManifest, sampleObject } from "../packaging/sample-manifest.fixture.ts";
import { TrialCluster, fetchRaw, fillStore, firstSegment, openTrialNode } from "./trial-serving.fixture.ts";
import type { Fetched, TrialNode } from "./trial-serving.fixture.ts";

describe("an agent that serves an asset which was encoded anew", () => {
  let node: TrialNode;
  let before: Manifest;
  const get = (path: string): Promise<Fetched> => fetchRaw(node.url, `/v/${sampleAssetId}/${path}`);
  const rung = (): string => before.renditions[0]!.rung.name;

  beforeEach(async () => {
    node = await openTrialNode(new TrialCluster());
    before = sampleManifest({ homeNodeIds: [node.nodeId], complete: true, totalChunks: 2 });
    await fillStore(node.store, before);
  });
  afterEach(() => node[Symbol.asyncDispose]());

  /** What it has now is the first rung of its first chunk. */
  async function reencode(): Promise<Manifest> {
    const { edition, renditions, audio, pieces } = before;
    const kept = { renditions: renditions.slice(0, 1), releasedChunks: 1, totalChunks: 1 };
    const now = { ...before, ...kept, version: before.version + 1, edition: 1, pieces: pieces.slice(0, 2) };
    await node.store.keepManifest({ ...now, previous: [{ edition, renditions, audio, pieces }] });
    return now;
  }

  it("gives the playlists of the one before as they were, and the new ones under names of their own", async () => {
    const old = `video/${rung()}.m3u8`;
    const text = (await get(old)).body.toString();
    await reencode();
    const [again, now] = [await get(old), await get(`video-e1/${rung()}.m3u8`)];
    assert.deepEqual([again.status, now.status], [200, 200]);
    assert.equal(again.body.toString(), text);
    assert.equal(now.body.toString().match(/m4s/g)?.length, 1);
    assert.match((await get("index.m3u8")).body.toString(), /^video-e1\//m);
    for (const path of ["audio/0.m3u8", "audio-e1/0.m3u8", `iframes-e1/${rung()}.m3u8`]) {
      assert.equal((await get(path)).status, 200, path);
    }
  });

  it("gives the segments of both, and no others", async () => {
    const now = await reencode();
    const last = before.pieces.at(-1)!.content;
    const object = last.kind === "audio" ? last.rendition.segments[0]!.object : null;
    assert.ok(object !== null && !JSON.stringify(now.pieces).includes(object.sha256));
    assert.equal((await get(`${object.sha256}.m4s`)).status, 200);
    assert.equal((await get(`${firstSegment(now).sha256}.m4s`)).status, 200);
    assert.equal((await get(`${sampleObject("a stranger").sha256}.m4s`)).status, 404);
  });

  it("gives neither once it is retired, though the files may still be there", async () => {
    const now = await reencode();
    await node.store.keepManifest({ ...now, version: now.version + 1 });
    const last = before.pieces.at(-1)!.content;
    const name = last.kind === "audio" ? last.rendition.segments[0]!.object.sha256 : "";
    assert.deepEqual([(await get(`video/${rung()}.m3u8`)).status, (await get(`${name}.m4s`)).status], [404, 404]);
    assert.equal((await get(`video-e1/${rung()}.m3u8`)).status, 200);
    assert.equal((await get(`video-e2/${rung()}.m3u8`)).status, 404);
  });
});
