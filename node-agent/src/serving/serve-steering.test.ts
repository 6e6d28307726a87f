import assert from "node:assert/strict";
import { Registry } from "prom-client";
import { VsError } from "@vstream/core/errors.ts";
import { newId } from "@vstream/core/ids.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import type { Manifest, NodeAddress } from "@vstream/core/media.ts";
import { sampleAssetId, sampleManifest } from "../packaging/sample-manifest.fixture.ts";
import type { SteeringList } from "../steering/steering-list.ts";
import { MovedClock } from "../tasks/moved-clock.fixture.ts";
import type { ServingDeps } from "./serving.ts";
import { TrialCluster, codeOf, fetchRaw, fillStore, openTrialNode, trialAddress } from "./trial-serving.fixture.ts";
import type { TrialNode } from "./trial-serving.fixture.ts";

const index = `/v/${sampleAssetId}/index.m3u8`;

/** Three nodes that see each other; the first two are the homes of the sample asset. */
class Trial implements AsyncDisposable {
  readonly cluster = new TrialCluster();
  readonly nodes: TrialNode[] = [];
  readonly clock = new MovedClock();
  /** What chance says from now on. */
  chance = 0.5;
  isControlHeard = true;

  static async open(changes: Partial<ServingDeps> = {}): Promise<Trial> {
    const trial = new Trial();
    for (let count = 0; count < 3; count += 1) {
      const { clock, cluster } = trial;
      const own = { clock, rng: () => trial.chance, isControlHeard: () => trial.isControlHeard };
      trial.nodes.push(await openTrialNode(cluster, { ...own, nodeId: newId("node", count), ...changes }));
    }
    for (const node of trial.nodes) await fillStore(node.store, trial.manifest());
    return trial;
  }

  id(node: number): NodeId {
    return this.nodes[node]!.nodeId;
  }

  manifest(changes: Partial<Manifest> = {}): Manifest {
    return sampleManifest({ homeNodeIds: [this.id(0), this.id(1)], ...changes });
  }

  say(node: number, changes: Partial<NodeAddress>): void {
    this.cluster.directory = this.cluster.directory.map((entry) =>
      entry.nodeId === this.id(node) ? { ...entry, ...changes } : entry,
    );
  }

  async text(node: number, path: string): Promise<string> {
    const answer = await fetchRaw(this.nodes[node]!.url, path);
    assert.equal(answer.status, 200, answer.body.toString());
    return answer.body.toString();
  }

  async list(node: number, at: number | null, query = ""): Promise<SteeringList> {
    const pathway = at === null ? "" : `_HLS_pathway=${this.id(at)}`;
    return JSON.parse(await this.text(node, `/steering/${sampleAssetId}?${pathway}&${query}`)) as SteeringList;
  }

  async homes(node: number, at: number): Promise<string[]> {
    const text = await this.text(node, `/v/${sampleAssetId}/homes.json?at=${this.id(at)}`);
    return (JSON.parse(text) as { homes: { nodeId: string }[] }).homes.map((home) => home.nodeId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const node of this.nodes) await node[Symbol.asyncDispose]();
  }
}

function variantUris(playlist: string): string[] {
  return playlist.split("\n").filter((line) => line.endsWith(".m3u8") && !line.startsWith("#"));
}

