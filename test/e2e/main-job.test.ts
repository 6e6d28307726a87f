// The main job: a clip goes in, and every home in every region gives back a flawless stream.
import assert from "node:assert/strict";
import { Cluster, clip } from "../cluster/cluster.ts";
import type { IngestJson } from "../cluster/cluster.ts";
import { decodeStream, mediaPlaylists, onePathway, segmentsOf } from "../cluster/stream.ts";

const frameSeconds = 1 / 24;

interface CheckedJson {
  readonly check: { readonly rules: number; readonly findings: readonly { readonly level: string }[] } | null;
}

describe("ingest of a clip on three agents in two regions", () => {
  let cluster: Cluster;
  let ingested: IngestJson;
  let firstUrl: string;

  before(async () => {
    cluster = await Cluster.start();
    ingested = await cluster.json<IngestJson>("ingest", clip, "--title", "Big Buck Bunny");
    firstUrl = ingested.playback.hls[0] ?? "";
  });

  after(async () => {
    await cluster[Symbol.asyncDispose]();
  });

  it("ends ready, with whole copies on two homes in two regions", () => {
    assert.equal(ingested.asset.state, "ready");
    assert.equal(ingested.asset.degraded, null);
    assert.deepEqual(
      ingested.asset.replicas.map((replica) => replica.state),
      ["verified", "verified"],
    );
    const regions = ingested.asset.replicas.map((replica) => cluster.node(replica.nodeId).region);
    assert.deepEqual(regions.sort(), ["eu", "us"]);
    assert.equal(ingested.playback.hls.length, 2);
    assert.equal(ingested.playback.watch.length, 2);
  });

  it("was checked before that, and breaks no rule that must hold, as its boxes and its nodes have it", async () => {
    const { check } = await cluster.json<CheckedJson>("assets", "show", ingested.asset.id);
    assert.ok(check !== null && check.rules > 70);
    assert.deepEqual(
      check.findings.filter(({ level }) => level === "must"),
      [],
    );
    const checked = await cluster.json<{ ok: boolean }>("assets", "check", ingested.asset.id, "--decode");
    assert.deepEqual(checked.ok, true);
  });

  it("plays exactly 720 evenly spaced frames, with sound in step at both ends, from each home", async () => {
    for (const url of ingested.playback.hls) {
      const stream = await decodeStream(url);
      assert.equal(stream.videoTimes.length, 720, url);
      const start = stream.videoTimes[0] ?? Number.NaN;
      const uneven = stream.videoTimes.filter((time, index) => Math.abs(time - start - index * frameSeconds) > 0.001);
      assert.deepEqual(uneven, [], url);
      const end = (stream.videoTimes.at(-1) ?? Number.NaN) + frameSeconds;
      assert.ok(
        Math.abs(stream.audioStart - start) <= frameSeconds,
        `audio starts at ${stream.audioStart}, video at ${start}`,
      );
      assert.ok(Math.abs(stream.audioEnd - end) <= frameSeconds, `audio ends at ${stream.audioEnd}, video at ${end}`);
    }
  });

  it("is answered by the node that is no home too, by pulling through", async () => {
    const homes = new Set(ingested.asset.replicas.map((replica) => replica.nodeId));
    const other = cluster.state.nodes.find((node) => !homes.has(node.id));
    assert.ok(other !== undefined);
    const url = `${other.playbackUrl}/v/${ingested.asset.id}/index.m3u8`;
    assert.equal((await decodeStream(url)).videoTimes.length, 720);
  });

  it("serves playlists compressed, with an entity tag that is honoured", async () => {
    // With several pathways each answer may order them anew.
    const url = onePathway(firstUrl);
    const plain = await fetch(url, { headers: { "accept-encoding": "identity" } });
    const zipped = await fetch(url, { headers: { "accept-encoding": "gzip" } });
    assert.equal(plain.headers.get("content-type"), "application/vnd.apple.mpegurl");
    assert.equal(zipped.headers.get("content-encoding"), "gzip");
    assert.match(zipped.headers.get("vary") ?? "", /accept-encoding/i);
    assert.notEqual(plain.headers.get("etag"), zipped.headers.get("etag"));
    assert.equal(await plain.text(), await zipped.text());
    const again = await fetch(url, {
      headers: { "accept-encoding": "identity", "if-none-match": plain.headers.get("etag") ?? "" },
    });
    assert.equal(again.status, 304);
  });

  it("serves ranges of segments, HEAD, and clear refusals", async () => {
    const playlists = await mediaPlaylists(firstUrl);
    const segment = (await segmentsOf(playlists.find((url) => url.includes("/video/")) ?? ""))[1] ?? "";
    const whole = Buffer.from(await (await fetch(segment)).arrayBuffer());
    const part = await fetch(segment, { headers: { range: "bytes=100-199" } });
    assert.equal(part.status, 206);
    assert.equal(part.headers.get("content-range"), `bytes 100-199/${whole.length}`);
    assert.deepEqual(Buffer.from(await part.arrayBuffer()), whole.subarray(100, 200));
    const tail = await fetch(segment, { headers: { range: "bytes=-10" } });
    assert.deepEqual(Buffer.from(await tail.arrayBuffer()), whole.subarray(-10));
    const beyond = await fetch(segment, { headers: { range: `bytes=${whole.length}-` } });
    assert.equal(beyond.status, 416);
    assert.equal(beyond.headers.get("content-range"), `bytes */${whole.length}`);
    const head = await fetch(segment, { method: "HEAD" });
    assert.equal(head.headers.get("content-length"), String(whole.length));
    assert.match(head.headers.get("cache-control") ?? "", /immutable/);
    assert.equal(head.headers.get("access-control-allow-origin"), "*");
    assert.equal((await fetch(segment.replace(/[0-9a-f]{64}/, "0".repeat(64)))).status, 404);
    assert.equal((await fetch(firstUrl.replace(ingested.asset.id, "as00000000000000000000"))).status, 404);
  });

  it("names every rung with measured rates in the multivariant playlist", async () => {
    const text = await (await fetch(onePathway(firstUrl))).text();
    const variants = text.split("\n").filter((line) => line.startsWith("#EXT-X-STREAM-INF"));
    assert.equal(variants.length, 3);
    for (const variant of variants) {
      assert.match(variant, /[:,]BANDWIDTH=\d+/);
      assert.match(variant, /AVERAGE-BANDWIDTH=\d+/);
      assert.match(variant, /CODECS="avc1\.[0-9a-fA-F]{6},mp4a\.40\.2"/);
      assert.match(variant, /RESOLUTION=\d+x\d+/);
      assert.match(variant, /FRAME-RATE=24\.000/);
    }
    for (const playlist of await mediaPlaylists(firstUrl)) {
      assert.match(await (await fetch(playlist)).text(), /#EXT-X-PLAYLIST-TYPE:VOD[\s\S]*#EXT-X-ENDLIST/);
    }
  });

  it("takes the same bytes again as the asset that is there", async () => {
    const again = await cluster.json<IngestJson>("ingest", clip);
    assert.equal(again.asset.id, ingested.asset.id);
    assert.equal(again.asset.duplicate, true);
  });
});
