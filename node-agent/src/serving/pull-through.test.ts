import assert from "node:assert/strict";
import { truncate, writeFile, chmod } from "node:fs/promises";
import { VsError } from "@vstream/core/errors.ts";
import type { Manifest } from "@vstream/core/media.ts";
import { sampleAssetId, sampleManifest } from "../packaging/sample-manifest.fixture.ts";
import type { AskControl } from "./manifests.ts";
import {
  HeldClock,
  TrialCluster,
  codeOf,
  fetchRaw,
  fillStore,
  firstSegment,
  openTrialNode,
} from "./trial-serving.fixture.ts";
import type { TrialNode } from "./trial-serving.fixture.ts";
import { until } from "./trial-viewer.fixture.ts";

const base = `/v/${sampleAssetId}`;

async function fill(node: TrialNode, changes: Partial<Manifest> = {}): Promise<Manifest> {
  const manifest = sampleManifest({ homeNodeIds: [node.nodeId], ...changes });
  await fillStore(node.store, manifest);
  return manifest;
}

/** Wrong bytes of the same length under an object's name, as a failing disk gives them. */
async function damage(node: TrialNode, manifest: Manifest): Promise<void> {
  const { sha256, bytes } = firstSegment(manifest);
  const path = node.store.pathOf(sha256)!;
  await chmod(path, 0o644);
  await writeFile(path, Buffer.alloc(bytes.length, 1));
}

describe("any node", () => {
  it("answers for an asset that it has nothing of, and keeps what it pulled", async () => {
    const cluster = new TrialCluster();
    await using home = await openTrialNode(cluster);
    await using other = await openTrialNode(cluster);
    const manifest = await fill(home, { complete: true });
    const { sha256, bytes } = firstSegment(manifest);
    assert.equal((await fetchRaw(other.url, `${base}/index.m3u8`)).status, 200);
    const segment = await fetchRaw(other.url, `${base}/${sha256}.m4s`);
    assert.deepEqual(segment.body, bytes);
    await until(() => other.store.has(sha256));
    assert.equal(other.store.usage.usedBytes, 0);
  });

  it("still answers from what it pulled when the homes are gone", async () => {
    const cluster = new TrialCluster();
    await using home = await openTrialNode(cluster);
    await using other = await openTrialNode(cluster);
    const manifest = await fill(home);
    const path = `${base}/${firstSegment(manifest).sha256}.m4s`;
    await fetchRaw(other.url, path);
    cluster.silent.add(home.nodeId);
    assert.equal((await fetchRaw(other.url, path)).status, 200);
    assert.equal((await fetchRaw(other.url, `${base}/index.m3u8`)).status, 200);
  });

  it("takes an object from another node when the first home does not answer", async () => {
    const cluster = new TrialCluster();
    await using home = await openTrialNode(cluster);
    await using second = await openTrialNode(cluster);
    await using other = await openTrialNode(cluster);
    const manifest = await fill(home, { homeNodeIds: [home.nodeId, second.nodeId] });
    await fillStore(second.store, manifest);
    cluster.silent.add(home.nodeId);
    const { sha256, bytes } = firstSegment(manifest);
    assert.deepEqual((await fetchRaw(other.url, `${base}/${sha256}.m4s`)).body, bytes);
  });

  it("never passes on wrong bytes from a peer", async () => {
    const cluster = new TrialCluster();
    await using home = await openTrialNode(cluster);
    await using other = await openTrialNode(cluster);
    const manifest = await fill(home);
    await damage(home, manifest);
    const { sha256 } = firstSegment(manifest);
    const answer = await fetchRaw(other.url, `${base}/${sha256}.m4s`);
    assert.equal(answer.status, 503);
    assert.equal(codeOf(answer), "object_missing");
    assert.ok(!other.store.has(sha256));
    assert.deepEqual(cluster.told, [{ holder: home.nodeId, sha256 }]);
  });

  it("fetches an object once, however many ask at once", async () => {
    const cluster = new TrialCluster();
    await using home = await openTrialNode(cluster);
    const manifest = await fill(home);
    let reads = 0;
    const { openObject, ...peers } = cluster.peers;
    const counted: typeof cluster.peers = {
      ...peers,
      get directory() {
        return cluster.directory;
      },
      openObject: async (...given) => {
        reads += 1;
        return await openObject(...given);
      },
    };
    await using other = await openTrialNode(cluster, { peers: counted });
    const path = `${base}/${firstSegment(manifest).sha256}.m4s`;
    const answers = await Promise.all(Array.from({ length: 20 }, () => fetchRaw(other.url, path)));
    assert.ok(answers.every((answer) => answer.status === 200));
    assert.equal(reads, 1);
  });
});

