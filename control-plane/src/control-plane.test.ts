import assert from "node:assert/strict";
import { AdminServiceClient, AdminServiceService } from "@vstream/proto/admin.ts";
import type {
  CreateAssetRequest,
  CreateAssetResponse,
  GetNodeResponse,
  GetPlaybackResponse,
  ListEventsResponse,
  ListNodesResponse,
  WatchAssetResponse,
  WatchEventsResponse,
} from "@vstream/proto/admin.ts";
import type { CheckUploadsResponse, GetManifestResponse, GetSubtitleFileResponse } from "@vstream/proto/agent.ts";
import { newId } from "@vstream/core/ids.ts";
import { announcedSource, assetRequest } from "./testing/asset-request.ts";
import { startAgent } from "./testing/ready-asset.ts";
import type { ScriptedAgent } from "./testing/scripted-agent.ts";
import { objectNamed, sourcePiece } from "./testing/made-up-media.ts";
import { runPlane } from "./testing/running-plane.ts";
import type { RunningPlane } from "./testing/running-plane.ts";
import { asked, withCode } from "./testing/unary.ts";

async function create(running: RunningPlane, change: Partial<CreateAssetRequest> = {}): Promise<CreateAssetResponse> {
  return await asked((done) => running.admin.createAsset(assetRequest(change), running.metadata, done));
}

