import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import type { Manifest } from "@vstream/core/media.ts";
import { dashManifest } from "../packaging/dash-manifest.ts";
import { joinText, sliceText } from "../packaging/cut-text.ts";
import {
  sampleAssetId,
  sampleImagesPiece,
  sampleManifest,
  sampleObject,
  sampleText,
  sampleTextPiece,
  sampleTextTarget,
} from "../packaging/sample-manifest.fixture.ts";
import { TrialCluster, codeOf, fetchRaw, fillStore, openTrialNode } from "./trial-serving.fixture.ts";
import type { Fetched, TrialNode } from "./trial-serving.fixture.ts";

const base = `/v/${sampleAssetId}`;

describe("what an asset has beside its media", () => {
  let cluster: TrialCluster;
  let node: TrialNode;
  const get = (path: string, headers: Record<string, string> = {}): Promise<Fetched> =>
    fetchRaw(node.url, `${base}/${path}`, { headers });
  const keep = async (changes: Partial<Manifest>): Promise<Manifest> => {
    const manifest = sampleManifest({ homeNodeIds: [node.nodeId], text: [sampleTextTarget(0)], ...changes });
    await fillStore(node.store, manifest);
    return manifest;
  };

  beforeEach(async () => {
    cluster = new TrialCluster();
    node = await openTrialNode(cluster);
  });
  afterEach(() => node[Symbol.asyncDispose]());

  it("has a poster that may be kept for a short while, is not sent again to who has it, and comes in part", async () => {
    await keep({ extras: [sampleImagesPiece()], complete: true });
    const answer = await get("poster.jpg");
    assert.equal(answer.status, 200);
    assert.equal(answer.body.toString(), "poster");
    assert.equal(answer.headers["content-type"], "image/jpeg");
    assert.equal(answer.headers["cache-control"], "public, max-age=30");
    assert.equal(answer.headers.etag, `"${sampleObject("poster").sha256}"`);
    assert.equal(answer.headers["access-control-allow-origin"], "*");
    const again = await get("poster.jpg", { "if-none-match": answer.headers.etag });
    assert.equal(again.status, 304);
    assert.equal((await get("poster.jpg", { range: "bytes=0-1" })).body.toString(), "po");
  });

  it("lists thumbnails on sheets that are there for ever", async () => {
    await keep({ extras: [sampleImagesPiece()] });
    const list = await get("thumbnails.vtt");
    assert.equal(list.headers["content-type"], "text/vtt");
    const [sheet = ""] = /[0-9a-f]{64}\.jpg(?=#xywh=)/.exec(list.body.toString()) ?? [];
    const answer = await get(sheet);
    assert.equal(answer.body.toString(), "sheet 0");
    assert.equal(answer.headers["content-type"], "image/jpeg");
    assert.match(String(answer.headers["cache-control"]), /immutable/);
    assert.equal((await get(sheet.replace(".jpg", ".mp4"))).status, 404);
  });

  it("says in a sentence that there are no pictures yet", async () => {
    await keep({});
    for (const path of ["poster.jpg", "thumbnails.vtt"]) {
      const answer = await get(path);
      assert.equal(answer.status, 404);
      assert.equal(codeOf(answer), "not_found");
      assert.match(answer.body.toString(), /or not yet/);
    }
  });

  it("gives text cut to the segments of the video, gzipped to who takes that", async () => {
    await keep({ extras: [sampleTextPiece(0)] });
    const answer = await get("text/0/1.vtt");
    assert.equal(answer.body.toString(), sliceText(sampleText(0, 1), { startSeconds: 6, endSeconds: 12 }));
    assert.equal(answer.headers["content-type"], "text/vtt");
    assert.equal(answer.headers["cache-control"], "public, max-age=1");
    const gzipped = await get("text/0/1.vtt", { "accept-encoding": "gzip" });
    assert.deepEqual(gunzipSync(gzipped.body), answer.body);
    assert.notEqual(gzipped.headers.etag, answer.headers.etag);
    assert.equal((await get("text/0/2.vtt")).status, 404, "not released yet");
    assert.equal((await get("text/16/0.vtt")).status, 404, "no such track");
  });

  it("says that nothing is said before a track is converted, and what is said after", async () => {
    await keep({});
    const before = await get("text/0/0.vtt");
    assert.equal(before.status, 200);
    assert.doesNotMatch(before.body.toString(), /-->/);
    assert.equal((await get("text/0.vtt")).status, 404);
    await keep({ version: 4, extras: [sampleTextPiece(0)] });
    const after = await get("text/0/0.vtt", { "if-none-match": before.headers.etag ?? "" });
    assert.equal(after.status, 200);
    assert.match(after.body.toString(), /track 0/);
  });

  it("gives a whole track, pulled from another node that has it", async () => {
    const manifest = await keep({ extras: [sampleTextPiece(0)], complete: true });
    const other = await openTrialNode(cluster);
    await using _other = other;
    await other.store.keepManifest(manifest);
    const answer = await fetchRaw(other.url, `${base}/text/0.vtt`);
    assert.equal(answer.status, 200, answer.body.toString());
    assert.equal(answer.body.toString(), joinText([0, 1, 2, 3].map((chunk) => sampleText(0, chunk))));
    assert.equal(answer.headers["cache-control"], "public, max-age=30");
  });

  it("refuses a text track that is too large to be put together", async () => {
    const { content, ...piece } = sampleTextPiece(0);
    assert.ok(content.kind === "text");
    const chunks = content.chunks.map((object) => ({ ...object, bytes: 2 ** 23 }));
    await node.store.keepManifest(
      sampleManifest({
        homeNodeIds: [node.nodeId],
        text: [sampleTextTarget(0)],
        extras: [{ ...piece, content: { ...content, chunks } }],
      }),
    );
    const answer = await get("text/0.vtt");
    assert.equal(answer.status, 404);
    assert.match(answer.body.toString(), /too large/);
  });

  it("counts who reads the playlist of a film as a viewer, and not who looks at its pictures", async () => {
    await keep({ extras: [sampleImagesPiece()] });
    await get("poster.jpg");
    await get(`${sampleObject("sheet 0").sha256}.jpg`);
    assert.equal(node.serving.load().viewers, 0);
    await get("video/360p.m3u8");
    assert.equal(node.serving.load().viewers, 1);
  });
});

describe("the DASH manifest of an asset", () => {
  const mpd = `${base}/manifest.mpd`;

  it("comes as text with a type, a short life and an ETag for each encoding", async () => {
    await using node = await openTrialNode(new TrialCluster());
    const manifest = sampleManifest({ complete: true, releasedChunks: 4, homeNodeIds: [node.nodeId] });
    await fillStore(node.store, manifest);
    const answer = await fetchRaw(node.url, mpd);
    assert.equal(answer.status, 200);
    assert.equal(answer.body.toString(), dashManifest(manifest, { pathways: [], publishedAt: 0 }));
    assert.equal(answer.headers["content-type"], "application/dash+xml");
    assert.equal(answer.headers["cache-control"], "public, max-age=30");
    assert.equal(answer.headers.vary, "Accept-Encoding");
    assert.match(String(answer.headers["access-control-expose-headers"]), /Date/);
    const gzipped = await fetchRaw(node.url, mpd, { headers: { "accept-encoding": "gzip" } });
    assert.deepEqual(gunzipSync(gzipped.body), answer.body);
    assert.notEqual(gzipped.headers.etag, answer.headers.etag);
    const again = await fetchRaw(node.url, mpd, { headers: { "if-none-match": answer.headers.etag ?? "" } });
    assert.equal(again.status, 304);
  });

  it("names the homes as ways to the media, unless one way is asked for", async () => {
    const cluster = new TrialCluster();
    await using node = await openTrialNode(cluster);
    await using other = await openTrialNode(cluster);
    await fillStore(node.store, sampleManifest({ homeNodeIds: [node.nodeId, other.nodeId] }));
    const text = (await fetchRaw(node.url, mpd)).body.toString();
    const ways = [...text.matchAll(/<BaseURL serviceLocation="(\w+)">(.*)<\/BaseURL>/g)].map(([, id, url]) => [
      id,
      url,
    ]);
    assert.deepEqual(
      new Map(ways as [string, string][]),
      new Map([
        [node.nodeId as string, "./"],
        [other.nodeId as string, `${other.url}${base}/`],
      ]),
    );
    assert.doesNotMatch((await fetchRaw(node.url, `${mpd}?pathways=one`)).body.toString(), /BaseURL/);
  });

  it("is not there before there is something to play", async () => {
    await using node = await openTrialNode(new TrialCluster());
    await node.store.keepManifest(sampleManifest({ releasedChunks: 0, homeNodeIds: [node.nodeId] }));
    const answer = await fetchRaw(node.url, mpd);
    assert.equal(answer.status, 503);
    assert.equal(codeOf(answer), "unavailable");
  });
});
