// Files that nodes find in folders they watch, over real channels.
import assert from "node:assert/strict";
import { systemClock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import { newId } from "@vstream/core/ids.ts";
import type { Piece } from "@vstream/core/media.ts";
import type { CreateAssetResponse } from "@vstream/proto/admin.ts";
import type { OfferSourceRequest, OfferSourceResponse } from "@vstream/proto/agent.ts";
import type { AssetRecord } from "../catalog/records.ts";
import { usualLadders } from "../planning/ladder-forms.ts";
import { assetRequest } from "../testing/asset-request.ts";
import { objectNamed, sourcePiece } from "../testing/made-up-media.ts";
import { startAgent, untilAsset } from "../testing/ready-asset.ts";
import { assetRecord, nodeRecord } from "../testing/records.ts";
import { runPlane } from "../testing/running-plane.ts";
import type { RunningPlane } from "../testing/running-plane.ts";
import type { ScriptedAgent } from "../testing/scripted-agent.ts";
import { asked, withCode } from "../testing/unary.ts";
import type { AgentDeps } from "./agent-deps.ts";
import { offerSource } from "./offer-source.ts";
import { pieceFromWire } from "./wire/media.ts";

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
    const request = {
      sourceName,
      sourceBytes: bytes,
      sourceSha256: sha256,
      title: "",
      ladder: "",
      labels: {},
      assetId: "",
    };
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
      assert.deepEqual(await offer(agent, name), { ...first, duplicate: true });
      assert.deepEqual(await offer(agents[1 - index], name), { ...first, duplicate: true });
      await untilAsset(running, first.assetId, ({ state }) => state === "ready");
      const { assetId } = first;
      assert.deepEqual(await offer(agent, name, { assetId }), { ...first, duplicate: true, judged: true });
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
    assert.deepEqual(await offer(receiver, "both.mp4"), {
      assetId: asset?.id,
      duplicate: false,
      ended: undefined,
      judged: false,
    });
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

  it("is asked about by its asset: an ended one says why, and no other is made", async () => {
    const name = "asked.mp4";
    const { assetId } = await offer(agents[0], name);
    const asset = { assetId };
    assert.deepEqual(await offer(agents[0], name, asset), {
      assetId,
      duplicate: false,
      ended: undefined,
      judged: false,
    });
    const reason = { code: "not_media", message: "it is a text", hint: "", retryable: false };
    const outcome = { $case: "failed", value: reason } as const;
    await asked((done) => agents[0]!.client.reportUpload({ assetId, outcome }, done));
    await untilAsset(running, assetId, ({ state }) => state === "failed");
    assert.deepEqual(await offer(agents[0], name, asset), { assetId, duplicate: false, ended: reason, judged: true });
    await asked((done) => running.admin.deleteAsset({ id: assetId }, running.metadata, done));
    assert.equal((await offer(agents[0], name, asset)).ended?.code, "asset_deleted");
    const never = newId("asset", Date.now());
    assert.equal((await offer(agents[0], name, { assetId: never })).ended?.code, "asset_deleted");
    const { assetId: next } = await offer(agents[0], name);
    assert.notEqual(next, assetId);
    await reportSource(agents[0], next, name);
    assert.equal((await offer(agents[0], name, { assetId: next })).duplicate, true);
  });

  it("is called by what its name says, cut where it is too long, or else by its asset's id", async () => {
    const titleOf = async (name: string): Promise<{ title: string; assetId: string }> => {
      const { assetId } = await offer(agents[0], name);
      return { assetId, title: (await untilAsset(running, assetId, () => true)).title };
    };
    const nameless = await titleOf(" .mp4");
    assert.equal(nameless.title, nameless.assetId);
    assert.equal((await titleOf(`${"n".repeat(499)}😀.mp4`)).title, "n".repeat(499));
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
    assert.deepEqual(await offer(other, "lost.mp4"), { assetId, duplicate: false, ended: undefined, judged: false });
    await reportSource(other, assetId, "lost.mp4");
    assert.equal((await offer(other, "lost.mp4")).duplicate, true);
  });
});

describe("a source that arrives while it is offered", () => {
  const node = nodeRecord({ id: newId("node", 2) });
  const { sha256, bytes } = objectNamed("raced.mp4");
  const piece = pieceFromWire(sourcePiece({ sha256, bytes }));
  const request = { sourceName: "raced.mp4", sourceBytes: bytes, sourceSha256: sha256, title: "", ladder: "" };

  /** Each look finds the next view; the last stays. */
  const ask = async (asset: AssetRecord, ...pieces: (readonly Piece[])[]): Promise<OfferSourceResponse> => {
    let looks = 0;
    const getAssetView = (): Promise<unknown> => {
      const found = pieces[Math.min(looks, pieces.length - 1)];
      looks += 1;
      return Promise.resolve({ asset, pieces: found, replicas: [] });
    };
    const moveUpload = (): Promise<never> => Promise.reject(new VsError("conflict", "it has arrived"));
    const deps = {
      catalog: { queries: { findExisting: () => Promise.resolve(asset), getAssetView }, commands: { moveUpload } },
      loop: { chooseHomes: () => Promise.resolve({ homes: [node.id], reasons: {} }), kick: () => undefined },
      clock: systemClock,
      settings: { ingest: { replicas: 1, maxSourceBytes: 10_000, ladders: usualLadders } },
    };
    return await offerSource(deps as unknown as AgentDeps, { ...request, labels: {}, assetId: "" }, node);
  };

  it("is judged by one view of its asset: what comes after it is for the next question", async () => {
    const asset = assetRecord({ state: "uploading", homes: [node.id], createdAt: Date.now() });
    const answer = { assetId: asset.id, duplicate: false, ended: undefined, judged: false };
    assert.deepEqual(await ask(asset, [], [piece]), answer);
  });

  it("is there, when it came before the upload could be moved", async () => {
    const asset = assetRecord({ state: "uploading", homes: [newId("node", 1)] });
    assert.equal((await ask(asset, [])).duplicate, true);
  });
});