describe("control plane", () => {
  let running: RunningPlane;
  const agents: ScriptedAgent[] = [];

  before(async () => {
    running = await runPlane();
    agents.push(
      await startAgent(running, "eu-1", { region: "eu" }),
      await startAgent(running, "us-1", { region: "us" }),
    );
  });
  after(async () => {
    for (const agent of agents) agent[Symbol.dispose]();
    await running[Symbol.asyncDispose]();
  });

  it("takes an asset from its announcement to ready, and tells those who watch", async () => {
    const created = await create(running);
    assert.equal(created.duplicate, false);
    assert.equal(created.asset?.state, "uploading");
    const { upload } = created;
    assert.ok(upload);
    const receiver = agents.find((agent) => agent.identity.nodeId === upload.nodeId);
    assert.ok(receiver);
    assert.equal(upload.url, `http://${receiver.identity.name}.example.org:8080/uploads`);
    const begun = Promise.withResolvers<undefined>();
    const watched = watchUntilReady(running, created.asset.id, () => {
      begun.resolve(undefined);
    });
    await begun.promise;
    const report = {
      assetId: created.asset.id,
      outcome: { $case: "source", value: sourcePiece(announcedSource) },
    } as const;
    assert.deepEqual(await asked((done) => receiver.client.reportUpload(report, done)), { accepted: true });
    const seen = await watched;
    const last = seen.at(-1)?.asset;
    assert.equal(last?.state, "ready");
    assert.equal(last.progress, 1);
    assert.equal(last.degraded, undefined);
    assert.deepEqual(
      last.replicas.map(({ state }) => state),
      ["verified", "verified"],
    );
    assert.ok(last.renditions.every(({ bandwidth, codecs }) => bandwidth > 0 && codecs !== ""));
    assert.deepEqual(last.subtitles, [{ language: "de", name: "Deutsch" }]);
    assert.equal(seen[0]?.asset?.state, "uploading");
    assert.equal(seen[0].asset.step, "uploading");
    const played = await asked<GetPlaybackResponse>((done) =>
      running.admin.getPlayback({ id: last.id }, running.metadata, done),
    );
    assert.equal(played.playback?.hls.length, 2);
    assert.equal(played.playback.hls[0], `http://${receiver.identity.name}.example.org:8080/v/${last.id}/index.m3u8`);
    assert.equal(played.playback.watch[0], `http://${receiver.identity.name}.example.org:8080/watch/${last.id}`);
  });

  it("gives homes the whole manifest, newer parts only on request", async () => {
    const [agent] = agents;
    const { asset } = await create(running);
    const assetId = asset?.id ?? "";
    const whole = await asked<GetManifestResponse>((done) =>
      agent!.client.getManifest({ assetId, haveVersion: 0 }, done),
    );
    assert.equal(whole.manifest?.complete, true);
    assert.deepEqual(
      whole.manifest.extras.map(({ id }) => id),
      ["images", "text-0"],
    );
    assert.deepEqual(
      whole.manifest.text.map(({ stream, language, name }) => [stream, language, name]),
      [[0, "de", "Deutsch"]],
    );
    assert.ok(whole.manifest.pieces.length >= 4);
    const news = agent!.heard.filter((message) => message.$case === "manifestNews");
    assert.ok(news.some(({ value }) => value.entries.some((entry) => entry.assetId === assetId)));
  });

  it("knows the same bytes again, and the same external id", async () => {
    const again = await create(running);
    assert.equal(again.duplicate, true);
    assert.equal(again.upload, undefined);
  });

  it("goes on with an upload that was begun and not ended", async () => {
    const other = { sourceSha256: objectNamed("other").sha256, externalId: "x-1" };
    const first = await create(running, other);
    const second = await create(running, other);
    assert.equal(second.asset?.id, first.asset?.id);
    assert.equal(second.duplicate, false);
    assert.equal(second.upload?.nodeId, first.upload?.nodeId);
    const assetId = first.asset?.id ?? "";
    const moved = await asked<{ upload?: { nodeId: string } | undefined }>((done) =>
      running.admin.renewUpload({ assetId, nodeFailed: true }, running.metadata, done),
    );
    assert.notEqual(moved.upload?.nodeId, first.upload?.nodeId);
    const reason = { code: "cancelled", message: "given up", hint: "", retryable: false };
    await asked((done) => running.admin.abandonUpload({ assetId, reason }, running.metadata, done));
    await assert.rejects(
      asked((done) => running.admin.renewUpload({ assetId, nodeFailed: false }, running.metadata, done)),
      withCode("conflict"),
    );
  });

  it("refuses what it cannot take, and says what is wrong", async () => {
    const refusals: [Partial<CreateAssetRequest>, string][] = [
      [{ sourceBytes: 0 }, "source_empty"],
      [{ sourceBytes: 2 ** 49 }, "source_too_large"],
      [{ sourceSha256: "x" }, "invalid_argument"],
      [{ ladder: "gold" }, "invalid_argument"],
      [{ regions: ["mars"] }, "invalid_argument"],
      [{ replicas: 11 }, "invalid_argument"],
      [{ title: "x".repeat(501) }, "invalid_argument"],
      [{ title: "", sourceName: "" }, "invalid_argument"],
      [{ labels: { "": "x" } }, "invalid_argument"],
    ];
    for (const [change, code] of refusals) await assert.rejects(create(running, change), withCode(code));
  });

  it("finds nodes by id and name, and guesses what was meant", async () => {
    const get = async (node: string): Promise<GetNodeResponse> =>
      await asked((done) => running.admin.getNode({ node }, running.metadata, done));
    const { node } = await get("eu-1");
    assert.equal(node?.health, "up");
    assert.equal((await get(node.id)).node?.name, "eu-1");
    await assert.rejects(get("eu-2"), (thrown: { code?: string; hint?: string }) => {
      assert.equal(thrown.code, "node_not_found");
      assert.match(thrown.hint ?? "", /Did you mean eu-1/);
      return true;
    });
  });

  it("cuts lists into pages", async () => {
    const options = { limit: 1, cursor: "", sort: "", states: [], node: "", labels: {} };
    const list = async (cursor: string): Promise<ListNodesResponse> =>
      await asked((done) => running.admin.listNodes({ options: { ...options, cursor } }, running.metadata, done));
    const first = await list("");
    const second = await list(first.nextCursor);
    assert.deepEqual([...first.items, ...second.items].map((node) => node.name).toSorted(), ["eu-1", "us-1"]);
    assert.equal(second.nextCursor, "");
  });

  it("tells events without a gap from a token on", async () => {
    const list = await asked<ListEventsResponse>((done) =>
      running.admin.listEvents({ options: undefined, since: 0 }, running.metadata, done),
    );
    const [first, ...later] = list.items;
    assert.ok(first !== undefined && later.length > 2);
    const seen = await readSome(running, String(first.id), later.length);
    assert.deepEqual(
      seen.map((response) => response.event?.id),
      later.map((event) => event.id),
    );
  });

  it("does not send a snapshot again to who has it", async () => {
    const { asset } = await create(running);
    const stream = running.admin.watchAsset({ id: asset?.id ?? "", resumeToken: "" }, running.metadata);
    const [first] = await take<WatchAssetResponse>(stream, 1);
    stream.cancel();
    const resumed = running.admin.watchAsset(
      { id: asset?.id ?? "", resumeToken: first?.resumeToken ?? "" },
      running.metadata,
    );
    const heard = await Promise.race([take<WatchAssetResponse>(resumed, 1), quiet(500)]);
    resumed.cancel();
    assert.equal(heard, "quiet");
  });

  it("names its problems", async () => {
    const status = await asked<{ problems: string[]; nodesByHealth: Record<string, number> }>((done) =>
      running.admin.getStatus({}, running.metadata, done),
    );
    assert.deepEqual(status.nodesByHealth, { up: 2 });
    assert.ok(Array.isArray(status.problems));
  });

  it("tells a node which uploads it keeps for nothing", async () => {
    const [one, other] = agents;
    const bytes = objectNamed("a source that moves");
    const { asset, upload } = await create(running, { sourceSha256: bytes.sha256, sourceBytes: bytes.bytes });
    const assetId = asset?.id ?? "";
    const [home, stranger] = upload?.nodeId === one?.identity.nodeId ? [one, other] : [other, one];
    const unwantedOf = async (agent: ScriptedAgent | undefined, assetIds: string[]): Promise<string[]> => {
      const call = asked<CheckUploadsResponse>((done) => agent!.client.checkUploads({ assetIds }, done));
      return (await call).unwantedAssetIds;
    };
    const forgotten = newId("asset", 0);
    assert.deepEqual(await unwantedOf(home, [assetId, forgotten]), [forgotten]);
    assert.deepEqual(await unwantedOf(stranger, [assetId]), [assetId]);
    const outcome = { $case: "source", value: sourcePiece(bytes) } as const;
    await asked((done) => home!.client.reportUpload({ assetId, outcome }, done));
    assert.deepEqual(await unwantedOf(home, [assetId]), [assetId]);
  });

  it("gives nodes the subtitle files that came with a source, and refuses what are none", async () => {
    const source = objectNamed("a source with words");
    const announced = { sourceSha256: source.sha256, sourceBytes: source.bytes };
    const content = Buffer.from("1\n00:00:01,000 --> 00:00:02,000\nGr\u00fc\u00dfe\n", "latin1");
    const subtitles = [{ name: "de.srt", language: "de", content }];
    const wrong = create(running, { ...announced, subtitles: [{ ...subtitles[0]!, content: Buffer.from("x") }] });
    await assert.rejects(wrong, /de\.srt: is neither SubRip nor WebVTT/);
    const { asset } = await create(running, { ...announced, subtitles });
    const fileOf = async (file: number): Promise<GetSubtitleFileResponse> =>
      await asked((done) => agents[0]!.client.getSubtitleFile({ assetId: asset?.id ?? "", file }, done));
    const found = await fileOf(0);
    assert.deepEqual([found.name, Buffer.from(found.content)], ["de.srt", content]);
    await assert.rejects(fileOf(1), /has no subtitle file 1/);
  });

  it("answers over HTTP", async () => {
    const base = `http://127.0.0.1:${String(running.plane.ports.httpListen)}`;
    assert.equal((await fetch(`${base}/healthz`)).status, 200);
    assert.deepEqual(await (await fetch(`${base}/readyz`)).json(), {
      ready: true,
      checks: { catalog: true, loop: true },
    });
    const metrics = await (await fetch(`${base}/metrics`)).text();
    assert.match(metrics, /vstream_nodes\{health="up"\} 2/);
    assert.match(metrics, /vstream_grpc_calls_total\{method="createAsset",code="ok"\}/);
    assert.equal((await fetch(`${base}/nothing`)).status, 404);
    assert.equal((await fetch(`${base}/healthz`, { method: "POST" })).status, 405);
  });

  it("answers every call of its definition", () => {
    const client = AdminServiceClient.prototype as unknown as Record<string, unknown>;
    for (const name of Object.keys(AdminServiceService)) assert.equal(typeof client[name], "function");
  });
});

