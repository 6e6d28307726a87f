// The loop when an asset is encoded anew while it plays.
import assert from "node:assert/strict";
import { editionOf } from "@vstream/core/ids.ts";
import type { AssetId, PieceId } from "@vstream/core/ids.ts";
import { LoopUnderTest } from "./loop-under-test.fixture.ts";

const three = { one: "eu", two: "eu", three: "us" };
const editionGraceMs = 120_000;

async function readyAsset(test: LoopUnderTest): Promise<AssetId> {
  const assetId = await test.ingest();
  await test.until(() => test.isSettled(assetId));
  return assetId;
}

async function reencode(test: LoopUnderTest, assetId: AssetId, ladder = "fast"): Promise<void> {
  await test.catalog.commands.reencodeAsset({ assetId, ladder, at: test.clock.now(), actor: "user:test" });
  test.loop.kick([assetId]);
}

async function asset(test: LoopUnderTest, assetId: AssetId) {
  return (await test.view(assetId)).asset;
}

/** What each agent holds of it, by edition. */
function heldOf(test: LoopUnderTest, assetId: AssetId, edition: number): PieceId[][] {
  return test.agents.map(({ store }) => [...(store.get(assetId) ?? [])].filter((id) => editionOf(id) === edition));
}

describe("an asset that is encoded anew", () => {
  it("is ready all the time, has the new edition in one step, and in the end nothing of the old one", async () => {
    await using test = await LoopUnderTest.open(three, { editionGraceMs });
    const assetId = await readyAsset(test);
    const before = await test.catalog.queries.getManifest({ assetId, haveVersion: 0 });
    await reencode(test, assetId);
    await test.until(async () => {
      const now = await asset(test, assetId);
      assert.equal(now.state, "ready");
      return now.edition === 1;
    });
    const adopted = await asset(test, assetId);
    assert.deepEqual([adopted.ladder, adopted.nextEdition, adopted.check?.findings], ["fast", null, []]);
    assert.equal(adopted.plan?.rungs[0]?.preset, "veryfast");
    const manifest = await test.catalog.queries.getManifest({ assetId, haveVersion: before!.version });
    assert.deepEqual([manifest?.fromChunk, manifest?.previous.length], [0, 1]);
    await test.until(() => test.isSettled(assetId), 20);
    const homes = adopted.homes.map((home) => test.agentAt(home));
    for (const { store } of homes) {
      const held = [...(store.get(assetId) ?? [])];
      for (const piece of manifest!.previous[0]!.pieces) assert.ok(held.includes(piece.id), piece.id);
      for (const piece of manifest!.pieces) assert.ok(held.includes(piece.id), piece.id);
    }
    await test.pass(editionGraceMs / 1000 - 40);
    assert.ok(heldOf(test, assetId, 0).some((held) => held.length > 0));
    await test.until(() => heldOf(test, assetId, 0).every((held) => held.length === 0), 90);
    await test.until(() => test.isSettled(assetId), 20);
    const { pieces } = await test.view(assetId);
    assert.ok(pieces.every(({ id }) => editionOf(id) !== 0));
  });

  it("goes on after restarts of the control plane, at any step", async () => {
    await using test = await LoopUnderTest.open(three, { editionGraceMs: 1_000 });
    const assetId = await readyAsset(test);
    await reencode(test, assetId);
    for (const kind of ["transcode", "images", "check"] as const) {
      for (const agent of test.agents) agent.does = (work) => work.kind !== kind;
      await test.until(() => test.agents.some((agent) => agent.runs(kind) !== undefined));
      await test.restart();
      for (const agent of test.agents) {
        await agent.connect(test.loop);
        agent.does = () => true;
        for (const grant of [...agent.running]) void agent.finish(grant);
      }
    }
    await test.until(async () => (await asset(test, assetId)).edition === 1);
    await test.until(() => heldOf(test, assetId, 0).every((held) => held.length === 0), 60);
  });

  it("plays on as it is when the new edition cannot be made, and can be tried again", async () => {
    await using test = await LoopUnderTest.open(three);
    const assetId = await readyAsset(test);
    for (const agent of test.agents) agent.does = ({ kind }) => kind !== "transcode";
    await reencode(test, assetId);
    const { agent, grant } = await test.untilRunning("transcode");
    const failure = { code: "source_forbidden", message: "the source names other files", hint: "" } as const;
    await agent.finish(grant, { kind: "failed", failure });
    await test.until(async () => (await asset(test, assetId)).nextEdition === null);
    const now = await asset(test, assetId);
    assert.deepEqual([now.state, now.edition, now.reencodeError], ["ready", 0, failure]);
    await test.until(() => heldOf(test, assetId, 1).every((held) => held.length === 0));
    await test.until(() => test.isSettled(assetId), 20);
    for (const each of test.agents) each.does = () => true;
    await reencode(test, assetId);
    await test.until(async () => (await asset(test, assetId)).edition === 2);
    assert.equal((await asset(test, assetId)).reencodeError, null);
  });

  it("moves with both editions when a home is drained", async () => {
    await using test = await LoopUnderTest.open(three, { editionGraceMs, drainQuietMs: 0 });
    const assetId = await readyAsset(test);
    await reencode(test, assetId);
    await test.until(async () => (await asset(test, assetId)).edition === 1);
    const [home] = (await asset(test, assetId)).homes;
    const node = test.agentAt(home);
    const at = test.clock.now();
    const drain = { drainDeadlineAt: null, onDeadline: "hold", at, actor: "user:test" } as const;
    await test.catalog.commands.setScheduling({ nodeId: node.nodeId, scheduling: "draining", ...drain });
    test.loop.kick();
    await test.until(async () => (await test.node(node.description.name)).scheduling === "drained");
    const { homes, previousEditions } = await asset(test, assetId);
    assert.equal(previousEditions.length, 1);
    for (const { store } of homes.map((id) => test.agentAt(id))) {
      const editions = new Set([...(store.get(assetId) ?? [])].map((id) => editionOf(id)));
      assert.deepEqual(editions, new Set([null, 0, 1]));
    }
  });
});
