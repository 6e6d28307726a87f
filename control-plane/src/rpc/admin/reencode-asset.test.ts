import assert from "node:assert/strict";
import type { ErrorCode } from "@vstream/core/errors.ts";
import type { Asset, ReencodeAssetResponse } from "@vstream/proto/admin.ts";
import type { GetManifestResponse } from "@vstream/proto/agent.ts";
import { readyAsset, startAgent, untilAsset } from "../../testing/ready-asset.ts";
import { runPlane } from "../../testing/running-plane.ts";
import type { RunningPlane } from "../../testing/running-plane.ts";
import type { ScriptedAgent } from "../../testing/scripted-agent.ts";
import { asked, withCode } from "../../testing/unary.ts";

describe("encoding an asset anew, over the wire", () => {
  let running: RunningPlane;
  const agents: ScriptedAgent[] = [];

  before(async () => {
    running = await runPlane({ rebalance: "off" });
    for (const name of ["eu-1", "eu-2"]) agents.push(await startAgent(running, name, { region: "eu" }));
  });
  after(async () => {
    for (const agent of agents) agent[Symbol.dispose]();
    await running[Symbol.asyncDispose]();
  });

  const reencode = (id: string, ladder: string): Promise<ReencodeAssetResponse> =>
    asked((done) => running.admin.reencodeAsset({ id, ladder }, running.metadata, done));
  const refused = async (id: string, ladder: string, code: ErrorCode): Promise<void> => {
    await assert.rejects(reencode(id, ladder), withCode(code));
  };

  it("begins with what is told of it, and ends with the new edition in the asset and in its manifest", async () => {
    const { id } = await readyAsset(running, agents, { sourceName: "anew" });
    const { asset } = await reencode(id, "fast");
    assert.deepEqual([asset?.state, asset?.nextLadder, asset?.edition], ["ready", "fast", 0]);
    const done: Asset = await untilAsset(running, id, ({ edition }) => edition === 1);
    assert.deepEqual([done.ladder, done.nextLadder, done.state, done.progress], ["fast", "", "ready", 1]);
    const { manifest } = await asked<GetManifestResponse>((done) =>
      agents[0]!.client.getManifest({ assetId: id, haveVersion: 0 }, done),
    );
    assert.deepEqual([manifest?.edition, manifest?.previous.map(({ edition }) => edition)], [1, [0]]);
    assert.ok(manifest?.pieces.every((piece) => piece.id.startsWith("e1-")));
  });

  it("is refused for a ladder and an asset that there are not", async () => {
    const { id } = await readyAsset(running, agents, { sourceName: "not anew" });
    await refused(id, "huge", "invalid_argument");
    await refused(id, "", "invalid_argument");
    await refused("as00000000000000000000", "fast", "asset_not_found");
    await refused("nonsense", "fast", "invalid_argument");
  });
});
