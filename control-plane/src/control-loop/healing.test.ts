// The loop when copies turn out to be damaged, when an asset is watched a lot, and when nodes are not evenly full.
import assert from "node:assert/strict";
import { videoPieceId } from "@vstream/core/ids.ts";
import type { AssetId } from "@vstream/core/ids.ts";
import type { FakeAgent } from "./fake-agent.fixture.ts";
import { LoopUnderTest } from "./loop-under-test.fixture.ts";

const three = { one: "eu", two: "eu", three: "us" };
const piece = videoPieceId(0);

async function readyAsset(test: LoopUnderTest, replicas = 2): Promise<AssetId> {
  const assetId = await test.ingest(replicas);
  await test.until(() => test.isSettled(assetId));
  return assetId;
}

async function homesOf(test: LoopUnderTest, assetId: AssetId): Promise<FakeAgent[]> {
  return (await test.view(assetId)).asset.homes.map((home) => test.agentAt(home));
}

describe("damaged copies", () => {
  it("that a node reports are made again there", async () => {
    await using test = await LoopUnderTest.open(three);
    const assetId = await readyAsset(test);
    const [, home] = await homesOf(test, assetId);
    home?.store.get(assetId)?.delete(piece);
    await test.loop.reportDamage({ nodeId: home!.nodeId, entries: [{ assetId, pieceIds: [piece] }] });
    await test.until(() => home?.store.get(assetId)?.has(piece) === true);
    await test.until(() => test.isSettled(assetId));
    assert.equal((await test.view(assetId)).asset.state, "ready");
  });

  it("that a verification finds are told, and made again", async () => {
    await using test = await LoopUnderTest.open(three);
    const assetId = await readyAsset(test);
    const [good, bad] = await homesOf(test, assetId);
    bad?.spoilt.add(piece);
    const change = { assetId, at: test.clock.now(), actor: "user:test" };
    const tasks = await test.catalog.commands.createVerification(change);
    test.loop.kick([assetId]);
    assert.deepEqual(tasks.map(({ nodeId }) => nodeId).toSorted(), [good!.nodeId, bad!.nodeId].toSorted());
    for (const task of tasks) {
      await test.until(async () => (await test.catalog.queries.getTask(task.id))?.state === "succeeded");
      const findings = await test.catalog.queries.getFindings(task.id);
      assert.deepEqual(findings?.damagedPieceIds, task.nodeId === bad?.nodeId ? [piece] : []);
    }
    await test.until(() => bad?.store.get(assetId)?.has(piece) === true);
    await test.until(() => test.isSettled(assetId));
  });

  it("are not believed of a node that has no lease for the verification", async () => {
    await using test = await LoopUnderTest.open(three);
    const assetId = await readyAsset(test);
    const [home, other] = await homesOf(test, assetId);
    for (const agent of test.agents) agent.does = ({ kind }) => kind !== "verify";
    await test.catalog.commands.createVerification({ assetId, at: test.clock.now(), actor: "user:test" });
    test.loop.kick([assetId]);
    await test.until(() => home?.runs("verify") !== undefined);
    const grant = home?.runs("verify");
    assert.ok(grant && other);
    const outcome = { kind: "succeeded", probe: null, pieces: [], damagedPieceIds: [piece], check: null } as const;
    assert.equal(await other.finish(grant, outcome), "stale");
    assert.equal(await test.catalog.queries.getFindings(grant.taskId), null);
  });
});

describe("an asset that is watched a lot", () => {
  const settings = { hotBpsPerHome: 1_000_000, coolMs: 60_000 };

  it("gets homes beside those wanted, and loses them when it has cooled", async () => {
    await using test = await LoopUnderTest.open({ ...three, four: "us" }, settings);
    const assetId = await readyAsset(test);
    const before = await homesOf(test, assetId);
    for (const home of before) home.demand = [{ assetId, viewers: 9, egressBps: 1_400_000 }];
    await test.until(async () => (await homesOf(test, assetId)).length === 3, 120);
    await test.until(() => test.isSettled(assetId));
    const { asset } = await test.view(assetId);
    assert.deepEqual([asset.extraReplicas, asset.state], [1, "ready"]);
    assert.equal((await test.catalog.queries.counts()).degradedAssets, 0);
    for (const home of before) home.demand = [];
    await test.pass(50);
    assert.equal((await homesOf(test, assetId)).length, 3);
    await test.until(async () => (await homesOf(test, assetId)).length === 2, 240);
    await test.until(() => test.isSettled(assetId));
    assert.equal((await test.view(assetId)).asset.state, "ready");
  });

  it("gets none when that is turned off", async () => {
    await using test = await LoopUnderTest.open(three, { ...settings, hotBpsPerHome: 0 });
    const assetId = await readyAsset(test);
    for (const home of await homesOf(test, assetId)) home.demand = [{ assetId, viewers: 9, egressBps: 9_000_000 }];
    await test.pass(40);
    assert.equal((await test.view(assetId)).asset.extraReplicas, 0);
  });

  it("gets none for a moment's demand", async () => {
    await using test = await LoopUnderTest.open(three, settings);
    const assetId = await readyAsset(test);
    const [home] = await homesOf(test, assetId);
    home!.demand = [{ assetId, viewers: 9, egressBps: 6_000_000 }];
    home?.beat();
    await test.pass(4);
    home!.demand = [];
    await test.pass(60);
    assert.equal((await test.view(assetId)).asset.extraReplicas, 0);
  });
});

