// Pieces, restarts and limits: what the store promises beyond single objects.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdir, readdir, rm, stat, statfs, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ObjectRef } from "@vstream/core/media.ts";
import { defaultCapacity } from "./capacity.ts";
import type { Store } from "./store.ts";
import {
  manifestOf,
  neverAborted,
  newAssetId,
  openTrialStore,
  pieceOf,
  refOf,
  strayFiles,
  streamOf,
  trialFolder,
  uploadedFile,
} from "./trial-store.fixture.ts";

describe("the store", () => {
  let folder: Awaited<ReturnType<typeof trialFolder>>;
  let store: Store;
  beforeEach(async () => {
    folder = await trialFolder();
    store = await openTrialStore(folder.path);
  });
  afterEach(async () => {
    await store[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });
  const restart = async (options: Parameters<typeof openTrialStore>[1] = {}): Promise<void> => {
    await store[Symbol.asyncDispose]();
    store = await openTrialStore(folder.path, options);
  };
  const put = (count: number): Promise<ObjectRef[]> =>
    Promise.all(Array.from({ length: count }, () => store.putBytes(randomBytes(2000))));
  const objectPath = (object: ObjectRef): string =>
    join(folder.path, "objects", object.sha256.slice(0, 2), object.sha256);

  it("records a piece only when all its objects stand here", async () => {
    const [first] = await put(1);
    const absent = refOf(Buffer.from("absent"));
    const assetId = newAssetId();
    await assert.rejects(store.recordPiece(assetId, pieceOf(0, [first!, absent])), { code: "object_missing" });
    const wrongSize = { sha256: first!.sha256, bytes: 1999 };
    await assert.rejects(store.recordPiece(assetId, pieceOf(0, [wrongSize])), { code: "object_missing" });
    assert.deepEqual([...store.inventory()], []);
  });

  it("has the same inventory after a restart", async () => {
    const [one, two] = [newAssetId(), newAssetId()];
    const pieces = [pieceOf(0, await put(3)), pieceOf(1, await put(2))];
    for (const piece of pieces) await store.recordPiece(one, piece);
    await store.recordPiece(two, pieces[0]!);
    const before = new Map(store.inventory());
    const { usedBytes } = store.usage;
    await restart();
    assert.deepEqual(store.inventory(), before);
    assert.equal(store.usage.usedBytes, usedBytes);
    assert.deepEqual(store.getPiece(one, pieces[1]!.id), pieces[1]);
  });

  it("deletes with a piece what nothing else names, and keeps what is shared", async () => {
    const [shared, own] = await put(2);
    const [one, two] = [newAssetId(), newAssetId()];
    await store.recordPiece(one, pieceOf(0, [shared!, own!]));
    await store.recordPiece(two, pieceOf(0, [shared!]));
    await store.discard(one, []);
    assert.equal(store.has(own!.sha256), false);
    assert.deepEqual([...store.inventory().keys()], [two]);
    assert.equal((await store.read(shared!.sha256)).length, 2000);
    await store.discard(two, [pieceOf(0, [shared!]).id]);
    assert.equal(store.usage.usedBytes, 0);
    await assert.rejects(stat(objectPath(shared!)), { code: "ENOENT" });
  });

  it("keeps an object that a task has just stored, whoever else lets go of it", async () => {
    const [object] = await put(1);
    const [one, two] = [newAssetId(), newAssetId()];
    await store.recordPiece(one, pieceOf(0, [object!]));
    const again = await uploadedFile(store, 1);
    await writeFile(again.path, await store.read(object!.sha256));
    await store.adoptFile(again.path);
    await store.discard(one, []);
    await store.recordPiece(two, pieceOf(0, [object!]));
    assert.equal((await store.read(object!.sha256)).length, 2000);
  });

  it("lets go of the objects of a piece that is recorded anew", async () => {
    const [older, newer] = await put(2);
    const assetId = newAssetId();
    await store.recordPiece(assetId, pieceOf(0, [older!]));
    await store.recordPiece(assetId, pieceOf(0, [newer!]));
    assert.equal(store.has(older!.sha256), false);
    await restart();
    assert.deepEqual(store.getPiece(assetId, pieceOf(0, [newer!]).id), pieceOf(0, [newer!]));
  });

  it("holds under pieces that are recorded and discarded at once", async () => {
    const objects = await put(4);
    const assets = Array.from({ length: 8 }, newAssetId);
    for (const assetId of assets) await store.recordPiece(assetId, pieceOf(0, objects));
    await Promise.all(
      assets.map(async (assetId, index) => {
        if (index % 2 === 0) await store.discard(assetId, []);
        else await store.recordPiece(assetId, pieceOf(1, objects));
      }),
    );
    await restart();
    assert.equal(store.inventory().size, 4);
    for (const ids of store.inventory().values()) assert.equal(ids.length, 2);
  });

  for (const [fault, harm] of [
    ["is gone", (path: string) => rm(path)],
    ["was cut", (path: string) => truncate(path, 100)],
  ] as const) {
    it(`drops at the start a piece of which an object ${fault}, and can hold it again`, async () => {
      const bytes = randomBytes(2000);
      const object = await store.putBytes(bytes);
      const [whole] = await put(1);
      const assetId = newAssetId();
      await store.recordPiece(assetId, pieceOf(0, [object]));
      await store.recordPiece(assetId, pieceOf(1, [whole!]));
      await harm(objectPath(object));
      await restart();
      assert.deepEqual([...store.inventory()], [[assetId, [pieceOf(1, [whole!]).id]]]);
      assert.equal(store.has(object.sha256), false);
      await store.putStream(object, streamOf(bytes).open, neverAborted);
      await store.recordPiece(assetId, pieceOf(0, [object]));
    });
  }

  it("moves a damaged record aside and goes on", async () => {
    const assetId = newAssetId();
    const piece = pieceOf(0, await put(1));
    await store.recordPiece(assetId, piece);
    await store.writeDocument("directory", { nodes: [] });
    await store.keepManifest(manifestOf(assetId, 1, { from: 0, pieces: [piece] }));
    await writeFile(join(folder.path, "pieces", assetId, `${piece.id}.json`), '{"id":"video-');
    await writeFile(join(folder.path, "documents", "directory.json"), "\0\0\0");
    await writeFile(join(folder.path, "manifests", `${assetId}.json`), "{}");
    await restart();
    assert.deepEqual([...store.inventory()], []);
    assert.equal(await store.readDocument("directory"), null);
    assert.equal(store.getManifest(assetId), null);
    assert.equal((await readdir(join(folder.path, "damaged"))).length, 3);
  });

  it("removes at the start what a crash left half-made", async () => {
    const bytes = randomBytes(1000);
    const old = join(folder.path, "staging", `${refOf(randomBytes(10)).sha256}.part`);
    const young = join(folder.path, "staging", `${refOf(bytes).sha256}.part`);
    await writeFile(join(folder.path, "staging", "3f.tmp"), bytes);
    await writeFile(old, bytes);
    await utimes(old, 0, 0);
    await writeFile(young, bytes.subarray(0, 10));
    await writeFile(join(folder.path, "staging", `${refOf(randomBytes(10)).sha256}.part`), bytes.subarray(0, 9));
    await mkdir(join(folder.path, "scratch", "task", "inner"), { recursive: true });
    await store[Symbol.asyncDispose]();
    store = await openTrialStore(folder.path, { resumeWorthBytes: 10 });
    assert.deepEqual(await strayFiles(folder.path), [join("staging", `${refOf(bytes).sha256}.part`)]);
  });

  it("keeps objects that a crash left without a piece only as cached ones", async () => {
    const [object] = await put(1);
    await restart();
    assert.equal(store.usage.usedBytes, 0);
    assert.equal((await store.read(object!.sha256)).length, 2000);
    await store.recordPiece(newAssetId(), pieceOf(0, [object!]));
    assert.equal(store.usage.usedBytes, 2000);
  });

  it("counts an object that no piece names within an hour as a cached one", async () => {
    let now = 0;
    const sleeps: { resolve: () => void }[] = [];
    const sleep = (_ms: number, signal?: AbortSignal): Promise<void> =>
      new Promise((resolve, reject) => {
        sleeps.push({ resolve });
        signal?.addEventListener("abort", () => {
          reject(new Error("stopped"));
        });
      });
    await restart({ clock: { now: () => Date.now(), monotonicMs: () => now, sleep } });
    const [early, named] = await put(2);
    await store.recordPiece(newAssetId(), pieceOf(0, [named!]));
    now = 3_000_000;
    const [late] = await put(1);
    now = 3_600_000;
    sleeps[0]!.resolve();
    while (sleeps.length < 2) await delay(5);
    assert.equal(store.usage.usedBytes, 4000);
    assert.deepEqual(
      [early, named, late].map((object) => store.pathOf(object!.sha256)?.includes("/cache/")),
      [true, false, false],
    );
  });

  it("keeps no more in the cache than it may, and the ones read last", async () => {
    await restart({ cacheBytes: 4 * 8192 });
    const cached = Array.from({ length: 5 }, () => randomBytes(8192));
    for (const bytes of cached.slice(0, 4)) await store.putCached(refOf(bytes), bytes);
    await store.read(refOf(cached[0]!).sha256);
    await store.putCached(refOf(cached[4]!), cached[4]!);
    assert.deepEqual(
      cached.map((bytes) => store.has(refOf(bytes).sha256)),
      [true, false, true, true, true],
    );
    assert.equal((await readdir(join(folder.path, "cache"))).length, 4);
  });

  it("refuses more than its capacity, and the cache gives way first", async () => {
    await restart({ capacityBytes: 100_000, cacheBytes: 50_000 });
    const cached = randomBytes(40_000);
    await store.putCached(refOf(cached), cached);
    await store.putBytes(randomBytes(80_000));
    assert.equal(store.has(refOf(cached).sha256), false);
    const large = randomBytes(30_000);
    await assert.rejects(store.putBytes(large), { code: "storage_full" });
    await assert.rejects(store.putStream(refOf(large), streamOf(large).open, neverAborted), { code: "storage_full" });
    assert.throws(() => store.reserve(20_001), { code: "storage_full" });
    assert.equal(store.usage.usedBytes, 80_000);
    assert.deepEqual(await strayFiles(folder.path), []);
  });

  it("keeps what is reserved for its owner until it is given back", async () => {
    await restart({ capacityBytes: 100_000 });
    const reservation = store.reserve(90_000);
    await assert.rejects(store.putBytes(randomBytes(20_000)), { code: "storage_full" });
    const upload = await uploadedFile(store, 90_000);
    await store.adoptFile(upload.path);
    await reservation[Symbol.asyncDispose]();
    await reservation[Symbol.asyncDispose]();
    await store.putBytes(randomBytes(10_000));
    assert.throws(() => store.reserve(1), { code: "storage_full" });
  });

  it("keeps documents over a restart", async () => {
    assert.equal(await store.readDocument("directory"), null);
    await Promise.all([1, 2, 3].map((version) => store.writeDocument("directory", { version })));
    await restart();
    assert.deepEqual(await store.readDocument("directory"), { version: 3 });
    await assert.rejects(store.readDocument("../lock"), { code: "invalid_argument" });
  });

  it("joins a manifest with the kept one and never goes back", async () => {
    const assetId = newAssetId();
    const pieces = [0, 1, 2].map((chunk) => pieceOf(chunk, [refOf(Buffer.from([chunk]))]));
    await store.keepManifest(manifestOf(assetId, 3, { from: 0, pieces: pieces.slice(0, 2) }));
    await store.keepManifest(manifestOf(assetId, 4, { from: 2, pieces: pieces.slice(2) }));
    await store.keepManifest(manifestOf(assetId, 3, { from: 0, pieces: [] }));
    await restart();
    const kept = store.getManifest(assetId);
    assert.deepEqual([kept?.version, kept?.fromChunk, kept?.pieces], [4, 0, pieces]);
    const gap = manifestOf(assetId, 5, { from: 4, pieces: [] });
    await assert.rejects(store.keepManifest(gap), { code: "conflict" });
  });

  it("offers the same share of its disk at each start", async () => {
    const capacityBytes = await defaultCapacity(folder.path);
    await store.writeDocument("other", {});
    assert.equal(await defaultCapacity(folder.path), capacityBytes);
    const disk = await statfs(folder.path);
    assert.ok(capacityBytes < disk.bavail * disk.bsize);
    await writeFile(join(folder.path, "file"), "");
    await assert.rejects(defaultCapacity(join(folder.path, "file")), { code: "data_folder_unusable" });
  });

  it("is refused to a second agent", async () => {
    await assert.rejects(openTrialStore(folder.path), { code: "conflict" });
  });

  it("says so when the folder cannot be used", async () => {
    const path = join(folder.path, "file");
    await writeFile(path, "");
    await assert.rejects(openTrialStore(path), { code: "data_folder_unusable" });
  });
});
