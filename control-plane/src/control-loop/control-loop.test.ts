// The loop on a real catalog, with agents that are killed, stopped, cut off and drained.
import assert from "node:assert/strict";
import { newId } from "@vstream/core/ids.ts";
import type { Change } from "./control-loop.ts";
import type { FakeAgent, Grant } from "./fake-agent.fixture.ts";
import { LoopUnderTest } from "./loop-under-test.fixture.ts";

const three = { one: "eu", two: "eu", three: "us" };

/** The agents keep their encodes running until told otherwise. */
function hold(test: LoopUnderTest): void {
  for (const agent of test.agents) agent.does = ({ kind }) => kind !== "transcode";
}

function release(test: LoopUnderTest): void {
  for (const agent of test.agents) {
    agent.does = () => true;
    for (const grant of agent.running) void agent.finish(grant);
  }
}

/** As it runs there. */
function makesExtra(work: Grant["work"]): boolean {
  return work.kind === "text" || work.kind === "images";
}

describe("the control loop", () => {
  it("brings an asset to ready, and to rest, without the text and images that could not be made", async () => {
    await using test = await LoopUnderTest.open(three);
    for (const agent of test.agents) agent.does = (work) => !makesExtra(work);
    const assetId = await test.ingest();
    const failure = { code: "not_media", message: "no text in it", hint: "" } as const;
    const killed: string[] = [];
    await test.until(async () => {
      for (const agent of test.agents) {
        for (const grant of agent.running.filter(({ work }) => makesExtra(work))) {
          await agent.finish(grant, { kind: "failed", failure });
          killed.push(grant.work.kind);
        }
      }
      return await test.isSettled(assetId);
    });
    const { asset, replicas, deadTasks } = await test.view(assetId);
    assert.deepEqual([asset.state, killed.toSorted(), deadTasks.length], ["ready", ["images", "text"], 2]);
    assert.equal(replicas.length, 2 * (2 + 3 + 3));
    const manifest = await test.catalog.queries.getManifest({ assetId, haveVersion: 0 });
    assert.deepEqual([manifest?.text, manifest?.extras], [[], []]);
    for (const agent of test.agents) agent.does = () => true;
    for (const { id } of deadTasks) {
      await test.catalog.commands.retryTask({ taskId: id, at: test.clock.now(), actor: "user:test" });
    }
    test.loop.kick([assetId]);
    await test.until(async () => (await test.view(assetId)).replicas.length === 20);
    const whole = await test.catalog.queries.getManifest({ assetId, haveVersion: 0 });
    assert.deepEqual([whole?.text.length, whole?.extras.length], [1, 2]);
  });

  it("takes an ingest from its upload to ready, in two regions, and comes to rest", async () => {
    await using test = await LoopUnderTest.open(three);
    const assetId = await test.ingest();
    await test.until(() => test.isSettled(assetId));
    const { asset, replicas, openTasks } = await test.view(assetId);
    assert.equal(asset.state, "ready");
    assert.equal(asset.releasedChunks, 3);
    assert.equal(new Set(asset.homes.map((home) => test.agentAt(home).description.region)).size, 2);
    assert.deepEqual(openTasks, []);
    assert.equal(replicas.length, 2 * (2 + 3 + 3 + 2), "source, timeline, video, audio, text and images");
    const stranger = test.agents.find((agent) => !asset.homes.includes(agent.nodeId));
    assert.equal(stranger?.store.get(assetId)?.size ?? 0, 0);
  });

  it("tells homes of each new manifest, watchers of each change, and every agent of the nodes", async () => {
    await using test = await LoopUnderTest.open(three);
    const changes: Change[] = [];
    test.loop.subscribe((change) => changes.push(change));
    const assetId = await test.ingest();
    await test.until(() => test.isIn(assetId, "ready"));
    await test.settle();
    const { asset } = await test.view(assetId);
    for (const home of asset.homes) {
      const versions = test
        .agentAt(home)
        .received.flatMap((message) =>
          message.kind === "manifest-news" ? message.entries.map((entry) => entry.version) : [],
        );
      assert.equal(versions.at(-1), asset.manifestVersion);
      const directory = test.agentAt(home).received.findLast((message) => message.kind === "directory");
      assert.equal(directory?.nodes.filter((node) => node.serving).length, 3);
    }
    assert.ok(changes.some(({ assetIds }) => assetIds.includes(assetId)));
  });

  it("begins a session with welcome, directory, and the complete list of manifests", async () => {
    await using test = await LoopUnderTest.open({ one: "eu" });
    assert.deepEqual(
      test
        .agent("one")
        .received.slice(0, 3)
        .map((message) => message.kind),
      ["welcome", "directory", "manifest-news"],
    );
    const [welcome, , news] = test.agent("one").received;
    assert.ok(welcome?.kind === "welcome" && news?.kind === "manifest-news");
    assert.deepEqual([welcome.heartbeatMs, welcome.leaseMs, welcome.ticketKeyPem], [2_000, 12_000, "key"]);
    assert.ok(news.complete);
  });

  it("runs the work of an agent that was killed elsewhere within twenty seconds, and refuses its late report", async () => {
    await using test = await LoopUnderTest.open(three);
    hold(test);
    const assetId = await test.ingest();
    const { agent: victim, grant: lost } = await test.untilRunning("transcode");
    victim.die();
    await test.until(
      () =>
        test.agents.some((agent) => agent.running.some(({ taskId, epoch }) => taskId === lost.taskId && epoch === 2)),
      20,
    );
    assert.equal(await victim.finish(lost), "stale");
    release(test);
    await test.until(() => test.isIn(assetId, "ready"));
    assert.ok(!(await test.view(assetId)).asset.homes.includes(victim.nodeId));
  });

  it("ends the leases of an agent that was stopped, and takes it back with a new session", async () => {
    await using test = await LoopUnderTest.open({ ...three, four: "us" });
    hold(test);
    await test.ingest();
    const { agent: stopped, grant } = await test.untilRunning("transcode");
    stopped.isStopped = true;
    await test.until(async () => (await test.node(stopped.description.name)).health === "down", 20);
    assert.deepEqual(stopped.ends, ["unavailable"]);
    assert.equal(await stopped.finish(grant), "stale");
    stopped.isStopped = false;
    await stopped.connect();
    assert.equal((await test.node(stopped.description.name)).health, "up");
    assert.deepEqual(stopped.running, []);
  });

  it("says who is down before it plans anything, in a transaction of its own", async () => {
    await using test = await LoopUnderTest.open(three);
    hold(test);
    await test.ingest();
    const { agent: victim } = await test.untilRunning("transcode");
    const batches: string[][] = [];
    const { commands } = test.catalog;
    const real = { ...commands };
    Object.assign(commands, {
      applyDecisions: async (batch: Parameters<typeof real.applyDecisions>[0]) => {
        batches.push(batch.decisions.map(({ kind }) => kind));
        return await real.applyDecisions(batch);
      },
    });
    victim.isStopped = true;
    await test.until(() => batches.some((kinds) => kinds.includes("expire-lease")), 20);
    const expiry = batches.findIndex((kinds) => kinds.includes("expire-lease"));
    await test.until(async () => (await test.node(victim.description.name)).health === "down", 20);
    const health = batches.filter((kinds) => kinds.includes("set-node-health"));
    assert.ok(health.length >= 2 && health.every((kinds) => kinds.every((kind) => kind === "set-node-health")));
    assert.ok(!batches[expiry]?.includes("set-node-health"));
  });

  it("lets what is in the trash rest there, and empties it when its time is over", async () => {
    await using test = await LoopUnderTest.open(three, { trashMs: 120_000 });
    const assetId = await test.ingest();
    await test.until(() => test.isSettled(assetId));
    await test.catalog.commands.deleteAsset({ assetId, at: test.clock.now(), actor: "user:test" });
    test.loop.kick([assetId]);
    await test.until(() => test.isSettled(assetId), 10);
    await test.pass(90);
    assert.ok((await test.view(assetId)).asset.settled);
    await test.until(async () => (await test.catalog.queries.getAsset(assetId)) === null, 60);
    assert.ok(test.agents.every((agent) => !agent.store.has(assetId)));
  });

  it("gives work on at once when an agent comes back without it", async () => {
    await using test = await LoopUnderTest.open({ one: "eu" });
    hold(test);
    await test.ingest(1);
    const { agent, grant } = await test.untilRunning("transcode");
    agent.die();
    await agent.connect();
    await test.until(() => agent.running.some(({ taskId, epoch }) => taskId === grant.taskId && epoch === 2), 3);
  });

  it("goes on after its own restart: running work is kept, its report taken", async () => {
    await using test = await LoopUnderTest.open(three);
    hold(test);
    const assetId = await test.ingest();
    const { agent, grant } = await test.untilRunning("transcode");
    await test.restart();
    for (const each of test.agents) await each.connect(test.loop);
    assert.ok(agent.running.includes(grant));
    await test.pass(5);
    assert.ok(agent.running.includes(grant));
    assert.equal(await agent.finish(grant), "accepted");
    release(test);
    await test.until(() => test.isIn(assetId, "ready"));
  });

  it("gives what ran the full lease after a restart, though nobody has come back yet", async () => {
    await using test = await LoopUnderTest.open(three);
    hold(test);
    await test.ingest();
    const { grant } = await test.untilRunning("transcode");
    for (const agent of test.agents) agent.die();
    await test.restart();
    await test.pass(11);
    assert.equal((await test.catalog.queries.getTask(grant.taskId))?.state, "leased");
    await test.until(async () => (await test.catalog.queries.getTask(grant.taskId))?.state === "pending", 5);
  });

  it("moves nothing when most nodes fall silent together", async () => {
    await using test = await LoopUnderTest.open({ ...three, four: "us" });
    const assetId = await test.ingest();
    await test.until(() => test.isSettled(assetId));
    const { homes } = (await test.view(assetId)).asset;
    for (const name of ["one", "two", "three"]) test.agent(name).isStopped = true;
    await test.pass(40);
    const healths = await Promise.all(
      ["one", "two", "three", "four"].map(async (name) => (await test.node(name)).health),
    );
    assert.deepEqual(healths, ["suspect", "suspect", "suspect", "up"]);
    assert.deepEqual((await test.view(assetId)).asset.homes, homes);
  });

  it("replaces a home after the hold, not before, and drops the copies that came back too late", async () => {
    await using test = await LoopUnderTest.open(three);
    const assetId = await test.ingest();
    await test.until(() => test.isSettled(assetId));
    const before = (await test.view(assetId)).asset.homes;
    const lost = test.agentAt(before[1]);
    lost.die();
    await test.pass(30);
    assert.equal((await test.view(assetId)).asset.homes.length, 2);
    assert.ok((await test.view(assetId)).asset.homes.includes(lost.nodeId));
    test.clock.jump(300_000);
    await test.until(async () => !(await test.view(assetId)).asset.homes.includes(lost.nodeId));
    await test.until(() => test.isSettled(assetId));
    assert.equal((await test.view(assetId)).asset.state, "ready");
    await lost.connect();
    await test.until(() => (lost.store.get(assetId)?.size ?? 0) === 0);
    await test.until(() => test.isSettled(assetId));
  });

  it("drains a home: copies elsewhere first, then the node is drained", async () => {
    await using test = await LoopUnderTest.open(three);
    const assetId = await test.ingest();
    await test.until(() => test.isSettled(assetId));
    const leaving = test.agentAt((await test.view(assetId)).asset.homes[0]);
    const { nodeId } = leaving;
    await test.catalog.commands.setScheduling({
      nodeId,
      scheduling: "draining",
      drainDeadlineAt: test.clock.now() + 3_600_000,
      onDeadline: "hold",
      at: test.clock.now(),
      actor: "user:test",
    });
    test.loop.kick();
    await test.until(async () => (await test.node(leaving.description.name)).scheduling === "drained");
    const { asset, replicas } = await test.view(assetId);
    assert.equal(asset.state, "ready");
    assert.ok(asset.homes.length === 2 && !asset.homes.includes(nodeId));
    for (const home of asset.homes) {
      assert.equal(replicas.filter((copy) => copy.nodeId === home && copy.state === "verified").length, 10);
    }
  });

  it("fails an asset whose source is refused, and leaves nothing of it on the nodes", async () => {
    await using test = await LoopUnderTest.open(three);
    for (const agent of test.agents) agent.does = ({ kind }) => kind !== "probe";
    const assetId = await test.ingest();
    const { agent, grant } = await test.untilRunning("probe");
    const failure = { code: "not_media", message: "not media", hint: "" } as const;
    await agent.finish(grant, { kind: "failed", failure });
    await test.until(() => test.isSettled(assetId));
    const { asset, replicas } = await test.view(assetId);
    assert.deepEqual([asset.state, asset.error?.code, replicas], ["failed", "not_media", []]);
    assert.ok(test.agents.every((agent) => !agent.store.has(assetId)));
  });

  it("tries a failed encode elsewhere, and gives up after three", async () => {
    await using test = await LoopUnderTest.open(three);
    hold(test);
    const assetId = await test.ingest();
    const failure = { code: "ffmpeg_failed", message: "boom", hint: "" } as const;
    const tried: string[] = [];
    while (tried.length < 3) {
      await test.until(() => test.agents.some((agent) => agent.running.some(isFirstChunk)));
      const agent = test.agents.find((one) => one.running.some(isFirstChunk))!;
      tried.push(agent.description.name);
      await agent.finish(agent.running.find(isFirstChunk)!, { kind: "failed", failure });
    }
    assert.notEqual(tried[0], tried[1]);
    await test.until(() => test.isIn(assetId, "failed"));
    assert.equal((await test.view(assetId)).asset.error?.code, "ffmpeg_failed");
  });

  it("cancels on the node what was cancelled in the catalog", async () => {
    await using test = await LoopUnderTest.open({ one: "eu" });
    hold(test);
    await test.ingest(1);
    const { grant } = await test.untilRunning("transcode");
    await test.catalog.commands.cancelTask({ taskId: grant.taskId, at: test.clock.now(), actor: "user:test" });
    test.loop.kick();
    await test.until(() =>
      test
        .agent("one")
        .received.some((message) => message.kind === "lease-cancel" && message.lease.taskId === grant.taskId),
    );
  });

  it("forgets a deleted asset once every copy is gone", async () => {
    await using test = await LoopUnderTest.open(three);
    const assetId = await test.ingest();
    await test.until(() => test.isSettled(assetId));
    await test.catalog.commands.deleteAsset({ assetId, at: test.clock.now(), actor: "user:test" });
    test.loop.kick([assetId]);
    await test.pass(3);
    assert.ok(await test.isIn(assetId, "deleting"));
    test.clock.jump(86_400_000);
    await test.until(async () => (await test.catalog.queries.getAsset(assetId)) === null);
    assert.ok(test.agents.every((agent) => !agent.store.has(assetId)));
  });

  it("ends the session of a node that was removed", async () => {
    await using test = await LoopUnderTest.open({ one: "eu", two: "us" });
    const { nodeId } = test.agent("two");
    await test.catalog.commands.removeNode({ nodeId, force: true, at: test.clock.now(), actor: "user:test" });
    await test.until(() => !test.agent("two").isConnected, 3);
    assert.deepEqual(test.agent("two").ends, ["forbidden"]);
    await assert.rejects(test.agent("two").connect(), { code: "node_not_found" });
  });

  it("knows progress, loads and logs of what is connected", async () => {
    await using test = await LoopUnderTest.open({ one: "eu" });
    hold(test);
    await test.ingest(1);
    const { agent, grant } = await test.untilRunning("transcode");
    agent.progress(grant, 0.5);
    agent.beat();
    assert.deepEqual(test.loop.progressOf(grant.taskId), { progress: 0.5, speed: 2 });
    assert.equal(test.loop.loadOf(agent.nodeId)?.capacityBytes, 1e12);
    assert.deepEqual(await test.loop.queryNode(agent.nodeId, { kind: "node-log", lines: 5 }), ["log of one"]);
    await test.pass(6);
    assert.ok((await test.node("one")).lastSeenAt >= test.clock.now() - 6_500);
  });

  it("refuses new assets when no node is connected, or none has room", async () => {
    await using test = await LoopUnderTest.open({ one: "eu" });
    const wish = { assetId: newId("asset", 0), replicas: 2, regions: [], bytes: 5_000, pins: [] };
    await assert.rejects(test.loop.chooseHomes({ ...wish, bytes: 1e12 }), { code: "storage_full" });
    await assert.rejects(test.loop.chooseHomes({ ...wish, regions: ["ap"] }), { code: "no_node_available" });
    test.agent("one").die();
    await assert.rejects(test.loop.chooseHomes(wish), { code: "no_node_available" });
    await assert.rejects(test.loop.queryNode(test.agent("one").nodeId, { kind: "node-log", lines: 1 }), {
      code: "unavailable",
    });
  });
});

function isFirstChunk(grant: FakeAgent["running"][number]): boolean {
  return grant.work.kind === "transcode" && grant.work.chunk.index === 0;
}