describe("a playlist with pathways", () => {
  let trial: Trial;
  beforeEach(async () => (trial = await Trial.open()));
  afterEach(() => trial[Symbol.asyncDispose]());

  it("names this node's files relative to itself, and the other homes' where they stand", async () => {
    const uris = variantUris(await trial.text(0, index));
    const other = `${trial.nodes[1]!.url}/v/${sampleAssetId}/`;
    const own = ["video/360p.m3u8", "video/234p.m3u8"];
    assert.deepEqual(uris.toSorted(), [...own, ...own.map((uri) => other + uri)].toSorted());
  });

  it("begins with each home about as often", async () => {
    let seed = 1;
    await using spread = await Trial.open({ rng: () => (seed = (seed * 16807) % 2147483647) / 2147483647 });
    const firsts = new Map<string, number>();
    for (let viewer = 0; viewer < 200; viewer += 1) {
      const playlist = await spread.text(0, index);
      const [, serverUri = "", first = ""] = /SERVER-URI="([^"]+)",PATHWAY-ID="(\w+)"/.exec(playlist) ?? [];
      assert.match(serverUri, new RegExp(`^\\.\\./\\.\\./steering/${sampleAssetId}\\?known=\\w+-\\w+&near=eu$`));
      assert.equal(/STREAM-INF.*PATHWAY-ID="(\w+)"/.exec(playlist)?.[1], first);
      firsts.set(first, (firsts.get(first) ?? 0) + 1);
    }
    assert.deepEqual(new Set(firsts.keys()), new Set([spread.id(0), spread.id(1)]));
    for (const count of firsts.values()) assert.ok(count > 60, `${String(count)} of 200`);
  });

  it("given by a node that is no home has that one as its last way", async () => {
    const uris = variantUris(await trial.text(2, index));
    assert.equal(uris.length, 6);
    assert.deepEqual(uris.slice(4), ["video/360p.m3u8", "video/234p.m3u8"]);
  });

  it("has one way, and no steering, when one is asked for or there is one home", async () => {
    const plain = await trial.text(0, `${index}?pathways=one`);
    assert.doesNotMatch(plain, /STEERING|PATHWAY/);
    for (const node of trial.nodes)
      await node.store.keepManifest(trial.manifest({ version: 4, homeNodeIds: [trial.id(0)] }));
    assert.equal(await trial.text(0, index), plain);
  });

  it("changes with the manifest and with the nodes' addresses", async () => {
    await trial.list(0, null);
    await trial.clock.advance(0);
    const before = await trial.text(0, index);
    trial.say(1, { playbackUrl: "https://moved.example" });
    const moved = await trial.text(0, index);
    assert.equal(moved, before.replaceAll(trial.nodes[1]!.url, "https://moved.example"));
    await trial.nodes[0]!.store.keepManifest(
      trial.manifest({ version: 4, renditions: [trial.manifest().renditions[0]!] }),
    );
    assert.equal(variantUris(await trial.text(0, index)).length, 2);
  });
});

