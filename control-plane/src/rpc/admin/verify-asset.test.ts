import assert from "node:assert/strict";
import type { CopyVerification, ListTasksResponse, VerifyAssetResponse } from "@vstream/proto/admin.ts";
import type { LeaseGrant } from "@vstream/proto/agent.ts";
import { newId } from "@vstream/core/ids.ts";
import { fromServiceError } from "@vstream/core/grpc.ts";
import { readyAsset, startAgent, untilAsset } from "../../testing/ready-asset.ts";
import { runPlane } from "../../testing/running-plane.ts";
import type { RunningPlane } from "../../testing/running-plane.ts";
import type { ScriptedAgent } from "../../testing/scripted-agent.ts";
import { asked, withCode } from "../../testing/unary.ts";

const spoilt = "video-00000";

describe("verifying an asset", () => {
  let running: RunningPlane;
  let agents: ScriptedAgent[];
  let works = (_: LeaseGrant): boolean => true;
  let id: string;

  before(async () => {
    running = await runPlane();
    const given = { works: (grant: LeaseGrant) => works(grant) };
    agents = [await startAgent(running, "eu-1", given), await startAgent(running, "eu-2", given)];
    ({ id } = await readyAsset(running, agents, { sourceName: "verified" }));
  });
  after(async () => {
    for (const agent of agents) agent[Symbol.dispose]();
    await running[Symbol.asyncDispose]();
  });

  async function verify(assetId = id): Promise<VerifyAssetResponse[]> {
    const said: VerifyAssetResponse[] = [];
    const stream = running.admin.verifyAsset({ id: assetId }, running.metadata);
    try {
      for await (const response of stream as AsyncIterable<VerifyAssetResponse>) said.push(response);
    } catch (thrown) {
      throw fromServiceError(thrown);
    }
    return said;
  }

  async function verifyTasks(): Promise<string[]> {
    const list = await asked<ListTasksResponse>((done) =>
      running.admin.listTasks({ options: undefined, assetId: "" }, running.metadata, done),
    );
    return list.items.filter(({ kind }) => kind === "verify").map(({ state }) => state);
  }

  function statesOf(copies: readonly CopyVerification[] = []): string[] {
    return copies.map(({ nodeName, state }) => `${nodeName} ${state}`).toSorted();
  }

  it("tells that every copy is good, and of how much", async () => {
    const said = await verify();
    const last = said.at(-1);
    assert.deepEqual([last?.done, ...statesOf(last?.copies)], [true, "eu-1 good", "eu-2 good"]);
    assert.ok(said.slice(0, -1).every(({ done }) => !done));
    for (const copy of last?.copies ?? []) {
      assert.ok(copy.totalBytes > 0);
      assert.equal(copy.checkedBytes, copy.totalBytes);
    }
  });

  it("tells which copies are bad, once, since they are made again", async () => {
    agents[1]?.spoilt.add(spoilt);
    const copies = (await verify()).at(-1)?.copies ?? [];
    assert.deepEqual(statesOf(copies), ["eu-1 good", "eu-2 bad"]);
    assert.deepEqual(
      copies.flatMap(({ badPieceIds }) => badPieceIds),
      [spoilt],
    );
    await untilAsset(running, id, ({ replicas }) => replicas.every(({ state }) => state === "verified"));
    assert.deepEqual(statesOf((await verify()).at(-1)?.copies), ["eu-1 good", "eu-2 good"]);
  });

  it("refuses what is not there", async () => {
    await assert.rejects(verify(newId("asset", 1)), withCode("asset_not_found"));
    await assert.rejects(verify("nonsense"), withCode("invalid_argument"));
  });

  it("tells which nodes could not be asked, and why", async () => {
    agents[1]?.[Symbol.dispose]();
    const copies = (await verify()).at(-1)?.copies ?? [];
    assert.deepEqual(statesOf(copies), ["eu-1 good", "eu-2 unreachable"]);
    assert.match(copies.find(({ nodeName }) => nodeName === "eu-2")?.reason ?? "", /not connected/);
  });

  it("shows how far each node is, and goes on when nobody listens any more", async () => {
    const held: LeaseGrant[] = [];
    works = (grant) => {
      if (grant.work?.$case === "verify") held.push(grant);
      return grant.work?.$case !== "verify";
    };
    const stream = running.admin.verifyAsset({ id }, running.metadata);
    const far = Promise.withResolvers<CopyVerification>();
    stream.on("error", () => undefined);
    stream.on("data", ({ copies }: VerifyAssetResponse) => {
      for (const { taskId, epoch } of held) {
        agents[0]?.send({ $case: "progress", value: { taskId, epoch, progress: 0.5, speed: 0 } });
      }
      const half = copies.find(({ checkedBytes }) => checkedBytes > 0);
      if (half !== undefined) far.resolve(half);
    });
    const { state, checkedBytes, totalBytes } = await far.promise;
    assert.deepEqual([state, checkedBytes], ["checking", Math.floor(totalBytes / 2)]);
    stream.cancel();
    assert.ok((await verifyTasks()).includes("leased"));
  });
});
