// Sources that an agent fetches itself: by http and s3, across a kill -9, and not from where it may not.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { openTrialS3 } from "../../node-agent/src/sources/trial-s3.fixture.ts";
import { give, openTrialServer } from "../../node-agent/src/sources/trial-source.fixture.ts";
import type { TrialServer } from "../../node-agent/src/sources/trial-source.fixture.ts";
import { Cluster, clip, eventually } from "../cluster/cluster.ts";
import type { AssetJson, IngestJson } from "../cluster/cluster.ts";
import { strayFiles } from "../cluster/leftovers.ts";
import { shortClip } from "../cluster/repository.ts";
import { decodeStream } from "../cluster/stream.ts";

interface FetchedJson extends AssetJson {
  readonly sourceSha256: string;
  readonly sourceBytes: number;
}

const etag = '"of the clip"';
const key = { accessKeyId: "AKIDTRIAL", secretAccessKey: "trial secret" };
/** What the slow path gives in a second. */
const slowBytes = 300_000;

describe("ingest of a URL", () => {
  let film: Buffer;
  let short: Buffer;
  let files: TrialServer;
  let s3: TrialServer;
  let cluster: Cluster;
  const opened = new AsyncDisposableStack();
  const slowEnds: number[] = [];

  before(async () => {
    [film, short] = await Promise.all([readFile(clip), readFile(shortClip)]);
    files = await openTrialServer((request, response) => {
      if (request.url?.startsWith("/away") === true)
        response.writeHead(302, { location: `http://127.0.0.1:${files.port}/short.mp4` }).end();
      else if (request.url === "/slow.mp4") giveSlowly(request, response);
      else if (request.url === "/short.mp4") give(request, response, { bytes: short, etag });
      else response.writeHead(404).end();
    });
    opened.use(files);
    s3 = opened.use(await openTrialS3(new Map([["/films/2024/a%20b.mp4", short]]), key.secretAccessKey));
    const places = [{ buckets: ["films"], endpoint: `http://127.0.0.1:${s3.port}`, ...key }];
    cluster = opened.use(
      await Cluster.start({
        ...{ nodes: 2, regions: "eu,eu" },
        agentConfig: { "eu-1": { fetch: { allowNetworks: ["127.0.0.0/8"] } }, "eu-2": { s3: places } },
      }),
    );
  });

  after(async () => {
    await opened.disposeAsync();
  });

  const giveSlowly: Parameters<typeof openTrialServer>[0] = (request, response) => {
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    const range = { "content-range": `bytes ${start}-${film.length - 1}/${film.length}` };
    const [status, marks] = start === 0 ? ([200, {}] as const) : ([206, range] as const);
    response.writeHead(status, { etag, "content-length": film.length - start, ...marks });
    const turn = slowEnds.push(start) - 1;
    const timer = setInterval(() => {
      const at = slowEnds[turn] ?? film.length;
      const end = Math.min(film.length, at + slowBytes / 10);
      slowEnds[turn] = end;
      response.write(film.subarray(at, end));
      if (end === film.length) response.end();
    }, 100);
    response.on("close", () => {
      clearInterval(timer);
    });
  };

  async function sourceOf(id: string): Promise<FetchedJson> {
    return await cluster.json<FetchedJson>("assets", "show", id);
  }

  it("goes on after a kill -9 of the agent where it was, and ends ready with every frame", async () => {
    const url = `http://127.0.0.1:${files.port}/slow.mp4`;
    const { asset } = await cluster.json<IngestJson>(
      ...["ingest", url, "--pin", "eu-1", "--replicas", "1", "--wait", "none", "--title", "Slow"],
    );
    await eventually("a third of the film to be on its way", () =>
      (slowEnds[0] ?? 0) > film.length / 3 ? true : undefined,
    );
    const hadBytes = slowEnds[0] ?? 0;
    cluster.kill("eu-1");
    await cluster.startProgram("eu-1");
    await cluster.json("assets", "wait", asset.id, "--for", "ready", "--timeout", "3m");

    const [first = "", ...later] = files.ranges;
    const starts = later.map((range) => Number(/^bytes=(\d+)-$/.exec(range)?.[1] ?? 0));
    assert.deepEqual([first, starts.length], ["", 1], files.ranges.join());
    // Of what had come, at most what came after the last time that it was made durable is asked for again.
    assert.ok((starts[0] ?? 0) > hadBytes - 4 * slowBytes && (starts[0] ?? 0) > 0, `${String(starts)} of ${hadBytes}`);
    assert.equal(files.heard.at(-1)?.headers["if-range"], etag);
    const { sourceSha256, sourceBytes } = await sourceOf(asset.id);
    assert.deepEqual([sourceSha256, sourceBytes], [createHash("sha256").update(film).digest("hex"), film.length]);
    const { playback } = await cluster.json<IngestJson>("assets", "url", asset.id);
    assert.equal((await decodeStream(playback.hls[0] ?? "")).videoTimes.length, 720);
    assert.deepEqual(await strayFiles(cluster), []);
  });

  it("is refused from loopback by an agent that may not, and nobody is asked", async () => {
    const asked = files.heard.length;
    for (const host of ["127.0.0.1", "2130706433", "[::ffff:127.0.0.1]", "localhost"]) {
      const url = `http://${host}:${files.port}/short.mp4`;
      const outcome = await cluster.vsctl("ingest", url, "--pin", "eu-2", "--replicas", "1", "--json");
      assert.equal(outcome.code, 7, outcome.stdout + outcome.stderr);
      const { error } = JSON.parse(outcome.stdout) as { error: { code: string } };
      assert.equal(error.code, "source_forbidden");
    }
    assert.equal(files.heard.length, asked);
  });

  it("follows a redirect, is noticed when its bytes are there already, and says what is not there", async () => {
    const url = `http://127.0.0.1:${files.port}/away?token=secret`;
    const one = await cluster.json<IngestJson>("ingest", url, "--pin", "eu-1", "--replicas", "1");
    assert.equal(one.asset.state, "ready");
    const again = await cluster.json<IngestJson>("ingest", url, "--pin", "eu-1", "--replicas", "1");
    assert.deepEqual([again.asset.id, again.asset.duplicate], [one.asset.id, true]);
    const gone = await cluster.vsctl("ingest", url.replace("away", "gone"), "--pin", "eu-1", "--replicas", "1");
    assert.equal(gone.code, 3, gone.stderr);
    assert.doesNotMatch(await cluster.log("eu-1"), /secret/);
  });

  it("comes from s3 by the key that the agent has", async () => {
    const forced = ["--force", "--replicas", "1", "--pin", "eu-2"];
    const ingested = await cluster.json<IngestJson>("ingest", "s3://films/2024/a%20b.mp4", ...forced);
    assert.equal(ingested.asset.state, "ready");
    assert.equal((await sourceOf(ingested.asset.id)).sourceBytes, short.length);
    const elsewhere = await cluster.vsctl("ingest", "s3://music/a.mp4", "--pin", "eu-2", "--replicas", "1", "--json");
    assert.equal(elsewhere.code, 7, elsewhere.stdout);
    assert.deepEqual(await strayFiles(cluster), []);
  });
});
