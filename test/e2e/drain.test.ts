// A home is drained: copies stand elsewhere first, the asset stays ready, and the node may stop.
import assert from "node:assert/strict";
import { assertUnnoticed, watchAsset } from "../cluster/asset-checks.ts";
import { Cluster, clip, eventually } from "../cluster/cluster.ts";
import type { AssetJson, IngestJson } from "../cluster/cluster.ts";
import { Crowd } from "../cluster/crowd.ts";
import { decodeStream } from "../cluster/stream.ts";

describe("drain of a home", () => {
  it("moves copies away first, keeps the asset ready, and nobody who watches notices that the node stops", async () => {
    await using cluster = await Cluster.start({ controlConfig: { drainQuietMs: 6_000 } });
    const { asset, playback: before } = await cluster.json<IngestJson>("ingest", clip);
    const drained = cluster.state.nodes.find(({ playbackUrl }) => before.hls[0]?.startsWith(playbackUrl));
    assert.ok(drained !== undefined);
    const other = cluster.node(asset.replicas.find(({ nodeId }) => nodeId !== drained.id)?.nodeId ?? "");
    await using crowd = await Crowd.start({ viewers: 4, urls: before.hls, follows: "homes", startWithinMs: 4_000 });
    const states = watchAsset(cluster, asset.id);

    const outcome = await cluster.vsctl("nodes", "drain", drained.name, "--wait", "--yes");
    assert.equal(outcome.code, 0, outcome.stderr);
    assert.match(outcome.stdout + outcome.stderr, /may (now )?(be stopped|stop)/);

    assert.deepEqual((await states.stop()).states, ["ready"]);
    const after = await cluster.json<AssetJson>("assets", "show", asset.id);
    assert.equal(after.degraded, null);
    assert.ok(!after.replicas.some((replica) => replica.nodeId === drained.id));
    const { playback } = await cluster.json<IngestJson>("assets", "url", asset.id);
    assert.equal(playback.hls.length, 2);
    assert.ok(!playback.hls.some((url) => url.startsWith(drained.playbackUrl)));

    await cluster.stopProgram(drained.name);
    for (const url of playback.hls) assert.equal((await decodeStream(url)).videoTimes.length, 720);
    assert.ok(playback.hls.some((url) => url.startsWith(other.playbackUrl)));
    assertUnnoticed(await crowd.stop(), 1_000);
  });

  it("holds the last copy of something, and uncordon takes the drain back", async () => {
    await using cluster = await Cluster.start({ nodes: 1, regions: "eu" });
    const { asset } = await cluster.json<IngestJson>("ingest", clip);
    const waited = await cluster.vsctl("nodes", "drain", "eu-1", "--yes", "--json");
    assert.equal(waited.code, 0, waited.stderr);
    await new Promise((wake) => setTimeout(wake, 3000));
    const held = await cluster.json<{ scheduling: string }>("nodes", "show", "eu-1");
    assert.equal(held.scheduling, "draining");
    await cluster.json("nodes", "uncordon", "eu-1");
    await eventually("the node to be active again", async () => {
      const node = await cluster.json<{ scheduling: string }>("nodes", "show", "eu-1");
      return node.scheduling === "active" ? true : undefined;
    });
    assert.equal((await cluster.json<AssetJson>("assets", "show", asset.id)).state, "ready");
  });
});
