import assert from "node:assert/strict";
import { newId } from "@vstream/core/ids.ts";
import type { HomesWish } from "./control-loop.ts";
import { LoopUnderTest } from "./loop-under-test.fixture.ts";

const wish: HomesWish = { assetId: newId("asset", 0), replicas: 2, regions: [], bytes: 5_000, pins: [] };

describe("the homes of a new asset", () => {
  it("begin with the nodes that it is pinned to, and each has its reason", async () => {
    await using test = await LoopUnderTest.open({ one: "eu", two: "eu", three: "us" });
    for (const { nodeId } of test.agents) {
      const { homes, reasons } = await test.loop.chooseHomes({ ...wish, pins: [nodeId] });
      assert.equal(homes[0], nodeId);
      assert.equal(homes.length, 2);
      assert.match(reasons[nodeId] ?? "", /pinned/);
      assert.ok(homes.every((home) => (reasons[home] ?? "") !== ""));
    }
  });

  it("leave out a pinned node that may take nothing", async () => {
    await using test = await LoopUnderTest.open({ one: "eu", two: "us" });
    const { nodeId } = test.agent("one");
    const cordon = { nodeId, scheduling: "cordoned", drainDeadlineAt: null, onDeadline: "hold" } as const;
    await test.catalog.commands.setScheduling({ ...cordon, at: test.clock.now(), actor: "user:test" });
    const { homes } = await test.loop.chooseHomes({ ...wish, pins: [nodeId] });
    assert.deepEqual(homes, [test.agent("two").nodeId]);
  });

  it("wait, right after a start, for nodes that are still dialling", async () => {
    await using test = await LoopUnderTest.open({ one: "eu", two: "us" });
    await test.restart();
    let chosen: readonly string[] = [];
    const choosing = test.loop.chooseHomes(wish).then(({ homes }) => (chosen = homes));
    await test.pass(1);
    await test.agent("one").connect(test.loop);
    await test.pass(1);
    assert.deepEqual(chosen, []);
    await test.agent("two").connect(test.loop);
    await choosing;
    assert.deepEqual(chosen.toSorted(), test.agents.map(({ nodeId }) => nodeId).toSorted());
  });

  it("are those that came within five seconds, when others did not", async () => {
    await using test = await LoopUnderTest.open({ one: "eu", two: "us" });
    await test.restart();
    let chosen: readonly string[] | null = null;
    const choosing = test.loop.chooseHomes(wish).then(({ homes }) => (chosen = homes));
    await test.agent("one").connect(test.loop);
    await test.pass(4);
    assert.equal(chosen, null);
    await test.pass(1);
    await choosing;
    assert.deepEqual(chosen, [test.agent("one").nodeId]);
  });

  it("are not waited for when nobody comes, nor long after the start", async () => {
    await using test = await LoopUnderTest.open({ one: "eu" });
    await test.restart();
    const early = assert.rejects(test.loop.chooseHomes(wish), { code: "no_node_available" });
    await test.pass(5);
    await early;
    await test.pass(5);
    await assert.rejects(test.loop.chooseHomes(wish), { code: "no_node_available" });
  });
});