describe("the steering manifest of an asset", () => {
  let trial: Trial;
  beforeEach(async () => (trial = await Trial.open()));
  afterEach(() => trial[Symbol.asyncDispose]());

  it("comes as such, for every origin, and is never kept", async () => {
    const answer = await fetchRaw(trial.nodes[0]!.url, `/steering/${sampleAssetId}`);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers["content-type"], "application/vnd.apple.steering-list");
    assert.equal(answer.headers["cache-control"], "no-store");
    assert.equal(answer.headers["access-control-allow-origin"], "*");
    const list = JSON.parse(answer.body.toString()) as SteeringList;
    assert.deepEqual([list.VERSION, list.TTL], [1, 10]);
    assert.deepEqual(new Set(list["PATHWAY-PRIORITY"]), new Set([trial.id(0), trial.id(1)]));
  });

  it("leaves a viewer where it is, whichever node it asks, and has it ask the other one next", async () => {
    for (const [asked, at] of [
      [0, 0],
      [0, 1],
      [2, 1],
    ] as const) {
      const list = await trial.list(asked, at, "_HLS_throughput=nonsense&known=%00");
      assert.equal(list["PATHWAY-PRIORITY"][0], trial.id(at));
      assert.ok(list["RELOAD-URI"].startsWith(`${trial.nodes[1 - at]!.url}/steering/${sampleAssetId}`));
    }
  });

  it("moves viewers off a node that drains, by a word of the directory alone", async () => {
    trial.say(0, { scheduling: "draining" });
    const list = await trial.list(0, 0);
    assert.deepEqual(list["PATHWAY-PRIORITY"], [trial.id(1), trial.id(0)]);
    assert.ok(list["RELOAD-URI"].startsWith(trial.nodes[1]!.url));
    assert.equal((await trial.list(1, 0))["PATHWAY-PRIORITY"][0], trial.id(1));
  });

  it("moves viewers off a node that no longer answers, with the control plane down", async () => {
    trial.isControlHeard = false;
    await trial.list(1, 0);
    trial.cluster.silent.add(trial.id(0));
    await trial.clock.advance(4_000);
    assert.deepEqual((await trial.list(1, 0))["PATHWAY-PRIORITY"], [trial.id(1), trial.id(0)]);
    trial.cluster.silent.clear();
    await trial.clock.advance(2_000);
    assert.equal((await trial.list(1, 0))["PATHWAY-PRIORITY"][0], trial.id(0));
  });

  it("moves viewers off an overloaded node as chance has it, to one with room", async () => {
    await trial.list(1, 0);
    const full = { egressBps: 1e9, egressLimitBps: 1e9, viewers: 4_000 };
    trial.cluster.loads.set(trial.id(0), full);
    await trial.clock.advance(2_000);
    trial.chance = 0.1;
    const moved = await trial.list(1, 0);
    trial.chance = 0.9;
    const stayed = await trial.list(1, 0);
    assert.deepEqual([moved["PATHWAY-PRIORITY"][0], stayed["PATHWAY-PRIORITY"][0]], [trial.id(1), trial.id(0)]);
    assert.equal(stayed.TTL, 40);
  });

  it("brings a new home to a viewer whose playlist did not have it", async () => {
    const known = `known=${trial.id(0)}-${trial.id(1)}`;
    await trial.nodes[0]!.store.keepManifest(trial.manifest({ version: 4, homeNodeIds: [trial.id(1), trial.id(2)] }));
    trial.say(1, { scheduling: "draining" });
    const list = await trial.list(0, 0, known);
    assert.deepEqual(list["PATHWAY-PRIORITY"], [trial.id(2), trial.id(1), trial.id(0)]);
    const [clone] = list["PATHWAY-CLONES"] ?? [];
    assert.deepEqual([clone?.ID, clone?.["BASE-ID"]], [trial.id(2), trial.id(0)]);
    const uri = clone?.["URI-REPLACEMENT"]["PER-VARIANT-URIS"]["360p"] ?? "";
    assert.match(await trial.text(2, new URL(uri).pathname), /#EXTINF/);
    assert.ok(uri.startsWith(trial.nodes[2]!.url));
  });

  it("is not there for an asset that is not, and gone for one that is deleted", async () => {
    const refused: ServingDeps["askControl"] = () => Promise.reject(new VsError("asset_not_found", "no such asset"));
    await using stranger = await openTrialNode(new TrialCluster(), { askControl: refused });
    const unknown = await fetchRaw(stranger.url, `/steering/${sampleAssetId}`);
    assert.deepEqual([unknown.status, codeOf(unknown)], [404, "asset_not_found"]);
    assert.equal((await fetchRaw(stranger.url, "/steering/nonsense")).status, 404);
    await trial.nodes[0]!.store.keepManifest(trial.manifest({ version: 4, deleted: true }));
    assert.equal((await fetchRaw(trial.nodes[0]!.url, `/steering/${sampleAssetId}`)).status, 410);
  });

  it("is counted, by whether viewers move, and so is who answers", async () => {
    const registry = new Registry();
    await using counted = await openTrialNode(trial.cluster, { registry });
    await counted.store.keepManifest(trial.manifest());
    const ask = `/steering/${sampleAssetId}?_HLS_pathway=`;
    await fetchRaw(counted.url, ask + trial.id(0));
    await fetchRaw(counted.url, ask + counted.nodeId);
    const text = (await fetchRaw(counted.url, "/metrics")).body.toString();
    assert.match(text, /vstream_steering_answers_total\{by="steering",reason="stay"\} 1/);
    assert.match(text, /vstream_steering_answers_total\{by="steering",reason="moved"\} 1/);
    assert.match(text, /vstream_steering_nodes\{state="answers"\} 2/);
  });
});

describe("the homes that our player is told", () => {
  it("begin with where it is, until it should be elsewhere", async () => {
    await using trial = await Trial.open();
    assert.deepEqual(await trial.homes(0, 1), [trial.id(1), trial.id(0), trial.id(2)]);
    trial.say(1, { scheduling: "draining" });
    assert.deepEqual(await trial.homes(1, 1), [trial.id(0), trial.id(1), trial.id(2)]);
    trial.say(1, { scheduling: "drained", serving: false });
    assert.deepEqual(await trial.homes(0, 1), [trial.id(0), trial.id(2)]);
  });
});

