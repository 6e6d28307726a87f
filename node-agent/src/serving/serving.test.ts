import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { VsError } from "@vstream/core/errors.ts";
import type { Manifest } from "@vstream/core/media.ts";
import { multivariantPlaylist } from "../packaging/multivariant-playlist.ts";
import {
  sampleAssetId,
  sampleImagesPiece,
  sampleManifest,
  sampleObject,
} from "../packaging/sample-manifest.fixture.ts";
import { TrialCluster, codeOf, fetchRaw, fillStore, firstSegment, openTrialNode } from "./trial-serving.fixture.ts";
import type { Fetched, FetchOptions, TrialNode } from "./trial-serving.fixture.ts";

const base = `/v/${sampleAssetId}`;

describe("serving an asset", () => {
  let node: TrialNode;
  let manifest: Manifest;
  const get = (path: string, options?: FetchOptions): Promise<Fetched> => fetchRaw(node.url, path, options);

  before(async () => {
    node = await openTrialNode(new TrialCluster());
    manifest = sampleManifest({ homeNodeIds: [node.nodeId] });
    await fillStore(node.store, manifest);
  });
  after(() => node[Symbol.asyncDispose]());

  describe("playlists", () => {
    it("come as text with a type, a short life and for every origin", async () => {
      const answer = await get(`${base}/index.m3u8`);
      assert.equal(answer.status, 200);
      assert.equal(answer.body.toString(), multivariantPlaylist(manifest));
      assert.equal(answer.headers["content-type"], "application/vnd.apple.mpegurl");
      assert.equal(answer.headers["cache-control"], "public, max-age=1");
      assert.equal(answer.headers["access-control-allow-origin"], "*");
      assert.equal(answer.headers["x-content-type-options"], "nosniff");
    });

    it("come gzipped with an ETag of their own", async () => {
      const plain = await get(`${base}/video/360p.m3u8`);
      const gzipped = await get(`${base}/video/360p.m3u8`, { headers: { "accept-encoding": "gzip" } });
      assert.equal(gzipped.headers["content-encoding"], "gzip");
      assert.deepEqual(gunzipSync(gzipped.body), plain.body);
      assert.equal(gzipped.headers.vary, "Accept-Encoding");
      assert.equal(plain.headers.vary, "Accept-Encoding");
      assert.notEqual(gzipped.headers.etag, plain.headers.etag);
    });

    it("are not sent again to who has them, in that encoding", async () => {
      const { etag = "" } = (await get(`${base}/audio/0.m3u8`)).headers;
      const again = await get(`${base}/audio/0.m3u8`, { headers: { "if-none-match": etag } });
      assert.equal(again.status, 304);
      assert.equal(again.headers.etag, etag);
      assert.equal(again.body.length, 0);
      const other = { "if-none-match": etag, "accept-encoding": "gzip" };
      assert.equal((await get(`${base}/audio/0.m3u8`, { headers: other })).status, 200);
    });

    it("grow when a newer version is kept", async () => {
      const own = sampleManifest({
        assetId: "as0123456789abcdefghjm" as Manifest["assetId"],
        homeNodeIds: [node.nodeId],
      });
      await node.store.keepManifest(own);
      const before = await get(`/v/${own.assetId}/video/234p.m3u8`);
      await node.store.keepManifest({
        ...sampleManifest({ ...own, releasedChunks: 4 }),
        version: 4,
        complete: true,
        pieces: sampleManifest({ releasedChunks: 4 }).pieces,
      });
      const after = await get(`/v/${own.assetId}/video/234p.m3u8`);
      assert.equal(before.body.toString().match(/EXTINF/g)?.length, 2);
      assert.equal(after.body.toString().match(/EXTINF/g)?.length, 4);
      assert.equal(after.headers["cache-control"], "public, max-age=30");
      assert.notEqual(before.headers.etag, after.headers.etag);
    });

    it("are not there for renditions that the asset lacks", async () => {
      assert.equal((await get(`${base}/video/1080p.m3u8`)).status, 404);
      assert.equal((await get(`${base}/audio/7.m3u8`)).status, 404);
    });
  });

  describe("segments", () => {
    const path = (): string => `${base}/${firstSegment(manifest).sha256}.m4s`;

    it("come whole, for ever, under their hash", async () => {
      const { sha256, bytes } = firstSegment(manifest);
      const answer = await get(path());
      assert.equal(answer.status, 200);
      assert.deepEqual(answer.body, bytes);
      assert.equal(answer.headers.etag, `"${sha256}"`);
      assert.equal(answer.headers["content-type"], "video/iso.segment");
      assert.equal(answer.headers["cache-control"], "public, max-age=31536000, immutable");
      assert.equal(answer.headers["accept-ranges"], "bytes");
      assert.equal(answer.headers["content-length"], String(bytes.length));
      const init = await get(`${base}/${sampleObject("360p init").sha256}.mp4`);
      assert.equal(init.headers["content-type"], "video/mp4");
    });

    it("come in part", async () => {
      const { bytes } = firstSegment(manifest);
      const answer = await get(path(), { headers: { range: "bytes=2-5" } });
      assert.equal(answer.status, 206);
      assert.deepEqual(answer.body, bytes.subarray(2, 6));
      assert.equal(answer.headers["content-range"], `bytes 2-5/${String(bytes.length)}`);
      const last = await get(path(), { headers: { range: "bytes=-3" } });
      assert.deepEqual(last.body, bytes.subarray(-3));
    });

    it("answer 416 with their size to a range outside of them", async () => {
      const answer = await get(path(), { headers: { range: "bytes=1000-" } });
      assert.equal(answer.status, 416);
      assert.equal(answer.headers["content-range"], `bytes */${String(firstSegment(manifest).bytes.length)}`);
    });

    it("come whole for many ranges at once", async () => {
      const answer = await get(path(), { headers: { range: "bytes=0-1,3-4" } });
      assert.equal(answer.status, 200);
      assert.deepEqual(answer.body, firstSegment(manifest).bytes);
    });

    it("answer HEAD with the headers of GET and no body, whatever its Range", async () => {
      const head = await get(path(), { method: "HEAD", headers: { range: "bytes=0-1" } });
      const whole = await get(path());
      assert.equal(head.status, 200);
      assert.equal(head.body.length, 0);
      assert.equal(head.headers["content-length"], whole.headers["content-length"]);
      assert.equal(head.headers.etag, whole.headers.etag);
    });

    it("are not sent again to who has them", async () => {
      const { sha256 } = firstSegment(manifest);
      const answer = await get(path(), { headers: { "if-none-match": `"${sha256}"` } });
      assert.equal(answer.status, 304);
      assert.equal(answer.headers["content-length"], undefined);
    });

    it("are served only under an asset that names them, with the extension that they have", async () => {
      const stranger = await node.store.putBytes(Buffer.from("of another asset"));
      for (const file of [
        `${stranger.sha256}.m4s`,
        `${"0".repeat(64)}.m4s`,
        `${firstSegment(manifest).sha256}.mp4`,
        firstSegment(manifest).sha256,
      ]) {
        assert.equal((await get(`${base}/${file}`)).status, 404, file);
      }
    });
  });

  it("tells pages of other origins before they ask what they may", async () => {
    const answer = await get(`${base}/index.m3u8`, {
      method: "OPTIONS",
      headers: { origin: "https://example.org", "access-control-request-headers": "range" },
    });
    assert.equal(answer.status, 204);
    assert.equal(answer.headers["access-control-allow-origin"], "*");
    assert.match(String(answer.headers["access-control-allow-headers"]), /Range/);
    assert.match(String(answer.headers["access-control-allow-methods"]), /GET, HEAD/);
  });

  it("names the methods that a path has to who uses another", async () => {
    const answer = await get(`${base}/index.m3u8`, { method: "DELETE" });
    assert.equal(answer.status, 405);
    assert.equal(answer.headers.allow, "GET, HEAD, OPTIONS");
  });

  it("answers nothing outside its own paths, however the way out is written", async () => {
    await writeFile(join(node.folder, "canary.txt"), "precious");
    for (const path of [
      "/../canary.txt",
      "/player/../canary.txt",
      "/player/..%2fcanary.txt",
      "/player/%2e%2e/canary.txt",
      "/player/%252e%252e/canary.txt",
      "/player/..\\canary.txt",
      "/player/canary.txt%00.js",
      `${base}/../../canary.txt`,
      `${base}/video/../../canary.m3u8`,
      `${base}/video/..%2f..%2fcanary.m3u8`,
      "/uploads/../canary.txt",
      "//canary.txt",
      "/v/../canary.txt",
      "canary.txt",
      "*",
    ]) {
      const answer = await get(path);
      assert.ok([400, 404].includes(answer.status), `${path} gave ${String(answer.status)}`);
      assert.doesNotMatch(answer.body.toString(), /precious/);
    }
  });

  it("takes a whole URL as a proxy sends it, and lets a query be", async () => {
    assert.equal((await get(`http://other.example${base}/index.m3u8?_HLS_msn=2`)).status, 200);
  });

  it("refuses a path that is too long, and a GET with a body", async () => {
    assert.equal((await get(`/${"a".repeat(3000)}`)).status, 400);
    const withBody = await get("/healthz", { body: "hello", headers: { "content-length": "5" } });
    assert.equal(withBody.status, 400);
    assert.equal(withBody.headers.connection, "close");
  });

  it("refuses headers without end, and what is no HTTP", async () => {
    const { port } = new URL(node.url);
    for (const [garbage, status] of [
      [`GET /healthz HTTP/1.1\r\nhost: x\r\nx: ${"y".repeat(20_000)}\r\n\r\n`, "431"],
      ["\x16\x03\x01 hello\r\n\r\n", "400"],
      ["POST /healthz HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", "400"],
    ] as const) {
      const socket = connect(Number(port), "127.0.0.1");
      socket.end(garbage);
      let answer = "";
      for await (const chunk of socket) answer += String(chunk);
      assert.ok(answer.startsWith(`HTTP/1.1 ${status}`), answer.slice(0, 60));
    }
  });

  it("says what is not there, and what is not there yet", async () => {
    const unknown = await get("/v/as9999999999zzzzzzzzzz/index.m3u8");
    assert.equal(unknown.status, 503);
    assert.equal(codeOf(unknown), "unavailable");
    assert.equal(unknown.headers["retry-after"], "1");
    assert.equal((await get("/v/nonsense/index.m3u8")).status, 404);
    for (const path of ["/", `/embed/${sampleAssetId}`]) {
      const answer = await get(path);
      assert.equal(answer.status, 501, path);
      assert.equal(codeOf(answer), "not_there_yet");
    }
  });

  it("tells whether it lives and is ready, and counts", async () => {
    assert.equal((await get("/healthz")).status, 200);
    assert.equal((await get("/readyz")).status, 200);
    const metrics = await get("/metrics");
    assert.match(String(metrics.headers["content-type"]), /^text\/plain/);
    assert.match(metrics.body.toString(), /vstream_http_requests_total\{route="index",status="200"\} \d/);
  });

  it("knows how many watch and how much leaves", async () => {
    await get(`${base}/${firstSegment(manifest).sha256}.m4s`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const load = node.serving.load();
    assert.equal(load.viewers, 1);
    assert.ok(load.egressBps > 0);
  });
});

describe("the player page", () => {
  const title = `</title><script>alert("1")</script> {{config}} & 'x'`;

  async function withPlayer(node: TrialNode): Promise<void> {
    await writeFile(join(node.folder, "player.json"), JSON.stringify({ page: "watch.html", version: "1" }));
    await writeFile(
      join(node.folder, "watch.html"),
      '<title>{{title}}</title><script type="application/json">{{config}}</script>',
    );
    await writeFile(join(node.folder, "watch-ABC123.js"), "script();");
  }

  it("carries the title and the homes as text that cannot become markup", async () => {
    await using node = await openTrialNode(new TrialCluster());
    await withPlayer(node);
    await node.store.keepManifest(sampleManifest({ title, homeNodeIds: [node.nodeId] }));
    const page = await fetchRaw(node.url, `/watch/${sampleAssetId}`);
    assert.equal(page.status, 200);
    const html = page.body.toString();
    assert.equal(html.match(/<script/g)?.length, 1);
    const config: unknown = JSON.parse(/json">(.*)<\/script>/.exec(html)?.[1] ?? "");
    assert.deepEqual(config, {
      assetId: sampleAssetId,
      title,
      servedBy: node.nodeId,
      homes: [{ nodeId: node.nodeId, name: "node-1", region: "eu", url: node.url }],
      edition: 0,
      poster: null,
      chapters: [],
    });
    assert.match(String(page.headers["content-security-policy"]), /script-src 'self';/);
    assert.equal(page.headers["x-content-type-options"], "nosniff");
  });

  it("carries the poster, the chapters and where the asset's files are", async () => {
    await using node = await openTrialNode(new TrialCluster());
    await withPlayer(node);
    await writeFile(join(node.folder, "watch.html"), "{{asset}} {{config}}");
    const chapters = [{ startSeconds: 0, endSeconds: 12, title: "</script> one" }];
    const sample = sampleManifest({ homeNodeIds: [node.nodeId], extras: [sampleImagesPiece()] });
    await node.store.keepManifest({ ...sample, probe: { ...sample.probe, chapters } });
    const html = (await fetchRaw(node.url, `/watch/${sampleAssetId}`)).body.toString();
    const [asset = "", ...rest] = html.split(" ");
    assert.equal(asset, sampleAssetId);
    const config = JSON.parse(rest.join(" ")) as { poster: unknown; chapters: unknown };
    assert.equal(config.poster, `${base}/poster.jpg`);
    assert.deepEqual(config.chapters, chapters);
    assert.doesNotMatch(html, /<\/script>/);
  });

  it("has files that may be kept for ever", async () => {
    await using node = await openTrialNode(new TrialCluster());
    await withPlayer(node);
    const script = await fetchRaw(node.url, "/player/watch-ABC123.js");
    assert.equal(script.headers["content-type"], "text/javascript; charset=utf-8");
    assert.match(String(script.headers["cache-control"]), /immutable/);
    assert.equal((await fetchRaw(node.url, "/player/player.json")).status, 404);
  });

  it("says which command builds it when it is missing, as text to a browser", async () => {
    await using node = await openTrialNode(new TrialCluster());
    await node.store.keepManifest(sampleManifest({ homeNodeIds: [node.nodeId] }));
    const page = await fetchRaw(node.url, `/watch/${sampleAssetId}`, { headers: { accept: "text/html,*/*" } });
    assert.equal(page.status, 503);
    assert.match(String(page.headers["content-type"]), /^text\/plain/);
    assert.match(page.body.toString(), /npm run build/);
  });

  it("learns the homes again, without those that serve no more", async () => {
    const cluster = new TrialCluster();
    await using node = await openTrialNode(cluster);
    await using other = await openTrialNode(cluster);
    await node.store.keepManifest(sampleManifest({ homeNodeIds: [other.nodeId, node.nodeId] }));
    const homes = async (): Promise<unknown> => {
      const answer = await fetchRaw(node.url, `${base}/homes.json`);
      const { homes: listed } = JSON.parse(answer.body.toString()) as { homes: { nodeId: string }[] };
      return listed.map((home) => home.nodeId);
    };
    assert.deepEqual(await homes(), [node.nodeId, other.nodeId]);
    cluster.directory = cluster.directory.map((entry) => ({ ...entry, serving: entry.nodeId !== node.nodeId }));
    assert.deepEqual(await homes(), [other.nodeId]);
  });

  it("learns that there is a later edition", async () => {
    await using node = await openTrialNode(new TrialCluster());
    await node.store.keepManifest({ ...sampleManifest({ homeNodeIds: [node.nodeId] }), edition: 3 });
    const answer = await fetchRaw(node.url, `${base}/homes.json`);
    assert.equal((JSON.parse(answer.body.toString()) as { edition: number }).edition, 3);
  });
});

describe("a graceful stop", () => {
  it("lets a running answer end, takes no new connection and closes idle ones", async () => {
    const node = await openTrialNode(new TrialCluster(), {
      askControl: async () => {
        await new Promise((resolve) => setTimeout(resolve, 300));
        throw new VsError("asset_not_found", "no such asset");
      },
    });
    const idle = connect(Number(new URL(node.url).port), "127.0.0.1");
    await once(idle, "connect");
    idle.write("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
    await once(idle, "data");
    const running = fetchRaw(node.url, "/v/as9999999999zzzzzzzzzz/index.m3u8");
    await new Promise((resolve) => setTimeout(resolve, 100));
    const closed = once(idle, "close");
    idle.resume();
    const stopping = node[Symbol.asyncDispose]();
    await closed;
    await assert.rejects(fetchRaw(node.url, "/healthz"));
    assert.equal((await running).status, 404);
    await stopping;
  });

  it("says which port is taken", async () => {
    await using node = await openTrialNode(new TrialCluster());
    const listen = { host: "127.0.0.1", port: node.serving.address.port };
    await assert.rejects(openTrialNode(new TrialCluster(), { listen }), (thrown) => {
      assert.ok(thrown instanceof VsError);
      assert.equal(thrown.code, "port_taken");
      assert.match(thrown.message, new RegExp(String(listen.port)));
      return true;
    });
  });
});
