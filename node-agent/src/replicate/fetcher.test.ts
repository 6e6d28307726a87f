// Copies from holders that are right, wrong, slow or gone.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { open, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { VsError } from "@vstream/core/errors.ts";
import { newId } from "@vstream/core/ids.ts";
import type { ObjectRef } from "@vstream/core/media.ts";
import { neverAborted, newAssetId, pieceOf, quietLog, refOf } from "../store/trial-store.fixture.ts";
import { PeerFetcher } from "./fetcher.ts";
import { fetchSource } from "./fetch-span.ts";
import { replicatePiece } from "./replicate-piece.ts";
import { storedSource, trialCluster } from "./trial-nodes.fixture.ts";
import type { TrialCluster, TrialNode } from "./trial-nodes.fixture.ts";

const mebibyte = 1024 * 1024;
const unheard = (): void => undefined;
const unasked = {
  readRange: () => Promise.reject(new Error("nobody reads a range here")),
  tellDamage: () => Promise.reject(new Error("nobody is told anything here")),
};

describe("fetching from peers", () => {
  let cluster: TrialCluster;
  let here: TrialNode;
  let one: TrialNode;
  let two: TrialNode;
  beforeEach(async () => {
    cluster = await trialCluster(3);
    [here, one, two] = cluster.nodes as [TrialNode, TrialNode, TrialNode];
  });
  afterEach(async () => {
    await cluster[Symbol.asyncDispose]();
  });
  const putOn = async (nodes: readonly TrialNode[], bytes: Buffer): Promise<ObjectRef> => {
    await Promise.all(nodes.map((node) => node.store.putBytes(bytes)));
    return refOf(bytes);
  };
  const holders = (): TrialNode["nodeId"][] => [one.nodeId, two.nodeId];

  it("brings an object once, however many ask for it", async () => {
    const object = await putOn([one], randomBytes(2 * mebibyte));
    let opened = 0;
    const peers = {
      ...unasked,
      openObject: (...args: Parameters<typeof here.peers.openObject>) => {
        opened += 1;
        return here.peers.openObject(...args);
      },
    };
    const fetcher = new PeerFetcher({ store: here.store, peers, onDamage: unheard, log: quietLog });
    await Promise.all([1, 2, 3].map(() => fetcher.fetchObject(object, holders(), neverAborted)));
    await fetcher.fetchObject(object, holders(), neverAborted);
    assert.equal(opened, 1);
    assert.equal(here.store.sizeOf(object.sha256), 2 * mebibyte);
  });

  it("goes to the next holder when one is gone, lacks it or has it wrong", async () => {
    const object = await putOn([one, two], randomBytes(mebibyte));
    await harm(one, object);
    await here.fetcher.fetchObject(object, [newId("node", 1), one.nodeId, two.nodeId], neverAborted);
    assert.deepEqual(refOf(await here.store.read(object.sha256)), object);
    const lacking = await putOn([two], randomBytes(1000));
    await here.fetcher.fetchObject(lacking, holders(), neverAborted);
  });

  it("tells a holder what it gave wrong, and nobody else", async () => {
    const streamed = await putOn([one, two], randomBytes(mebibyte));
    const read = await putOn([one, two], randomBytes(1000));
    const lacking = await putOn([two], randomBytes(1000));
    await harm(one, streamed);
    await harm(one, read);
    await here.fetcher.fetchObject(streamed, holders(), neverAborted);
    await here.fetcher.fetchBytes(read, holders(), neverAborted);
    await here.fetcher.fetchObject(lacking, holders(), neverAborted);
    await until(() => one.damaged.length === 2);
    assert.deepEqual(one.damaged, [streamed.sha256, read.sha256]);
    assert.deepEqual(two.damaged, []);
  });

  it("says that nobody has it, or that nobody could be asked", async () => {
    const object = refOf(randomBytes(10));
    await assert.rejects(here.fetcher.fetchObject(object, holders(), neverAborted), { code: "object_missing" });
    await one.listener[Symbol.asyncDispose]();
    await assert.rejects(here.fetcher.fetchObject(object, holders(), neverAborted), { code: "peer_failed" });
    const wrong = await putOn([two], randomBytes(1000));
    await harm(two, wrong);
    await assert.rejects(here.fetcher.fetchObject(wrong, holders(), neverAborted), { code: "peer_failed" });
    assert.equal(here.store.has(wrong.sha256), false);
  });

  it("goes on for the others when one who asked gives up, and stops with the last", async () => {
    const object = await putOn([one], randomBytes(1000));
    const opening = Promise.withResolvers<AsyncIterable<Uint8Array>>();
    const opened = Promise.withResolvers<undefined>();
    let stopped = false;
    const peers = {
      ...unasked,
      openObject: (_holder: unknown, _object: unknown, _from: unknown, signal: AbortSignal) => {
        opened.resolve(undefined);
        signal.addEventListener("abort", () => {
          stopped = true;
          opening.reject(signal.reason as Error);
        });
        return opening.promise;
      },
    };
    const fetcher = new PeerFetcher({ store: here.store, peers, onDamage: unheard, log: quietLog });
    const [first, second] = [new AbortController(), new AbortController()];
    const asking = [first, second].map((asker) => fetcher.fetchObject(object, holders(), asker.signal));
    await opened.promise;
    first.abort(new VsError("cancelled", "first"));
    await assert.rejects(asking[0]!, { message: "first" });
    assert.equal(stopped, false);
    second.abort(new VsError("cancelled", "second"));
    await assert.rejects(asking[1]!, { message: "second" });
    assert.equal(stopped, true);
    await here.fetcher.fetchObject(object, holders(), neverAborted);
  });

  it("gives bytes for reading from whoever has them right, and keeps them in the cache only", async () => {
    const bytes = randomBytes(5000);
    const object = await putOn([one, two], bytes);
    await harm(one, object);
    assert.deepEqual(await here.fetcher.fetchBytes(object, holders(), neverAborted), bytes);
    assert.equal(here.store.usage.usedBytes, 0);
    assert.deepEqual(await here.fetcher.fetchBytes(object, [], neverAborted), bytes);
  });

  it("checks what it has itself, and goes to the holders when that is wrong", async () => {
    const bytes = randomBytes(5000);
    const object = await putOn([here, one], bytes);
    assert.deepEqual(await here.fetcher.fetchBytes(object, [], neverAborted), bytes);
    await harm(here, object);
    assert.deepEqual(await here.fetcher.fetchBytes(object, holders(), neverAborted), bytes);
    assert.deepEqual([here.damaged, one.damaged], [[object.sha256], []]);
    await assert.rejects(here.fetcher.fetchBytes(object, [], neverAborted), { code: "object_missing" });
  });

  it("blames no file of its own that it just cannot open", async () => {
    const object = await putOn([here], randomBytes(5000));
    const path = here.store.pathOf(object.sha256)!;
    await rm(path);
    await symlink(path, path);
    await assert.rejects(here.fetcher.fetchBytes(object, holders(), neverAborted), { code: "disk_failed" });
    assert.deepEqual(here.damaged, []);
  });

  it("copies a piece from whoever has it right, and records it", async () => {
    const contents = Array.from({ length: 12 }, () => randomBytes(50_000));
    const objects = await Promise.all(contents.map((bytes) => putOn([one, two], bytes)));
    await harm(one, objects[3]!);
    const [assetId, piece] = [newAssetId(), pieceOf(0, objects)];
    const shares: number[] = [];
    await replicatePiece({
      store: here.store,
      fetcher: here.fetcher,
      assetId,
      piece,
      holders: holders(),
      signal: neverAborted,
      onProgress: (share) => shares.push(share),
    });
    assert.deepEqual(here.store.getPiece(assetId, piece.id), piece);
    assert.equal(shares.length, 12);
    assert.equal(shares.at(-1), 1);
  });

  it("records no piece of which an object is nowhere", async () => {
    const present = await putOn([one], randomBytes(1000));
    const [assetId, piece] = [newAssetId(), pieceOf(0, [present, refOf(randomBytes(10))])];
    const replication = { store: here.store, fetcher: here.fetcher, assetId, piece, holders: holders() };
    await assert.rejects(replicatePiece({ ...replication, signal: neverAborted }), { code: "object_missing" });
    assert.equal(here.store.getPiece(assetId, piece.id), null);
  });

  describe("a part of a source", () => {
    const request = async (node: TrialNode, source: Parameters<typeof fetchSource>[0]["source"]) => ({
      fetcher: node.fetcher,
      peers: node.peers,
      log: quietLog,
      scratch: await node.store.openScratch("task"),
      source,
      holders: holders(),
      signal: neverAborted,
    });

    it("has the bytes that were asked for, and the source's size", async () => {
      const { source, bytes } = await storedSource([one, two], 20 * mebibyte + 77);
      const ranges = [
        { start: 0, end: 100 },
        { start: 5 * mebibyte - 1, end: 5 * mebibyte + 1 },
        { start: 19 * mebibyte + 5, end: 30 * mebibyte },
      ];
      const path = await fetchSource({ ...(await request(here, source)), ranges });
      const file = await readFile(path);
      assert.equal(file.length, bytes.length);
      for (const [start, end] of [
        [0, mebibyte],
        [4 * mebibyte, 6 * mebibyte],
        [19 * mebibyte, bytes.length],
      ] as const) {
        assert.deepEqual(file.subarray(start, end), bytes.subarray(start, end));
      }
      assert.ok((await stat(path)).blocks * 512 < 6 * mebibyte);
      assert.equal(here.store.has(source.source.sha256), false);
    });

    it("comes from another holder when one gives a wrong byte", async () => {
      const { source, bytes } = await storedSource([one, two], 12 * mebibyte);
      await harm(one, source.source);
      const ranges = [{ start: 0, end: bytes.length }];
      const path = await fetchSource({ ...(await request(here, source)), ranges });
      assert.deepEqual(await readFile(path), bytes);
      await until(() => one.damaged.length > 0);
      assert.deepEqual([one.damaged, two.damaged], [[source.source.sha256], []]);
      await harm(two, source.source);
      await assert.rejects(fetchSource({ ...(await request(here, source)), ranges }), { code: "peer_failed" });
    });
  });
});

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await delay(5);
}

// Flips a byte in the middle of the node's file.
async function harm(node: TrialNode, object: ObjectRef): Promise<void> {
  const path = node.store.pathOf(object.sha256) ?? "";
  if (object.bytes < 2) await writeFile(path, "");
  await using handle = await open(path, "r+");
  const at = Math.floor(object.bytes / 2);
  const byte = Buffer.alloc(1);
  await handle.read(byte, 0, 1, at);
  await handle.write(Buffer.from([(byte[0] ?? 0) ^ 1]), 0, 1, at);
}
