import assert from "node:assert/strict";
import { newId } from "@vstream/core/ids.ts";
import type { AssetSummary } from "../catalog/catalog.ts";
import type { AssetState, NodeRecord, ReplicaState } from "../catalog/records.ts";
import { assetRecord, nodeRecord } from "../testing/records.ts";
import { playbackOf } from "./playback-urls.ts";

function hosts(nodes: readonly NodeRecord[], states: readonly ReplicaState[], state: AssetState = "ready"): string[] {
  const asset = assetRecord({ state, homes: nodes.map((node) => node.id) });
  const replicas = nodes.map((node, index) => ({ nodeId: node.id, state: states[index] ?? "verified" }));
  const summary: AssetSummary = {
    asset,
    replicas,
    fewestCopies: 1,
    hasSource: true,
    storedBytes: 1,
    piecesDone: 1,
    text: [],
  };
  const playback = playbackOf(summary, nodes);
  for (const url of playback.watch) assert.ok(url.endsWith(`/watch/${asset.id}`));
  for (const url of playback.hls) assert.ok(url.endsWith(`/v/${asset.id}/index.m3u8`));
  assert.equal(playback.watch.length, playback.hls.length);
  for (const url of playback.dash) assert.ok(url.endsWith(`/v/${asset.id}/manifest.mpd`));
  assert.equal(playback.dash.length, playback.hls.length);
  return playback.hls.map((url) => new URL(url).host);
}

function node(name: string, change: Partial<NodeRecord> = {}): NodeRecord {
  return nodeRecord({ id: newId("node", 1), name, ...change });
}

describe("playback URLs", () => {
  it("are one for each home, in their order", () => {
    assert.deepEqual(hosts([node("b"), node("a")], []), ["b", "a"]);
  });

  it("leave out homes that are down, and name silent ones last", () => {
    const nodes = [node("a", { health: "suspect" }), node("b", { health: "down" }), node("c")];
    assert.deepEqual(hosts(nodes, []), ["c", "a"]);
  });

  it("leave out a draining home only once another one holds everything", () => {
    const nodes = [node("a", { scheduling: "draining" }), node("b")];
    assert.deepEqual(hosts(nodes, ["verified", "copying"]), ["a", "b"]);
    assert.deepEqual(hosts(nodes, ["verified", "verified"]), ["b"]);
  });

  it("are none while nothing can be played", () => {
    for (const state of ["uploading", "processing", "failed", "deleting"] as const) {
      assert.deepEqual(hosts([node("a")], [], state), []);
    }
  });
});
