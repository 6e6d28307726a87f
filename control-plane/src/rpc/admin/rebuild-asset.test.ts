import assert from "node:assert/strict";
import type { CreateAssetResponse, GetTaskResponse, PieceRebuild, RebuildAssetResponse } from "@vstream/proto/admin.ts";
import type { LeaseGrant } from "@vstream/proto/agent.ts";
import { fromServiceError } from "@vstream/core/grpc.ts";
import { newId } from "@vstream/core/ids.ts";
import { assetRequest } from "../../testing/asset-request.ts";
import { objectNamed } from "../../testing/made-up-media.ts";
import { readyAsset, startAgent, untilAsset } from "../../testing/ready-asset.ts";
import { runPlane } from "../../testing/running-plane.ts";
import type { RunningPlane } from "../../testing/running-plane.ts";
import type { ScriptedAgent } from "../../testing/scripted-agent.ts";
import { asked, withCode } from "../../testing/unary.ts";

describe("rebuilding an asset", () => {
  let running: RunningPlane;
  let agents: ScriptedAgent[];
  let works = (_: LeaseGrant): boolean => true;

  before(async () => {
    running = await runPlane({ rebalance: "off" });
    const given = { works: (grant: LeaseGrant) => works(grant) };
    agents = [await startAgent(running, "eu-1", given), await startAgent(running, "eu-2", given)];
  });
  after(async () => {
    for (const agent of agents) agent[Symbol.dispose]();
    await running[Symbol.asyncDispose]();
  });

  async function rebuild(id: string, since = 0): Promise<RebuildAssetResponse[]> {
    const said: RebuildAssetResponse[] = [];
    const stream = running.admin.rebuildAsset({ id, since }, running.metadata);
    try {
      for await (const response of stream as AsyncIterable<RebuildAssetResponse>) said.push(response);
    } catch (thrown) {
      throw fromServiceError(thrown);
    }
    return said;
  }

  const spoil = (...pieceIds: string[]): void => {
    for (const { spoilt } of agents) for (const pieceId of pieceIds) spoilt.add(pieceId);
  };
  const statesOf = (pieces: readonly PieceRebuild[] = []): string[] =>
    pieces.map(({ pieceId, state }) => `${pieceId} ${state}`);

  it("says that there is nothing to do when every copy is good", async () => {
    const { id } = await readyAsset(running, agents, { sourceName: "good" });
    const last = (await rebuild(id)).at(-1);
    assert.deepEqual([last?.done, last?.pieces, last?.copiesMade], [true, [], 0]);
    assert.deepEqual(
      last?.copies.map(({ state }) => state),
      ["good", "good"],
    );
  });

  it("has copied what is good elsewhere", async () => {
    const { id } = await readyAsset(running, agents, { sourceName: "one is bad" });
    agents[0]?.spoilt.add("video-00000").add("source");
    const last = (await rebuild(id)).at(-1);
    assert.deepEqual(statesOf(last?.pieces), ["source copied", "video-00000 copied"]);
    assert.deepEqual([last?.done, last?.copiesMade], [true, 2]);
    assert.deepEqual(last?.copies.map(({ state }) => state).toSorted(), ["bad", "good"]);
  });

  it("has encoded again what has no good copy, and proves that it is the same", async () => {
    const { id } = await readyAsset(running, agents, { sourceName: "all are bad" });
    spoil("video-00001", "audio-0-00000", "timeline", "images", "text-0");
    const said = await rebuild(id);
    const pieces = said.at(-1)?.pieces ?? [];
    const encoded = ["audio-0-00000", "images", "text-0", "timeline", "video-00001"];
    assert.deepEqual(
      statesOf(pieces),
      encoded.map((pieceId) => `${pieceId} encoded`),
    );
    for (const { sameBytes, taskId, nodeName, objects } of pieces) {
      assert.ok(sameBytes && taskId !== "" && nodeName.startsWith("eu-") && objects.length > 0);
    }
    assert.equal(said.at(-1)?.copiesMade, encoded.length);
    const again = (await rebuild(id, said[0]?.startedAt)).at(-1);
    assert.deepEqual(statesOf(again?.pieces), statesOf(pieces), "goes on from an earlier call");
    assert.deepEqual((await rebuild(id)).at(-1)?.pieces, []);
  });

  it("says what cannot be made again, and why, when the source is gone too", async () => {
    const { id } = await readyAsset(running, agents, { sourceName: "lost" });
    spoil("video-00001", "source");
    const last = (await rebuild(id)).at(-1);
    assert.deepEqual(statesOf(last?.pieces), ["source failed", "video-00001 failed"]);
    for (const { failure } of last?.pieces ?? []) assert.equal(failure?.code, "object_missing");
    assert.equal(last?.done, true);
    await untilAsset(running, id, ({ state }) => state === "failed");
    await assert.rejects(rebuild(id), withCode("conflict"));
  });

  it("tries again what died", async () => {
    const { id } = await readyAsset(running, agents, { sourceName: "died" });
    works = ({ assetId, work }) => assetId !== id || work?.$case !== "transcode";
    spoil("video-00000");
    const stopped = running.admin.rebuildAsset({ id, since: 0 }, running.metadata);
    stopped.on("error", () => undefined);
    const encoding = Promise.withResolvers<PieceRebuild>();
    stopped.on("data", ({ pieces }: RebuildAssetResponse) => {
      const [piece] = pieces;
      if (piece?.state === "encoding") encoding.resolve(piece);
    });
    const { taskId } = await encoding.promise;
    stopped.cancel();
    const holder = agents.find(({ heard }) =>
      heard.some((word) => word.$case === "leaseGrant" && word.value.taskId === taskId),
    );
    for (const word of holder?.heard ?? []) {
      if (word.$case !== "leaseGrant" || word.value.taskId !== taskId) continue;
      const { incarnation } = (await holder?.hear("welcome")) ?? { incarnation: "" };
      const fence = { incarnation, term: word.value.term, epoch: word.value.epoch };
      const failure = { code: "source_damaged", message: "cannot be decoded", hint: "", retryable: false };
      const report = { fence, taskId, outcome: { $case: "failed", value: failure } as const, log: [] };
      await asked((done) => holder?.client.reportTask(report, done));
    }
    const { task } = await asked<GetTaskResponse>((done) =>
      running.admin.getTask({ id: taskId }, running.metadata, done),
    );
    assert.equal(task?.state, "dead");
    works = () => true;
    const last = (await rebuild(id)).at(-1);
    assert.deepEqual(statesOf(last?.pieces), ["video-00000 encoded"]);
  });

  it("refuses what is not there, or not finished", async () => {
    await assert.rejects(rebuild(newId("asset", Date.now())), withCode("asset_not_found"));
    await assert.rejects(rebuild("x"), withCode("invalid_argument"));
    const request = assetRequest({ sourceSha256: objectNamed("to come").sha256 });
    const created = await asked<CreateAssetResponse>((done) =>
      running.admin.createAsset(request, running.metadata, done),
    );
    await assert.rejects(rebuild(created.asset?.id ?? ""), withCode("conflict"));
  });
});