describe("a home", () => {
  it("whose file is damaged serves the object from a peer, and reports the file", async () => {
    const cluster = new TrialCluster();
    await using node = await openTrialNode(cluster);
    await using second = await openTrialNode(cluster);
    const manifest = await fill(node, { homeNodeIds: [node.nodeId, second.nodeId] });
    await fillStore(second.store, manifest);
    await damage(node, manifest);
    const { sha256, bytes } = firstSegment(manifest);
    assert.deepEqual((await fetchRaw(node.url, `${base}/${sha256}.m4s`)).body, bytes);
    assert.deepEqual(node.corrupt, [sha256]);
  });

  it("whose file is cut short, and the only one, answers with an error", async () => {
    await using node = await openTrialNode(new TrialCluster());
    const manifest = await fill(node);
    const { sha256 } = firstSegment(manifest);
    const path = node.store.pathOf(sha256)!;
    await chmod(path, 0o644);
    await truncate(path, 3);
    assert.equal((await fetchRaw(node.url, `${base}/${sha256}.m4s`)).status, 503);
    assert.deepEqual(node.corrupt, [sha256]);
  });
});

describe("what a node knows of an asset", () => {
  it("comes from the control plane when no peer has it", async () => {
    const manifest = sampleManifest();
    const asked: unknown[] = [];
    const askControl: AskControl = (query) => {
      asked.push(query);
      return Promise.resolve(manifest);
    };
    await using node = await openTrialNode(new TrialCluster(), { askControl });
    assert.equal((await fetchRaw(node.url, `${base}/index.m3u8`)).status, 200);
    assert.deepEqual(asked, [{ assetId: sampleAssetId, haveVersion: 0 }]);
  });

  it("is asked for again after a second while the asset grows, and not before", async () => {
    const cluster = new TrialCluster();
    const clock = new HeldClock();
    await using home = await openTrialNode(cluster);
    await using other = await openTrialNode(cluster, { clock });
    await fill(home);
    const segments = async (): Promise<number> => {
      const { body } = await fetchRaw(other.url, `${base}/video/360p.m3u8`);
      return body.toString().match(/EXTINF/g)?.length ?? 0;
    };
    assert.equal(await segments(), 2);
    await fill(home, { version: 4, releasedChunks: 3 });
    assert.equal(await segments(), 2);
    clock.nowMs += 1001;
    assert.equal(await segments(), 3);
    cluster.silent.add(home.nodeId);
    clock.nowMs += 1001;
    assert.equal(await segments(), 3);
  });

  it("never goes back to an older version", async () => {
    const cluster = new TrialCluster();
    const clock = new HeldClock();
    await using home = await openTrialNode(cluster);
    await using other = await openTrialNode(cluster, { clock });
    const manifest = sampleManifest({ homeNodeIds: [home.nodeId] });
    await other.store.keepManifest({ ...manifest, version: 5 });
    await home.store.keepManifest(sampleManifest({ homeNodeIds: [home.nodeId], releasedChunks: 1, version: 4 }));
    const { body } = await fetchRaw(other.url, `${base}/video/360p.m3u8`);
    assert.equal(body.toString().match(/EXTINF/g)?.length, 2);
  });

  it("is nothing, once the control plane says that there is no such asset", async () => {
    let asked = 0;
    const clock = new HeldClock();
    const askControl: AskControl = () => {
      asked += 1;
      return Promise.reject(new VsError("asset_not_found", "no such asset"));
    };
    await using node = await openTrialNode(new TrialCluster(), { askControl, clock });
    for (let tries = 0; tries < 3; tries += 1) {
      const answer = await fetchRaw(node.url, `${base}/index.m3u8`);
      assert.equal(answer.status, 404);
      assert.equal(codeOf(answer), "asset_not_found");
    }
    assert.equal(asked, 1);
  });

  it("is that it was deleted, even if the files are still here", async () => {
    await using node = await openTrialNode(new TrialCluster());
    const manifest = await fill(node);
    await node.store.keepManifest({ ...manifest, version: 9, deleted: true });
    for (const path of [`${base}/index.m3u8`, `${base}/${firstSegment(manifest).sha256}.m4s`]) {
      const answer = await fetchRaw(node.url, path);
      assert.equal(answer.status, 410);
      assert.equal(codeOf(answer), "asset_deleted");
    }
  });

  it("is of use only when something can be played", async () => {
    await using node = await openTrialNode(new TrialCluster());
    await node.store.keepManifest(sampleManifest({ homeNodeIds: [node.nodeId], releasedChunks: 0 }));
    const answer = await fetchRaw(node.url, `${base}/index.m3u8`);
    assert.equal(answer.status, 503);
    assert.match(answer.body.toString(), /cannot be played yet/);
  });
});
