// A home is drained: copies stand elsewhere first, the asset stays ready, and the node may stop.
import assert from "node:assert/strict";
import { Cluster, clip, eventually } from "../cluster/cluster.ts";
import type { AssetJson, IngestJson } from "../cluster/cluster.ts";
import { decodeStream } from "../cluster/stream.ts";

describe("drain of a home", () => {
  it("moves copies away first, keeps the asset ready and says that the node may stop", async () => {
    await using cluster = await Cluster.start();
    const { asset } = await cluster.json<IngestJson>("ingest", clip);
    const drained = cluster.node(asset.replicas[0]?.nodeId ?? "");
    const other = cluster.node(asset.replicas[1]?.nodeId ?? "");
    const states = watchStates(cluster, asset.id);

    const outcome = await cluster.vsctl("nodes", "drain", drained.name, "--wait", "--yes");
    assert.equal(outcome.code, 0, outcome.stderr);
    assert.match(outcome.stdout + outcome.stderr, /may (now )?(be stopped|stop)/);

    assert.deepEqual([...(await states.stop())], ["ready"]);
    const after = await cluster.json<AssetJson>("assets", "show", asset.id);
    assert.equal(after.degraded, null);
    assert.ok(!after.replicas.some((replica) => replica.nodeId === drained.id));
    const { playback } = await cluster.json<IngestJson>("assets", "url", asset.id);
    assert.equal(playback.hls.length, 2);
    assert.ok(!playback.hls.some((url) => url.startsWith(drained.playbackUrl)));

    await cluster.stopProgram(drained.name);
    for (const url of playback.hls) assert.equal((await decodeStream(url)).videoTimes.length, 720);
    assert.ok(playback.hls.some((url) => url.startsWith(other.playbackUrl)));
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

function watchStates(cluster: Cluster, assetId: string): { stop(): Promise<ReadonlySet<string>> } {
  const states = new Set<string>();
  const ended = new AbortController();
  const loop = (async () => {
    while (!ended.signal.aborted) states.add((await cluster.json<AssetJson>("assets", "show", assetId)).state);
  })();
  return {
    async stop() {
      ended.abort();
      await loop;
      return states;
    },
  };
}
