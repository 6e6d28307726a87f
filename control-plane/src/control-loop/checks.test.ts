// The check before ready, on a real catalog, with agents that find something, or cannot check at all.
import assert from "node:assert/strict";
import type { AssetId } from "@vstream/core/ids.ts";
import type { RuleFinding } from "@vstream/core/media.ts";
import type { TaskEndReport } from "./control-loop.ts";
import type { FakeAgent, Grant } from "./fake-agent.fixture.ts";
import { LoopUnderTest } from "./loop-under-test.fixture.ts";

const broken: RuleFinding = { rule: "Apple 7.3", level: "must", subject: "480p, segment 2", message: "a tfdt is late" };

function found(findings: readonly RuleFinding[]): TaskEndReport["outcome"] {
  const check = { rules: 70, findings };
  return { kind: "succeeded", probe: null, pieces: [], damagedPieceIds: [], check };
}

/** An asset of which all is done but its check, and where that runs. */
async function heldCheck(test: LoopUnderTest): Promise<{ assetId: AssetId; agent: FakeAgent; grant: Grant }> {
  for (const agent of test.agents) agent.does = ({ kind }) => kind !== "check";
  const assetId = await test.ingest();
  return { assetId, ...(await running(test)) };
}

async function running(test: LoopUnderTest): Promise<{ agent: FakeAgent; grant: Grant }> {
  await test.until(() => test.agents.some((agent) => agent.runs("check") !== undefined));
  const agent = test.agents.find((one) => one.runs("check") !== undefined);
  const grant = agent?.runs("check");
  assert.ok(agent && grant);
  return { agent, grant };
}

describe("the check before an asset is ready", () => {
  it("keeps it from being ready, though it plays, until it has passed", async () => {
    await using test = await LoopUnderTest.open({ one: "eu", two: "us" });
    const { assetId, agent, grant } = await heldCheck(test);
    await test.until(async () => (await test.view(assetId)).replicas.length === 20);
    await test.settle();
    const before = await test.view(assetId);
    assert.deepEqual([before.asset.state, before.asset.check], ["playable", null]);
    const manifest = await test.catalog.queries.getManifest({ assetId, haveVersion: 0 });
    assert.ok(manifest?.complete, "viewers are not kept waiting");
    await agent.finish(grant, found([{ ...broken, level: "should" }]));
    await test.until(() => test.isSettled(assetId));
    const { asset } = await test.view(assetId);
    assert.deepEqual([asset.state, asset.check?.findings.length], ["ready", 1]);
  });

  it("fails an asset that breaks a rule that must hold; tried again, it may pass", async () => {
    await using test = await LoopUnderTest.open({ one: "eu", two: "us" });
    const { assetId, agent, grant } = await heldCheck(test);
    await agent.finish(grant, found([broken]));
    await test.until(() => test.isIn(assetId, "failed"));
    await test.settle();
    const { asset, replicas, deadTasks } = await test.view(assetId);
    assert.equal(asset.error?.code, "authoring_rule_broken");
    assert.match(asset.error.message, /Apple 7\.3, in 480p, segment 2: a tfdt is late/);
    assert.equal(replicas.length, 20, "what a retry needs is kept");
    const [dead] = deadTasks;
    assert.ok(dead?.kind === "check");
    await test.catalog.commands.retryTask({ taskId: dead.id, at: test.clock.now(), actor: "user:test" });
    test.loop.kick([assetId]);
    const again = await running(test);
    await again.agent.finish(again.grant, found([]));
    await test.until(() => test.isIn(assetId, "ready"));
    assert.deepEqual((await test.view(assetId)).asset.check, { rules: 70, findings: [] });
  });

  it("is given up when it cannot be made: the asset is ready without, and an event says so", async () => {
    await using test = await LoopUnderTest.open({ one: "eu", two: "us" });
    const { assetId } = await heldCheck(test);
    const failure = { code: "internal", message: "the checker is broken", hint: "" } as const;
    let tries = 0;
    await test.until(async () => {
      for (const agent of test.agents) {
        const grant = agent.runs("check");
        if (grant === undefined) continue;
        await agent.finish(grant, { kind: "failed", failure });
        tries += 1;
      }
      return await test.isIn(assetId, "ready");
    });
    const { asset, deadTasks } = await test.view(assetId);
    assert.deepEqual([tries, asset.check, deadTasks.length], [3, null, 1]);
    const events = await test.catalog.queries.listEvents({ afterId: null, since: null, limit: 500 });
    assert.ok(events.some(({ kind, message }) => kind === "task.dead" && message.includes("the checker is broken")));
  });
});