describe("nodes that are not evenly full", () => {
  async function uneven(settings: Parameters<typeof LoopUnderTest.open>[1]): Promise<LoopUnderTest> {
    const test = await LoopUnderTest.open({ one: "eu" }, settings);
    for (let count = 0; count < 6; count += 1) await readyAsset(test, 1);
    await test.join("two", "eu");
    const { load } = test.agent("one");
    test.agent("one").load = { ...load, usedBytes: 0.9 * load.capacityBytes };
    await test.pass(6);
    return test;
  }

  it("give assets to emptier ones, a few at a time, and none is lost on the way", async () => {
    await using test = await uneven({ rebalanceMovesAtOnce: 2 });
    const [one, two] = test.agents;
    for (const agent of test.agents) agent.does = ({ kind }) => kind !== "replicate";
    await test.until(() => two?.runs("replicate") !== undefined);
    await test.pass(65);
    assert.equal(await test.catalog.queries.countMoves(), 2);
    assert.equal((await test.loop.previewRebalance()).moving, 2);
    for (const agent of test.agents) agent.does = () => true;
    for (const grant of two?.running ?? []) void two?.finish(grant);
    await test.until(() => two?.store.size === 6, 200);
    await test.until(() => [...(one?.store.values() ?? [])].every((pieces) => pieces.size === 0), 60);
    assert.deepEqual((await test.catalog.queries.counts()).assetsByState, { ready: 6 });
    assert.equal(await test.catalog.queries.countMoves(), 0);
  });

  it("are left as they are when it is off, but what would move can be seen", async () => {
    await using test = await uneven({ rebalance: false });
    await test.pass(65);
    assert.equal(await test.catalog.queries.countMoves(), 0);
    const preview = await test.loop.previewRebalance();
    assert.deepEqual([preview.enabled, preview.moving, preview.movesInAll], [false, 0, 6]);
    assert.equal(preview.spread.toFixed(1), "0.9");
    assert.ok(preview.bytesInAll > 0);
    assert.ok(preview.moves.every(({ from, to }) => from === test.agents[0]?.nodeId && to === test.agents[1]?.nodeId));
  });

  it("are left as they are while a region is held", async () => {
    await using test = await LoopUnderTest.open({ one: "eu", two: "eu", three: "us", four: "us", five: "us" });
    for (const name of ["four", "five"]) test.agent(name).die();
    await test.until(() => test.loop.brakes().regions.has("us"), 30);
    const assetId = await readyAsset(test, 1);
    const [home] = await homesOf(test, assetId);
    home!.load = { ...home!.load, usedBytes: 0.9 * home!.load.capacityBytes };
    await test.pass(65);
    assert.deepEqual((await homesOf(test, assetId))[0], home);
    for (const name of ["four", "five"]) await test.agent(name).connect();
    await test.until(async () => (await homesOf(test, assetId))[0] !== home, 65);
  });

  it("are not kept waiting by a move to a node that has become full meanwhile", async () => {
    await using test = await uneven({ rebalanceMovesAtOnce: 1, rebalanceMs: 30_000 });
    const two = test.agent("two");
    for (const agent of test.agents) agent.does = ({ kind }) => kind !== "replicate";
    await test.until(() => two.runs("replicate") !== undefined);
    assert.equal((await test.loop.previewRebalance()).moving, 1);
    two.load = { ...two.load, usedBytes: two.load.capacityBytes };
    await test.pass(6);
    assert.equal((await test.loop.previewRebalance()).moving, 0);
    await test.join("three", "eu");
    const { size } = test.agent("three").store;
    assert.equal(size, 0);
    for (const agent of test.agents) agent.does = () => true;
    await test.until(() => test.agent("three").store.size > 0, 65);
    await test.until(async () => (await test.catalog.queries.countMoves()) === 0, 120);
  });

  it("that differ by less than the tolerance are even enough", async () => {
    await using test = await uneven({ rebalanceTolerance: 0.95 });
    await test.pass(35);
    assert.deepEqual((await test.loop.previewRebalance()).moves, []);
    assert.equal(await test.catalog.queries.countMoves(), 0);
  });
});
