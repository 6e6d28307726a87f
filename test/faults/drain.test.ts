// Draining a home, in all the ways that it can go: nobody who watches notices, and nothing is ever without its copies.
import assert from "node:assert/strict";
import {
  assertPlaysWhole,
  assertUnnoticed,
  homesOf,
  showAsset,
  untilWhole,
  watchAsset,
} from "../cluster/asset-checks.ts";
import { Bed, control, needsBed } from "../cluster/bed.ts";
import type { IngestJson } from "../cluster/cluster.ts";
import { eventually } from "../cluster/cluster.ts";
import { shortClip } from "../cluster/repository.ts";

interface NodeJson {
  readonly scheduling: string;
}

/** Less than what is put in: nobody's home. */
const noRoom = { capacityBytes: 2 ** 20 };
const quick = { drainQuietMs: 2_000 };

async function schedulingOf(bed: Bed, name: string): Promise<string> {
  return (await bed.json<NodeJson>("nodes", "show", name)).scheduling;
}

describe("a drain", function () {
  this.timeout(180_000);
  before(function () {
    needsBed(this);
  });

  it("with viewers: they go elsewhere, none notices, and the node may be stopped", async () => {
    await using bed = await Bed.start();
    const { asset, playback } = await bed.ingest<IngestJson>();
    const drained = bed.state.nodes.find(({ playbackUrl }) => playback.hls[0]?.startsWith(playbackUrl));
    assert.ok(drained !== undefined);
    await using crowd = await bed.watch({ viewers: 12, urls: playback.hls, follows: "homes", startWithinMs: 8_000 });
    const watched = watchAsset(bed, asset.id);

    const outcome = await bed.vsctl("nodes", "drain", drained.name, "--wait", "--yes");
    assert.equal(outcome.code, 0, outcome.stderr);
    await eventually("every viewer to be elsewhere", () =>
      crowd.reports.every(({ home }) => home !== drained.playbackUrl) ? true : undefined,
    );
    await bed.stop(drained.name);
    // A whole playing more, that begins without the node.
    const before = crowd.reports.map(({ playbacks }) => playbacks);
    await eventually("everybody to begin anew", () =>
      crowd.reports.every(({ playbacks }, index) => playbacks > (before[index] ?? 0)) ? true : undefined,
    );
    assertUnnoticed(await crowd.stop(), 1_000);
    assert.deepEqual((await watched.stop()).states, ["ready"]);
    await assertPlaysWhole((await bed.json<IngestJson>("assets", "url", asset.id)).playback.hls);
  });

  it("of the last copy: held until there is a place for it, and then it goes there", async () => {
    await using bed = await Bed.start({
      nodes: [
        { name: "eu-1", region: "eu" },
        { name: "us-1", region: "us" },
      ],
      controlConfig: { ...quick, replicas: 1 },
    });
    await bed.json("nodes", "cordon", "us-1");
    const { asset } = await bed.ingest<IngestJson>(shortClip);
    await bed.json("nodes", "drain", "eu-1", "--yes");
    const watched = watchAsset(bed, asset.id);
    await new Promise((wake) => setTimeout(wake, 8_000));
    assert.equal(await schedulingOf(bed, "eu-1"), "draining");
    assert.deepEqual(await homesOf(bed, asset.id), [bed.node("eu-1").id]);

    await bed.json("nodes", "uncordon", "us-1");
    await bed.until("eu-1", { scheduling: "drained" });
    const seen = await watched.stop();
    assert.deepEqual(seen.states, ["ready"]);
    assert.ok(seen.fewest >= 1, "it had a verified copy all the time");
    await untilWhole(bed, asset.id, { copies: 1, without: [bed.node("eu-1").id] });
  });

  it("past its deadline with hold: goes on waiting, and says so", async () => {
    await using bed = await Bed.start({ nodes: threeWithoutRoomOnTheThird(), controlConfig: quick });
    const { asset } = await bed.ingest<IngestJson>();
    const outcome = await bed.vsctl("nodes", "drain", "eu-1", "--deadline", "5s", "--wait", "--yes");
    assert.equal(outcome.code, 5, outcome.stdout + outcome.stderr);
    await new Promise((wake) => setTimeout(wake, 5_000));
    assert.equal(await schedulingOf(bed, "eu-1"), "draining");
    await untilWhole(bed, asset.id, { limitMs: 5_000 });
    assert.ok((await homesOf(bed, asset.id)).includes(bed.node("eu-1").id));
  });

  it("past its deadline with force: ends with one copy fewer, never with none", async () => {
    await using bed = await Bed.start({ nodes: threeWithoutRoomOnTheThird(), controlConfig: quick });
    const { asset } = await bed.ingest<IngestJson>();
    await bed.json("nodes", "drain", "eu-1", "--deadline", "5s", "--on-deadline", "force", "--yes");
    await bed.until("eu-1", { scheduling: "drained" });
    await bed.stop("eu-1");
    // What stands on a drained node counts for as long as the node is there.
    await eventually("the missing copy to be told", async () => {
      const { state, degraded } = await showAsset(bed, asset.id);
      assert.equal(state, "ready");
      return degraded?.have === 1 && degraded.wanted === 2 ? true : undefined;
    });
    const { playback } = await bed.json<IngestJson>("assets", "url", asset.id);
    const answers = await Promise.all(playback.hls.map(async (url) => (await fetch(url)).status));
    assert.ok(answers.length > 0 && answers.every((status) => status === 200), JSON.stringify(playback.hls));
  });

  it("taken back by uncordon: the node is a home as before, and nothing is left over", async () => {
    await using bed = await Bed.start();
    const { asset } = await bed.ingest<IngestJson>();
    const before = await homesOf(bed, asset.id);
    const name = bed.node(before[0] ?? "").name;
    // Copies that are on their way for long: there is something to take back.
    for (const home of before) bed.network.slow(bed.node(home).name, 3_000_000);
    await bed.json("nodes", "drain", name, "--yes");
    await eventually("a third home", async () => ((await homesOf(bed, asset.id)).length === 3 ? true : undefined));
    await bed.json("nodes", "uncordon", name);
    bed.network.heal();
    await bed.until(name, { scheduling: "active" });
    const after = await untilWhole(bed, asset.id);
    assert.deepEqual([after.state, after.replicas.map(({ nodeId }) => nodeId).sort()], ["ready", before]);
  });

  it("across a kill -9 of the control plane: goes on by itself", async () => {
    await using bed = await Bed.start({ controlConfig: quick });
    const { asset } = await bed.ingest<IngestJson>();
    const [home = ""] = await homesOf(bed, asset.id);
    for (const { name } of bed.state.nodes) bed.network.slow(name, 8_000_000);
    await bed.json("nodes", "drain", bed.node(home).name, "--yes");
    await eventually("a third home", async () => ((await homesOf(bed, asset.id)).length === 3 ? true : undefined));
    await bed.kill(control);
    await bed.start(control);
    bed.network.heal();
    await bed.until(bed.node(home).name, { scheduling: "drained" });
    await untilWhole(bed, asset.id, { without: [home] });
  });

  it("of two nodes at once: both homes move, and two whole copies stand all the time", async () => {
    const nodes = ["eu-1", "eu-2", "us-1", "us-2"].map((name) => ({ name, region: name.slice(0, 2) }));
    await using bed = await Bed.start({ nodes, controlConfig: quick });
    const { asset } = await bed.ingest<IngestJson>(shortClip);
    const homes = await homesOf(bed, asset.id);
    const watched = watchAsset(bed, asset.id);
    await Promise.all(homes.map((home) => bed.json("nodes", "drain", home, "--yes")));
    for (const home of homes) await bed.until(bed.node(home).name, { scheduling: "drained" });
    const { states, fewest } = await watched.stop();
    assert.deepEqual(states, ["ready"]);
    assert.ok(fewest >= 2, `${fewest} verified copies at some moment`);
    await untilWhole(bed, asset.id, { without: homes });
  });
});

function threeWithoutRoomOnTheThird(): { name: string; region: string; config?: typeof noRoom }[] {
  return [
    { name: "eu-1", region: "eu" },
    { name: "us-1", region: "us" },
    { name: "us-2", region: "us", config: noRoom },
  ];
}
