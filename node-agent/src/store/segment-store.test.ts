// Pieces, restarts and limits: what the store promises beyond single objects.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdir, readdir, rm, stat, statfs, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ObjectRef } from "@vstream/core/media.ts";
import { defaultCapacity } from "./capacity.ts";
import {
  manifestOf,
  neverAborted,
  newAssetId,
  openTrialStore,
  pieceOf,
  refOf,
  strayFiles,
  streamOf,
  trialStoreForEach,
  uploadedFile,
} from "./trial-store.fixture.ts";

describe("the store", () => {
  const trial = trialStoreForEach();
  const put = (count: number): Promise<ObjectRef[]> =>
    Promise.all(Array.from({ length: count }, () => trial.store.putBytes(randomBytes(2000))));
  const objectPath = (object: ObjectRef): string =>
    join(trial.folder, "objects", object.sha256.slice(0, 2), object.sha256);

  it("records a piece only when all its objects stand here", async () => {
    const [first] = await put(1);
    const absent = refOf(Buffer.from("absent"));
    const assetId = newAssetId();
    await assert.rejects(trial.store.recordPiece(assetId, pieceOf(0, [first!, absent])), { code: "object_missing" });
    const wrongSize = { sha256: first!.sha256, bytes: 1999 };
    await assert.rejects(trial.store.recordPiece(assetId, pieceOf(0, [wrongSize])), { code: "object_missing" });
    assert.deepEqual([...trial.store.inventory()], []);
  });

  it("has the same inventory after a restart", async () => {
    const [one, two] = [newAssetId(), newAssetId()];
    const pieces = [pieceOf(0, await put(3)), pieceOf(1, await put(2))];
    for (const piece of pieces) await trial.store.recordPiece(one, piece);
    await trial.store.recordPiece(two, pieces[0]!);
    const before = new Map(trial.store.inventory());
    const { usedBytes } = trial.store.usage;
    await trial.restart();
    assert.deepEqual(trial.store.inventory(), before);
    assert.equal(trial.store.usage.usedBytes, usedBytes);
    assert.deepEqual(trial.store.getPiece(one, pieces[1]!.id), pieces[1]);
  });

  it("deletes with a piece what nothing else names, and keeps what is shared", async () => {
    const [shared, own] = await put(2);
    const [one, two] = [newAssetId(), newAssetId()];
    await trial.store.recordPiece(one, pieceOf(0, [shared!, own!]));
    await trial.store.recordPiece(two, pieceOf(0, [shared!]));
    await trial.store.discard(one, []);
    assert.equal(trial.store.has(own!.sha256), false);
    assert.deepEqual([...trial.store.inventory().keys()], [two]);
    assert.equal((await trial.store.read(shared!.sha256)).length, 2000);
    await trial.store.discard(two, [pieceOf(0, [shared!]).id]);
    assert.equal(trial.store.usage.usedBytes, 0);
    await assert.rejects(stat(objectPath(shared!)), { code: "ENOENT" });
  });

  it("keeps an object that a task has just stored, whoever else lets go of it", async () => {
    const [object] = await put(1);
    const [one, two] = [newAssetId(), newAssetId()];
    await trial.store.recordPiece(one, pieceOf(0, [object!]));
    const again = await uploadedFile(trial.store, 1);
    await writeFile(again.path, await trial.store.read(object!.sha256));
    await trial.store.adoptFile(again.path);
    await trial.store.discard(one, []);
    await trial.store.recordPiece(two, pieceOf(0, [object!]));
    assert.equal((await trial.store.read(object!.sha256)).length, 2000);
  });

  it("lets go of the objects of a piece that is recorded anew", async () => {
    const [older, newer] = await put(2);
    const assetId = newAssetId();
    await trial.store.recordPiece(assetId, pieceOf(0, [older!]));
    await trial.store.recordPiece(assetId, pieceOf(0, [newer!]));
    assert.equal(trial.store.has(older!.sha256), false);
    await trial.restart();
    assert.deepEqual(trial.store.getPiece(assetId, pieceOf(0, [newer!]).id), pieceOf(0, [newer!]));
  });

  it("holds under pieces that are recorded and discarded at once", async () => {
    const objects = await put(4);
    const assets = Array.from({ length: 8 }, newAssetId);
    for (const assetId of assets) await trial.store.recordPiece(assetId, pieceOf(0, objects));
    await Promise.all(
      assets.map(async (assetId, index) => {
        if (index % 2 === 0) await trial.store.discard(assetId, []);
        else await trial.store.recordPiece(assetId, pieceOf(1, objects));
      }),
    );
    await trial.restart();
    assert.equal(trial.store.inventory().size, 4);
    for (const ids of trial.store.inventory().values()) assert.equal(ids.length, 2);
  });

  for (const [fault, harm] of [
    ["is gone", (path: string) => rm(path)],
    ["was cut", (path: string) => truncate(path, 100)],
  ] as const) {
    it(`drops at the start a piece of which an object ${fault}, and can hold it again`, async () => {
      const bytes = randomBytes(2000);
      const object = await trial.store.putBytes(bytes);
      const [whole] = await put(1);
      const assetId = newAssetId();
      await trial.store.recordPiece(assetId, pieceOf(0, [object]));
      await trial.store.recordPiece(assetId, pieceOf(1, [whole!]));
      await harm(objectPath(object));
      await trial.restart();
      assert.deepEqual([...trial.store.inventory()], [[assetId, [pieceOf(1, [whole!]).id]]]);
      assert.equal(trial.store.has(object.sha256), false);
      await trial.store.putStream(object, streamOf(bytes).open, neverAborted);
      await trial.store.recordPiece(assetId, pieceOf(0, [object]));
    });
  }

  it("moves a damaged record aside and goes on", async () => {
    const assetId = newAssetId();
    const piece = pieceOf(0, await put(1));
    await trial.store.recordPiece(assetId, piece);
    await trial.store.writeDocument("directory", { nodes: [] });
    await trial.store.keepManifest(manifestOf(assetId, 1, { from: 0, pieces: [piece] }));
    await writeFile(join(trial.folder, "pieces", assetId, `${piece.id}.json`), '{"id":"video-');
    await writeFile(join(trial.folder, "documents", "directory.json"), "\0\0\0");
    await writeFile(join(trial.folder, "manifests", `${assetId}.json`), "{}");
    await trial.restart();
    assert.deepEqual([...trial.store.inventory()], []);
    assert.equal(await trial.store.readDocument("directory"), null);
    assert.equal(trial.store.getManifest(assetId), null);
    assert.equal((await readdir(join(trial.folder, "damaged"))).length, 3);
  });

  it("takes a manifest that an older release wrote for one to be asked for again", async () => {
    const assetId = newAssetId();
    const manifest = manifestOf(assetId, 7, { from: 0, pieces: [] });
    const { text: _text, extras: _extras, ...older } = manifest;
    await writeFile(join(trial.folder, "manifests", `${assetId}.json`), JSON.stringify(older));
    await trial.restart();
    assert.deepEqual(trial.store.getManifest(assetId), { ...manifest, version: 0 });
    await trial.store.keepManifest(manifest);
    assert.equal(trial.store.getManifest(assetId)?.version, 7);
  });

  it("removes at the start what a crash left half-made", async () => {
    const bytes = randomBytes(1000);
    const old = join(trial.folder, "staging", `${refOf(randomBytes(10)).sha256}.part`);
    const young = join(trial.folder, "staging", `${refOf(bytes).sha256}.part`);
    await writeFile(join(trial.folder, "staging", "3f.tmp"), bytes);
    await writeFile(old, bytes);
    await utimes(old, 0, 0);
    await writeFile(young, bytes.subarray(0, 10));
    await writeFile(join(trial.folder, "staging", `${refOf(randomBytes(10)).sha256}.part`), bytes.subarray(0, 9));
    await mkdir(join(trial.folder, "scratch", "task", "inner"), { recursive: true });
    await trial.restart({ resumeWorthBytes: 10 });
    assert.deepEqual(await strayFiles(trial.folder), [join("staging", `${refOf(bytes).sha256}.part`)]);
  });

  it("keeps objects that a crash left without a piece only as cached ones", async () => {
    const [object] = await put(1);
    await trial.restart();
    assert.equal(trial.store.usage.usedBytes, 0);
    assert.equal((await trial.store.read(object!.sha256)).length, 2000);
    await trial.store.recordPiece(newAssetId(), pieceOf(0, [object!]));
    assert.equal(trial.store.usage.usedBytes, 2000);
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
    await trial.restart({ clock: { now: () => Date.now(), monotonicMs: () => now, sleep } });
    const [early, named] = await put(2);
    await trial.store.recordPiece(newAssetId(), pieceOf(0, [named!]));
    now = 3_000_000;
    const [late] = await put(1);
    now = 3_600_000;
    sleeps[0]!.resolve();
    while (sleeps.length < 2) await delay(5);
    assert.equal(trial.store.usage.usedBytes, 4000);
    assert.deepEqual(
      [early, named, late].map((object) => trial.store.pathOf(object!.sha256)?.includes("/cache/")),
      [true, false, false],
    );
  });

  it("keeps no more in the cache than it may, and the ones read last", async () => {
    await trial.restart({ cacheBytes: 4 * 8192 });
    const cached = Array.from({ length: 5 }, () => randomBytes(8192));
    for (const bytes of cached.slice(0, 4)) await trial.store.putCached(refOf(bytes), bytes);
    await trial.store.read(refOf(cached[0]!).sha256);
    await trial.store.putCached(refOf(cached[4]!), cached[4]!);
    assert.deepEqual(
      cached.map((bytes) => trial.store.has(refOf(bytes).sha256)),
      [true, false, true, true, true],
    );
    assert.equal((await readdir(join(trial.folder, "cache"))).length, 4);
  });

  it("refuses more than its capacity, and the cache gives way first", async () => {
    await trial.restart({ capacityBytes: 100_000, cacheBytes: 50_000 });
    const cached = randomBytes(40_000);
    await trial.store.putCached(refOf(cached), cached);
    await trial.store.putBytes(randomBytes(80_000));
    assert.equal(trial.store.has(refOf(cached).sha256), false);
    const large = randomBytes(30_000);
    await assert.rejects(trial.store.putBytes(large), { code: "storage_full" });
    await assert.rejects(trial.store.putStream(refOf(large), streamOf(large).open, neverAborted), {
      code: "storage_full",
    });
    assert.throws(() => trial.store.reserve(20_001), { code: "storage_full" });
    assert.equal(trial.store.usage.usedBytes, 80_000);
    assert.deepEqual(await strayFiles(trial.folder), []);
  });

  it("keeps what is reserved for its owner until it is given back", async () => {
    await trial.restart({ capacityBytes: 100_000 });
    const reservation = trial.store.reserve(90_000);
    await assert.rejects(trial.store.putBytes(randomBytes(20_000)), { code: "storage_full" });
    const upload = await uploadedFile(trial.store, 90_000);
    await trial.store.adoptFile(upload.path);
    await reservation[Symbol.asyncDispose]();
    await reservation[Symbol.asyncDispose]();
    await trial.store.putBytes(randomBytes(10_000));
    assert.throws(() => trial.store.reserve(1), { code: "storage_full" });
  });

  it("keeps documents over a restart", async () => {
    assert.equal(await trial.store.readDocument("directory"), null);
    await Promise.all([1, 2, 3].map((version) => trial.store.writeDocument("directory", { version })));
    await trial.restart();
    assert.deepEqual(await trial.store.readDocument("directory"), { version: 3 });
    await assert.rejects(trial.store.readDocument("../lock"), { code: "invalid_argument" });
  });

  it("joins a manifest with the kept one and never goes back", async () => {
    const assetId = newAssetId();
    const pieces = [0, 1, 2].map((chunk) => pieceOf(chunk, [refOf(Buffer.from([chunk]))]));
    await trial.store.keepManifest(manifestOf(assetId, 3, { from: 0, pieces: pieces.slice(0, 2) }));
    await trial.store.keepManifest(manifestOf(assetId, 4, { from: 2, pieces: pieces.slice(2) }));
    await trial.store.keepManifest(manifestOf(assetId, 3, { from: 0, pieces: [] }));
    await trial.restart();
    const kept = trial.store.getManifest(assetId);
    assert.deepEqual([kept?.version, kept?.fromChunk, kept?.pieces], [4, 0, pieces]);
    const gap = manifestOf(assetId, 5, { from: 4, pieces: [] });
    await assert.rejects(trial.store.keepManifest(gap), { code: "conflict" });
    const other = { ...manifestOf(assetId, 5, { from: 3, pieces: [] }), edition: 1 };
    await assert.rejects(trial.store.keepManifest(other), { code: "conflict" });
  });

  it("keeps what it knows of previous editions until a newer manifest leaves them out", async () => {
    const assetId = newAssetId();
    const pieces = [pieceOf(0, [refOf(Buffer.from("before"))])];
    const [empty, known] = [
      { renditions: [], audio: [], pieces: [] },
      { renditions: [], audio: [], pieces },
    ];
    const first = manifestOf(assetId, 3, { from: 0, pieces: [pieceOf(0, [refOf(Buffer.from("now"))])] });
    await trial.store.keepManifest({
      ...first,
      edition: 2,
      previous: [0, 1].map((edition) => ({ ...known, edition })),
    });
    const partial = { ...manifestOf(assetId, 4, { from: 1, pieces: [] }), edition: 2 };
    await trial.store.keepManifest({ ...partial, previous: [{ ...empty, edition: 1 }] });
    assert.deepEqual(trial.store.getManifest(assetId)?.previous, [{ ...known, edition: 1 }]);
    const strange = { ...partial, version: 5, previous: [{ ...empty, edition: 0 }] };
    await assert.rejects(trial.store.keepManifest(strange), { code: "conflict" });
    await trial.store.keepManifest({ ...partial, version: 6, previous: [] });
    assert.deepEqual(trial.store.getManifest(assetId)?.previous, []);
  });

  it("offers the same share of its disk at each start", async () => {
    const capacityBytes = await defaultCapacity(trial.folder);
    await trial.store.writeDocument("other", {});
    assert.equal(await defaultCapacity(trial.folder), capacityBytes);
    const disk = await statfs(trial.folder);
    assert.ok(capacityBytes < disk.bavail * disk.bsize);
    await writeFile(join(trial.folder, "file"), "");
    await assert.rejects(defaultCapacity(join(trial.folder, "file")), { code: "data_folder_unusable" });
  });

  it("is refused to a second agent", async () => {
    await assert.rejects(openTrialStore(trial.folder), { code: "conflict" });
  });

  it("says so when the folder cannot be used", async () => {
    const path = join(trial.folder, "file");
    await writeFile(path, "");
    await assert.rejects(openTrialStore(path), { code: "data_folder_unusable" });
  });
});
