import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { jwtVerify } from "jose";
import { VsError } from "@vstream/core/errors.ts";
import { newId } from "@vstream/core/ids.ts";
import type { Asset, CreateAssetResponse, DownloadSourceResponse, GetNodeResponse } from "@vstream/proto/admin.ts";
import { assetRequest } from "../../testing/asset-request.ts";
import { objectNamed } from "../../testing/made-up-media.ts";
import { readyAsset, startAgent } from "../../testing/ready-asset.ts";
import { runPlane } from "../../testing/running-plane.ts";
import type { RunningPlane } from "../../testing/running-plane.ts";
import type { ScriptedAgent } from "../../testing/scripted-agent.ts";
import { asked, withCode } from "../../testing/unary.ts";

describe("fetching a source back", () => {
  let running: RunningPlane;
  let agents: ScriptedAgent[];
  let asset: Asset;

  before(async () => {
    running = await runPlane({ rebalance: "off" });
    agents = [await startAgent(running, "eu-1"), await startAgent(running, "eu-2")];
    asset = await readyAsset(running, agents, { sourceName: "a clip.mp4" });
  });
  after(async () => {
    for (const agent of agents) agent[Symbol.dispose]();
    await running[Symbol.asyncDispose]();
  });

  const download = async (id: string): Promise<DownloadSourceResponse> =>
    await asked((done) => running.admin.downloadSource({ id }, running.metadata, done));

  it("gives a ticket for each node that holds a copy, which that node can check", async () => {
    const { asset: shown, tickets } = await download(asset.id);
    assert.equal(shown?.id, asset.id);
    assert.deepEqual(
      tickets.map(({ url }) => url).toSorted(),
      ["eu-1", "eu-2"].map((name) => `http://${name}.example.org:8080/sources/${asset.id}`),
    );
    const { ticketKeyPem = "" } = (await agents[0]?.hear("welcome")) ?? {};
    for (const { token, nodeId, expiresAt } of tickets) {
      const audience = `download:${nodeId}`;
      const { payload } = await jwtVerify(token, createPublicKey(ticketKeyPem), { audience });
      const { sub, sha256, bytes, name } = payload;
      const source = objectNamed("a clip.mp4");
      assert.deepEqual([sub, sha256, bytes, name], [asset.id, source.sha256, source.bytes, "a clip.mp4"]);
      assert.equal((payload.exp ?? 0) * 1000, expiresAt);
    }
  });

  it("says that there is none yet, or no such asset", async () => {
    const request = assetRequest({ sourceSha256: objectNamed("to come").sha256 });
    const created = await asked<CreateAssetResponse>((done) =>
      running.admin.createAsset(request, running.metadata, done),
    );
    await assert.rejects(download(created.asset?.id ?? ""), withCode("conflict"));
    await assert.rejects(download(newId("asset", Date.now())), withCode("asset_not_found"));
    await assert.rejects(download("x"), withCode("invalid_argument"));
  });

  it("says that it is gone when no node has it any more", async () => {
    const { id, replicas } = await readyAsset(running, agents, { sourceName: "only on one", replicas: 1 });
    const holder = agents.find(({ identity }) => identity.nodeId === replicas[0]?.nodeId);
    const entries = [{ assetId: id, pieceIds: ["source"] }];
    await asked((done) => holder?.client.reportDamage({ entries }, done));
    await assert.rejects(download(id), withCode("not_found"));
  });

  it("says which nodes have it when none of them answers", async () => {
    for (const agent of agents) agent[Symbol.dispose]();
    const isUp = async (agent: ScriptedAgent): Promise<boolean> => {
      const request = { node: agent.identity.nodeId };
      const { node } = await asked<GetNodeResponse>((done) => running.admin.getNode(request, running.metadata, done));
      return node?.health === "up";
    };
    for (const agent of agents) while (await isUp(agent)) await delay(100);
    await assert.rejects(download(asset.id), (thrown) => {
      assert.ok(thrown instanceof VsError && thrown.code === "unavailable");
      assert.match(thrown.message, /eu-1/);
      return true;
    });
  });
});
