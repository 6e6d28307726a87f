import assert from "node:assert/strict";
import type { ErrorCode } from "@vstream/core/errors.ts";
import type {
  Asset,
  CancelAssetResponse,
  CreateAssetResponse,
  ListEventsResponse,
  RenewUploadResponse,
  UpdateAssetRequest,
  UpdateAssetResponse,
} from "@vstream/proto/admin.ts";
import { assetRequest } from "../../testing/asset-request.ts";
import { objectNamed } from "../../testing/made-up-media.ts";
import { readyAsset, startAgent, untilAsset } from "../../testing/ready-asset.ts";
import { runPlane } from "../../testing/running-plane.ts";
import type { RunningPlane } from "../../testing/running-plane.ts";
import type { ScriptedAgent } from "../../testing/scripted-agent.ts";
import { asked, withCode } from "../../testing/unary.ts";

describe("assets in their owner's care", () => {
  let running: RunningPlane;
  const agents: ScriptedAgent[] = [];

  before(async () => {
    running = await runPlane({ rebalance: "off" });
    for (const [name, region] of [
      ["eu-1", "eu"],
      ["eu-2", "eu"],
      ["us-1", "us"],
    ] as const) {
      agents.push(await startAgent(running, name, { region }));
    }
  });
  after(async () => {
    for (const agent of agents) agent[Symbol.dispose]();
    await running[Symbol.asyncDispose]();
  });

  async function update(change: Partial<UpdateAssetRequest> & { id: string }): Promise<Asset> {
    const request = { setLabels: {}, removeLabels: [], addSubtitles: [], ...change };
    const { asset } = await asked<UpdateAssetResponse>((done) =>
      running.admin.updateAsset(request, running.metadata, done),
    );
    assert.ok(asset);
    return asset;
  }

  async function cancel(id: string): Promise<Asset> {
    const { asset } = await asked<CancelAssetResponse>((done) =>
      running.admin.cancelAsset({ id }, running.metadata, done),
    );
    assert.ok(asset);
    return asset;
  }

  async function announce(name: string): Promise<CreateAssetResponse> {
    const { sha256: sourceSha256, bytes: sourceBytes } = objectNamed(name);
    const request = assetRequest({ sourceName: name, sourceSha256, sourceBytes });
    return await asked((done) => running.admin.createAsset(request, running.metadata, done));
  }

  const nodeNamed = (name: string): string =>
    agents.find(({ identity }) => identity.name === name)?.identity.nodeId ?? "";
  const homes = ({ replicas }: Asset): string[] => replicas.map(({ nodeId }) => nodeId).toSorted();
  const areWhole = ({ replicas }: Asset): boolean => replicas.every(({ state }) => state === "verified");

  it("bear another title and other labels", async () => {
    const { id } = await readyAsset(running, agents, { sourceName: "renamed", labels: { show: "news" } });
    const named = await update({ id, title: "  Late news ", setLabels: { lang: "en" }, removeLabels: ["show"] });
    assert.deepEqual([named.title, named.labels], ["Late news", { lang: "en" }]);
    const events = await asked<ListEventsResponse>((done) =>
      running.admin.listEvents({ options: undefined, since: 0 }, running.metadata, done),
    );
    assert.ok(events.items.some(({ kind, subject }) => kind === "asset.updated" && subject === id));
  });

  it("get more copies, fewer, and move to the regions and nodes that are named", async () => {
    const { id } = await readyAsset(running, agents, { sourceName: "moved", replicas: 1, pinnedNodes: ["eu-1"] });
    assert.equal((await update({ id, replicas: 3 })).replicasWanted, 3);
    await untilAsset(running, id, (asset) => asset.replicas.length === 3 && areWhole(asset));
    await update({ id, replicas: 1, pinnedNodes: { nodes: ["eu-2"] } });
    const fewer = await untilAsset(running, id, (asset) => asset.replicas.length === 1 && areWhole(asset));
    assert.deepEqual(homes(fewer), [nodeNamed("eu-2")]);
    await update({ id, regions: { regions: ["us"] }, pinnedNodes: { nodes: [] } });
    const moved = await untilAsset(
      running,
      id,
      (asset) => asset.replicas.length === 1 && homes(asset)[0] !== nodeNamed("eu-2"),
    );
    assert.deepEqual([homes(moved), moved.regions, moved.pinnedNodeIds], [[nodeNamed("us-1")], ["us"], []]);
  });

  it("get subtitles that come later", async () => {
    const { id } = await readyAsset(running, agents, { sourceName: "subtitled" });
    const file = {
      name: "words.vtt",
      language: "de",
      content: Buffer.from("WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n"),
    };
    await update({ id, addSubtitles: [file] });
    const made = await untilAsset(running, id, (asset) => asset.subtitles.length > 0);
    assert.deepEqual(
      made.subtitles.map(({ language }) => language),
      ["de"],
    );
  });

  it("are changed as a whole or not at all", async () => {
    const { id } = await readyAsset(running, agents, { sourceName: "unchanged", title: "as it was" });
    const wrongs: [Partial<UpdateAssetRequest>, ErrorCode][] = [
      [{}, "invalid_argument"],
      [{ title: " " }, "invalid_argument"],
      [{ replicas: 0 }, "invalid_argument"],
      [{ regions: { regions: ["mars"] } }, "invalid_argument"],
      [{ pinnedNodes: { nodes: ["nobody"] } }, "node_not_found"],
      [{ keepSource: "perhaps" }, "invalid_argument"],
      [{ addSubtitles: [{ name: "a.exe", language: "", content: Buffer.from("x") }] }, "invalid_argument"],
    ];
    for (const [wrong, code] of wrongs) {
      const beside = Object.keys(wrong).length === 0 ? {} : { title: "another" };
      await assert.rejects(update({ id, ...beside, ...wrong }), withCode(code));
    }
    assert.equal((await untilAsset(running, id, () => true)).title, "as it was");
    await assert.rejects(update({ id: "as00000000000000000000", title: "x" }), withCode("asset_not_found"));
  });

  it("are given up while they are uploaded, which their client hears", async () => {
    const { asset, upload } = await announce("given up");
    const id = asset?.id ?? "";
    const given = await cancel(id);
    assert.deepEqual([given.state, given.error?.code], ["failed", "cancelled"]);
    await assert.rejects(
      asked<RenewUploadResponse>((done) =>
        running.admin.renewUpload({ assetId: id, nodeFailed: false }, running.metadata, done),
      ),
      withCode("conflict"),
    );
    const receiver = agents.find(({ identity }) => identity.nodeId === upload?.nodeId);
    const { unwantedAssetIds } = await asked<{ unwantedAssetIds: string[] }>((done) =>
      receiver?.client.checkUploads({ assetIds: [id] }, done),
    );
    assert.deepEqual(unwantedAssetIds, [id]);
    const again = await announce("given up");
    assert.notEqual(again.asset?.id, id);
    assert.ok(again.upload);
  });

  it("are not given up when they are ready, or failed", async () => {
    const { id } = await readyAsset(running, agents, { sourceName: "kept" });
    await assert.rejects(cancel(id), withCode("conflict"));
    const { asset } = await announce("failed");
    await cancel(asset?.id ?? "");
    await assert.rejects(cancel(asset?.id ?? ""), withCode("conflict"));
  });
});
