// Files that nodes find in folders they watch, over real channels.
import assert from "node:assert/strict";
import type { CreateAssetResponse } from "@vstream/proto/admin.ts";
import type { OfferSourceRequest, OfferSourceResponse } from "@vstream/proto/agent.ts";
import { assetRequest } from "../testing/asset-request.ts";
import { objectNamed, sourcePiece } from "../testing/made-up-media.ts";
import { startAgent, untilAsset } from "../testing/ready-asset.ts";
import { runPlane } from "../testing/running-plane.ts";
import type { RunningPlane } from "../testing/running-plane.ts";
import type { ScriptedAgent } from "../testing/scripted-agent.ts";
import { asked, withCode } from "../testing/unary.ts";

describe("a source that a node offers", () => {
  let running: RunningPlane;
  const agents: ScriptedAgent[] = [];

  before(async () => {
    running = await runPlane({ rebalance: "off", maxSourceBytes: 10_000 });
    for (const [name, region] of [
      ["eu-1", "eu"],
      ["us-1", "us"],
    ] as const) {
      agents.push(await startAgent(running, name, { region }));
    }
  });
  after(async () => {
    for (const agent of agents) agent[Symbol.dispose]();
    await running[Symbol.asyncDispose]();
  });

  const offer = async (
    agent: ScriptedAgent | undefined,
    sourceName: string,
    change: Partial<OfferSourceRequest> = {},
  ): Promise<OfferSourceResponse> => {
    assert.ok(agent);
    const { sha256, bytes } = objectNamed(sourceName);
    const request = { sourceName, sourceBytes: bytes, sourceSha256: sha256, title: "", ladder: "", labels: {} };
    return await asked((done) => agent.client.offerSource({ ...request, ...change }, done));
  };
  const reportSource = async (agent: ScriptedAgent | undefined, assetId: string, sourceName: string): Promise<void> => {
    const outcome = { $case: "source", value: sourcePiece(objectNamed(sourceName)) } as const;
    assert.ok(agent);
    await asked((done) => agent.client.reportUpload({ assetId, outcome }, done));
  };

  for (const index of [0, 1]) {
    it(`becomes an asset that stands on that node first, and is there when it has arrived (${String(index)})`, async () => {
      const [agent, name] = [agents[index], `A film ${String(index)}.mp4`];
      const first = await offer(agent, name, { labels: { from: "folder" }, ladder: "fast" });
      assert.equal(first.duplicate, false);
      assert.deepEqual(await offer(agent, name), first, "an offer can be repeated");
      const asset = await untilAsset(running, first.assetId, () => true);
      assert.deepEqual([asset.title, asset.state, asset.ladder], [`A film ${String(index)}`, "uploading", "fast"]);
      assert.deepEqual([asset.labels, asset.pinnedNodeIds], [{ from: "folder" }, []]);
      assert.equal(asset.replicas[0]?.nodeId, agent?.identity.nodeId);
      assert.match(asset.replicas[0]?.reason ?? "", /folder that it watches/);
      await reportSource(agent, first.assetId, name);
      assert.deepEqual(await offer(agent, name), { assetId: first.assetId, duplicate: true });
      assert.deepEqual(await offer(agents[1 - index], name), { assetId: first.assetId, duplicate: true });
      await untilAsset(running, first.assetId, ({ state }) => state === "ready");
    });
  }

  it("waits while the same bytes are on their way to another node", async () => {
    const { sha256, bytes } = objectNamed("both.mp4");
    const request = assetRequest({ sourceName: "both.mp4", sourceSha256: sha256, sourceBytes: bytes });
    const { upload, asset } = await asked<CreateAssetResponse>((done) =>
      running.admin.createAsset(request, running.metadata, done),
    );
    const receiver = agents.find(({ identity }) => identity.nodeId === upload?.nodeId);
    const other = agents.find((agent) => agent !== receiver);
    await assert.rejects(offer(other, "both.mp4"), withCode("conflict"));
    assert.deepEqual(await offer(receiver, "both.mp4"), { assetId: asset?.id, duplicate: false });
    await reportSource(receiver, asset?.id ?? "", "both.mp4");
    assert.equal((await offer(other, "both.mp4")).duplicate, true);
  });

  it("begins anew when the asset of the same bytes has failed", async () => {
    const first = await offer(agents[0], "failed.mp4");
    const reason = { code: "source_changed", message: "it changed", hint: "", retryable: false };
    const outcome = { $case: "failed", value: reason } as const;
    await asked((done) => agents[0]!.client.reportUpload({ assetId: first.assetId, outcome }, done));
    await untilAsset(running, first.assetId, ({ state }) => state === "failed");
    assert.notEqual((await offer(agents[0], "failed.mp4")).assetId, first.assetId);
  });

  it("is refused when it cannot be taken, with the reason", async () => {
    const refused = [
      [{ sourceBytes: 0 }, "source_empty"],
      [{ sourceBytes: 10_001 }, "source_too_large"],
      [{ ladder: "none" }, "invalid_argument"],
      [{ sourceSha256: "none" }, "invalid_argument"],
      [{ sourceName: "" }, "invalid_argument"],
    ] as const;
    for (const [change, code] of refused) {
      await assert.rejects(offer(agents[0], "refused.mp4", change), withCode(code));
    }
  });

  it("waits while its node takes nothing new", async () => {
    await asked((done) => running.admin.cordonNode({ node: "eu-1" }, running.metadata, done));
    await assert.rejects(offer(agents[0], "cordoned.mp4"), withCode("no_node_available"));
    await asked((done) => running.admin.uncordonNode({ node: "eu-1" }, running.metadata, done));
    assert.equal((await offer(agents[0], "cordoned.mp4")).duplicate, false);
  });

  it("takes the place of the same bytes that went away with their node", async function () {
    // It is down after fifteen seconds without a word.
    this.timeout(60_000);
    await using lost = await runPlane({ rebalance: "off" });
    const holder = await startAgent(lost, "eu-1", { works: false });
    using other = await startAgent(lost, "us-1", { region: "us", works: false });
    const { assetId } = await offer(holder, "lost.mp4");
    await reportSource(holder, assetId, "lost.mp4");
    assert.equal((await offer(other, "lost.mp4")).duplicate, true);
    holder[Symbol.dispose]();
    await untilAsset(lost, assetId, ({ replicas }) => replicas.every(({ state }) => state !== "verified"));
    assert.deepEqual(await offer(other, "lost.mp4"), { assetId, duplicate: false });
    await reportSource(other, assetId, "lost.mp4");
    assert.equal((await offer(other, "lost.mp4")).duplicate, true);
  });
});