describe("a cluster of many nodes", () => {
  let trial: Trial;
  const others = Array.from({ length: 10 }, (_, at) => newId("node", 10 + at));
  beforeEach(async () => {
    trial = await Trial.open();
    const addresses = others.map((nodeId) => trialAddress(nodeId, { playbackUrl: `http://${nodeId}.example` }));
    trial.cluster.directory = [...addresses, ...trial.cluster.directory];
  });
  afterEach(() => trial[Symbol.asyncDispose]());

  it("keeps the node that answers among those that our player is told of, and tells of no more than eight", async () => {
    const homes = await trial.homes(2, 2);
    assert.deepEqual([homes.length, homes.at(-1)], [8, trial.id(2)]);
    assert.deepEqual(new Set(homes.slice(0, 2)), new Set([trial.id(0), trial.id(1)]));
    trial.say(2, { scheduling: "draining" });
    assert.deepEqual((await trial.homes(2, 2)).at(-1), trial.id(2));
    trial.say(2, { scheduling: "drained", serving: false });
    assert.ok(!(await trial.homes(2, 2)).includes(trial.id(2)));
  });

  it("finds out which of the nodes that stand in for dead homes are dead too", async () => {
    trial.cluster.silent.add(trial.id(0)).add(trial.id(1));
    await trial.list(2, null);
    await trial.clock.advance(4_000);
    const before = await trial.list(2, null);
    assert.ok(before["PATHWAY-PRIORITY"].some((nodeId) => others.includes(nodeId)));
    for (let round = 0; round < 4; round += 1) {
      await trial.list(2, null);
      await trial.clock.advance(4_000);
    }
    const after = await trial.list(2, null);
    assert.deepEqual(new Set(after["PATHWAY-PRIORITY"]), new Set([0, 1, 2].map((node) => trial.id(node))));
    assert.equal(after["PATHWAY-PRIORITY"][0], trial.id(2));
  });
});

describe("the load of a node", () => {
  it("counts nobody who is given nothing: the asset is not there, or deleted, or has no such file", async () => {
    const clock = new MovedClock();
    const askControl: ServingDeps["askControl"] = () => Promise.reject(new VsError("asset_not_found", "no such asset"));
    await using node = await openTrialNode(new TrialCluster(), { clock, askControl });
    const manifest = sampleManifest({ homeNodeIds: [node.nodeId] });
    await fillStore(node.store, manifest);
    clock.jump(5_000);
    const base = `/v/${sampleAssetId}`;
    const ask = async (path: string): Promise<number> => (await fetchRaw(node.url, path)).status;
    assert.equal(await ask(`/v/${newId("asset", 5)}/audio/0.m3u8`), 404);
    assert.equal(await ask(`${base}/video/9p.m3u8`), 404);
    assert.equal(await ask(`${base}/${"0".repeat(64)}.m4s`), 404);
    assert.equal((await fetchRaw(node.url, `${base}/audio/0.m3u8`, { method: "OPTIONS" })).status, 204);
    await node.store.keepManifest({ ...manifest, version: manifest.version + 1, deleted: true });
    assert.equal(await ask(`${base}/audio/0.m3u8`), 410);
    assert.deepEqual([node.serving.load().viewersQuietMs, node.serving.load().viewers], [5_000, 0]);
    assert.deepEqual(node.serving.demand(), []);
  });

  it("holds its open connections, and since when no viewer asked", async () => {
    const clock = new MovedClock();
    await using node = await openTrialNode(new TrialCluster(), { clock });
    await fillStore(node.store, sampleManifest({ homeNodeIds: [node.nodeId] }));
    clock.jump(5_000);
    await fetchRaw(node.url, index);
    assert.equal(node.serving.load().viewersQuietMs, 5_000);
    await fetchRaw(node.url, `/v/${sampleAssetId}/audio/0.m3u8`);
    clock.jump(300);
    assert.equal(node.serving.load().viewersQuietMs, 300);
    const demand = node.serving.demand();
    assert.deepEqual(
      demand.map(({ assetId, viewers }) => [assetId, viewers]),
      [[sampleAssetId, 1]],
    );
    assert.ok((demand[0]?.egressBps ?? 0) > 0);
    assert.ok(node.serving.load().connections <= 2);
  });
});
