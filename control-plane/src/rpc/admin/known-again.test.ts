import assert from "node:assert/strict";
import type { CreateAssetRequest, CreateAssetResponse } from "@vstream/proto/admin.ts";
import { assetRequest } from "../../testing/asset-request.ts";
import { objectNamed } from "../../testing/made-up-media.ts";
import { runPlane } from "../../testing/running-plane.ts";
import { join, openSession } from "../../testing/scripted-agent.ts";
import { asked, withCode } from "../../testing/unary.ts";

describe("an asset that is known already", () => {
  it("is found again while no node is connected that could take a new one", async () => {
    await using running = await runPlane();
    const create = async (change: Partial<CreateAssetRequest>): Promise<CreateAssetResponse> => {
      const request = assetRequest({ externalId: "clip-1", ...change });
      return await asked((done) => running.admin.createAsset(request, running.metadata, done));
    };
    const identity = await join(running, { name: "eu-1", region: "eu", token: await running.createToken({}) });
    const agent = openSession(running, identity);
    await agent.hear("welcome");
    const first = await create({});
    agent[Symbol.dispose]();
    const other = { sourceSha256: objectNamed("other").sha256 };
    await assert.rejects(create({ ...other, externalId: "clip-2" }), withCode("no_node_available"));
    assert.equal((await create({})).asset?.id, first.asset?.id);
    const byExternalId = await create(other);
    assert.deepEqual([byExternalId.asset?.id, byExternalId.duplicate], [first.asset?.id, true]);
  });
});
