// The loop when a whole region goes down, and how soon agents hear of it.
import assert from "node:assert/strict";
import type { NodeAddress } from "@vstream/core/media.ts";
import type { FakeAgent } from "./fake-agent.fixture.ts";
import { LoopUnderTest } from "./loop-under-test.fixture.ts";

// More nodes elsewhere than in the region, so that it is not the whole cluster that seems to be gone.
const nodes = { one: "eu", two: "eu", three: "eu", four: "us", five: "us", six: "us", seven: "ap" };

function told(agent: FakeAgent): readonly NodeAddress[] {
  return agent.received.findLast((message) => message.kind === "directory")?.nodes ?? [];
}

describe("a region that goes down as a whole", () => {
  it("is held from repair, and nothing moves until its nodes are heard again", async () => {
    await using test = await LoopUnderTest.open(nodes, { repairHoldMs: 30_000, brakeHoldMs: 600_000 });
    const assetId = await test.ingest(3);
    await test.until(() => test.isSettled(assetId));
    const { homes } = (await test.view(assetId)).asset;
    const region = ["one", "two", "three"].map((name) => test.agent(name));
    for (const agent of region) agent.die();
    await test.until(() => test.loop.brakes().regions.has("eu"), 20);
    await test.pass(60);
    assert.ok(!test.loop.brakes().isCutOff);
    assert.deepEqual((await test.view(assetId)).asset.homes.toSorted(), homes.toSorted());
    assert.equal((await test.node("one")).health, "down");
    for (const agent of region) await agent.connect();
    await test.until(() => test.loop.brakes().regions.size === 0, 5);
    assert.deepEqual((await test.view(assetId)).asset.homes.toSorted(), homes.toSorted());
  });

  it("is repaired once the hold is over", async () => {
    await using test = await LoopUnderTest.open(nodes, { repairHoldMs: 30_000, brakeHoldMs: 120_000 });
    const assetId = await test.ingest(3);
    await test.until(() => test.isSettled(assetId));
    const region = ["one", "two", "three"].map((name) => test.agent(name));
    for (const agent of region) agent.die();
    await test.until(() => test.loop.brakes().regions.has("eu"), 20);
    test.clock.jump(100_000);
    await test.pass(10);
    assert.ok((await test.view(assetId)).asset.homes.some((home) => region.includes(test.agentAt(home))));
    test.clock.jump(20_000);
    await test.until(async () => {
      const { homes } = (await test.view(assetId)).asset;
      return homes.length === 3 && homes.every((home) => !region.includes(test.agentAt(home)));
    });
    assert.equal(test.loop.brakes().regions.size, 0);
  });

  it("is still held after a restart of this program", async () => {
    await using test = await LoopUnderTest.open(nodes, { repairHoldMs: 30_000, brakeHoldMs: 600_000 });
    for (const name of ["one", "two", "three"]) test.agent(name).die();
    await test.until(() => test.loop.brakes().regions.has("eu"), 20);
    await test.restart();
    for (const name of ["four", "five", "six", "seven"]) await test.agent(name).connect(test.loop);
    await test.pass(2);
    assert.deepEqual([...test.loop.brakes().regions], ["eu"]);
  });
});

describe("most nodes of a cluster that fall silent together", () => {
  const five = { one: "eu", two: "eu", three: "eu", four: "us", five: "us" };

  it("are only suspected until the hold is over; then what they hold is made again", async () => {
    await using test = await LoopUnderTest.open(five, { repairHoldMs: 20_000, brakeHoldMs: 90_000 });
    const assetId = await test.ingest(2);
    await test.until(() => test.isSettled(assetId));
    const gone = ["one", "two", "three"].map((name) => test.agent(name));
    const isOnGone = async (): Promise<boolean> =>
      (await test.view(assetId)).asset.homes.some((home) => gone.includes(test.agentAt(home)));
    assert.ok(await isOnGone());
    for (const agent of gone) agent.die();
    await test.until(() => test.loop.brakes().isCutOff, 20);
    await test.pass(60);
    assert.ok(test.loop.brakes().isCutOff);
    assert.equal((await test.node("one")).health, "suspect");
    await test.until(async () => !(await isOnGone()), 90);
    assert.ok(!test.loop.brakes().isCutOff);
    assert.equal(test.loop.brakes().regions.size, 0);
    const events = await test.catalog.queries.listEvents({ limit: 1_000, afterId: null, since: null });
    const brakes = events.filter(({ kind }) => kind.startsWith("brake."));
    assert.deepEqual(
      brakes.map(({ kind, subject }) => `${kind} ${subject}`),
      ["brake.held cluster", "brake.over cluster"],
    );
  });
});

describe("the directory of a running cluster", () => {
  it("tells every agent within a second that a node is suspected, and that it is back", async () => {
    await using test = await LoopUnderTest.open({ one: "eu", two: "eu", three: "us" });
    await test.pass(2);
    const silent = test.agent("one");
    const healths = (): (string | undefined)[] =>
      ["two", "three"].map((name) => told(test.agent(name)).find(({ nodeId }) => nodeId === silent.nodeId)?.health);
    assert.deepEqual(healths(), ["up", "up"]);
    silent.isStopped = true;
    await test.until(async () => (await test.node("one")).health === "suspect", 12);
    await test.pass(1);
    assert.deepEqual(healths(), ["suspect", "suspect"]);
    silent.isStopped = false;
    silent.beat();
    await test.until(async () => (await test.node("one")).health === "up", 2);
    await test.pass(1);
    assert.deepEqual(healths(), ["up", "up"]);
  });

  it("tells them of a drain", async () => {
    await using test = await LoopUnderTest.open({ one: "eu", two: "eu" });
    await test.pass(2);
    const { nodeId } = test.agent("one");
    const drain = { nodeId, scheduling: "draining", drainDeadlineAt: null, onDeadline: "hold" } as const;
    await test.catalog.commands.setScheduling({ ...drain, at: test.clock.now(), actor: "user:test" });
    test.loop.kick();
    await test.until(() => told(test.agent("two")).some((node) => node.scheduling !== "active"), 2);
  });
});
