import assert from "node:assert/strict";
import type {
  AbandonUploadResponse,
  Asset,
  CreateAssetRequest,
  CreateAssetResponse,
  GetAssetResponse,
  GetProvenanceResponse,
  RenewUploadResponse,
} from "@vstream/proto/admin.ts";
import type { CheckUploadsResponse } from "@vstream/proto/agent.ts";
import { assetRequest } from "../../testing/asset-request.ts";
import { objectNamed } from "../../testing/made-up-media.ts";
import { startAgent, untilAsset } from "../../testing/ready-asset.ts";
import { runPlane } from "../../testing/running-plane.ts";
import type { RunningPlane } from "../../testing/running-plane.ts";
import type { ScriptedAgent } from "../../testing/scripted-agent.ts";
import { asked, withCode } from "../../testing/unary.ts";

describe("an asset from a URL", () => {
  let running: RunningPlane;
  let agent: ScriptedAgent;
  let fetches = true;

  before(async () => {
    running = await runPlane({ rebalance: "off" });
    agent = await startAgent(running, "eu-1", { works: ({ work }) => fetches || work?.$case !== "fetch" });
  });
  after(async () => {
    agent[Symbol.dispose]();
    await running[Symbol.asyncDispose]();
  });
  afterEach(() => {
    fetches = true;
  });

  async function create(change: Partial<CreateAssetRequest>): Promise<CreateAssetResponse> {
    const from = { title: "", sourceName: "", sourceBytes: 0, sourceSha256: "", replicas: 1, ...change };
    return await asked((done) => running.admin.createAsset(assetRequest(from), running.metadata, done));
  }

  async function show(id: string): Promise<Asset | undefined> {
    const { asset } = await asked<GetAssetResponse>((done) => running.admin.getAsset({ id }, running.metadata, done));
    return asset;
  }

  it("is fetched by a node without any ticket, and becomes ready", async () => {
    const sourceUrl = "https://films.example/2024/My%20film.mp4?sig=1#t=3";
    const created = await create({ sourceUrl });
    assert.deepEqual([created.upload, created.duplicate], [undefined, false]);
    assert.partialDeepStrictEqual(created.asset, {
      ...{ title: "My film", sourceName: "My film.mp4", sourceSha256: "", sourceBytes: 0 },
      sourceUrl: "https://films.example/2024/My%20film.mp4",
    });
    const ready = await untilAsset(running, created.asset?.id ?? "", ({ state }) => state === "ready");
    const { sha256, bytes } = objectNamed("https://films.example/2024/My%20film.mp4?sig=1");
    assert.deepEqual([ready.sourceSha256, ready.sourceBytes, ready.duplicateOf], [sha256, bytes, ""]);
    const { id } = ready;
    const provenance = await asked<GetProvenanceResponse>((done) =>
      running.admin.getProvenance({ id }, running.metadata, done),
    );
    assert.equal(provenance.sourceUrl, "https://films.example/2024/My%20film.mp4");
  });

  it("is called by as much of a long URL as a title may have", async () => {
    const { asset } = await create({ sourceUrl: `https://films.example/${"a".repeat(900)}.mp4` });
    assert.deepEqual([asset?.title, asset?.sourceName], ["a".repeat(500), "a".repeat(500)]);
  });

  it("ends as the duplicate of the one that has its bytes, unless forced", async () => {
    const sourceUrl = "https://films.example/twice.mp4";
    const first = (await create({ sourceUrl })).asset?.id ?? "";
    await untilAsset(running, first, ({ sourceSha256 }) => sourceSha256 !== "");
    const second = await create({ sourceUrl });
    assert.equal(second.duplicate, false);
    const ended = await untilAsset(running, second.asset?.id ?? "", ({ state }) => state === "failed");
    assert.deepEqual([ended.error?.code, ended.duplicateOf], ["duplicate_source", first]);
    const forced = await create({ sourceUrl, force: true });
    await untilAsset(running, forced.asset?.id ?? "", ({ state }) => state === "ready");
  });

  it("refuses what is no such URL, and a hash or a size beside one", async () => {
    await assert.rejects(create({ sourceUrl: "ftp://films.example/a" }), withCode("invalid_argument"));
    await assert.rejects(create({ sourceUrl: "https://me:pw@films.example/a" }), withCode("invalid_argument"));
    const { sha256: sourceSha256 } = objectNamed("x");
    await assert.rejects(create({ sourceUrl: "https://films.example/a", sourceSha256 }), withCode("invalid_argument"));
    await assert.rejects(
      create({ sourceUrl: "https://films.example/a", sourceBytes: 5 }),
      withCode("invalid_argument"),
    );
  });

  it("takes no upload, and keeps what its home has begun to fetch until it ends", async () => {
    fetches = false;
    const created = await create({ sourceUrl: "s3://films/held.mp4", externalId: "held" });
    const id = created.asset?.id ?? "";
    await untilAsset(running, id, ({ step }) => step === "fetching the source");
    const again = await create({ sourceUrl: "s3://films/held.mp4", externalId: "held" });
    assert.deepEqual([again.asset?.id, again.upload, again.duplicate], [id, undefined, true]);
    const uploaded = objectNamed("another");
    const sent = await create({
      title: "T",
      externalId: "held",
      sourceSha256: uploaded.sha256,
      sourceBytes: uploaded.bytes,
    });
    assert.deepEqual([sent.asset?.id, sent.upload, sent.duplicate], [id, undefined, true]);
    for (const nodeFailed of [true, false]) {
      const renewed = asked<RenewUploadResponse>((done) =>
        running.admin.renewUpload({ assetId: id, nodeFailed }, running.metadata, done),
      );
      await assert.rejects(renewed, withCode("conflict"));
    }
    const reason = { code: "upload_failed", message: "no", hint: "", retryable: true };
    const abandoned = asked<AbandonUploadResponse>((done) =>
      running.admin.abandonUpload({ assetId: id, reason }, running.metadata, done),
    );
    await assert.rejects(abandoned, withCode("conflict"));
    const unwanted = async (): Promise<string[]> => {
      const answer = await asked<CheckUploadsResponse>((done) => agent.client.checkUploads({ assetIds: [id] }, done));
      return answer.unwantedAssetIds;
    };
    assert.deepEqual(await unwanted(), []);
    await asked((done) => running.admin.deleteAsset({ id }, running.metadata, done));
    assert.equal((await show(id))?.state, "deleting");
    assert.deepEqual(await unwanted(), [id]);
  });
});