async function watchUntilReady(running: RunningPlane, id: string, onFirst: () => void): Promise<WatchAssetResponse[]> {
  const stream = running.admin.watchAsset({ id, resumeToken: "" }, running.metadata);
  const seen: WatchAssetResponse[] = [];
  try {
    for await (const response of stream as AsyncIterable<WatchAssetResponse>) {
      seen.push(response);
      onFirst();
      if (response.asset?.state === "ready" || response.asset?.state === "failed") return seen;
    }
  } finally {
    stream.cancel();
  }
  return seen;
}

async function readSome(running: RunningPlane, resumeToken: string, count: number): Promise<WatchEventsResponse[]> {
  const stream = running.admin.watchEvents({ resumeToken, since: 0 }, running.metadata);
  const seen = await take<WatchEventsResponse>(stream, count);
  stream.cancel();
  return seen;
}

async function take<Item>(
  stream: { on(name: "data" | "error", listener: (item: Item) => void): unknown },
  count: number,
): Promise<Item[]> {
  const { promise, resolve, reject } = Promise.withResolvers<Item[]>();
  const items: Item[] = [];
  stream.on("data", (item) => {
    items.push(item);
    if (items.length === count) resolve(items);
  });
  stream.on("error", reject);
  return await promise;
}

async function quiet(ms: number): Promise<"quiet"> {
  return await new Promise((resolve) => setTimeout(resolve, ms, "quiet"));
}
