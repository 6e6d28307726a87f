// How objects come into the store, and what is left when they do not.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { appendFile, mkdir, readFile, readdir, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { VsError } from "@vstream/core/errors.ts";
import type { Store } from "./store.ts";
import {
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

describe("objects of the store", () => {
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

  it("moves a file in under its hash", async () => {
    const { path, bytes } = await uploadedFile(store, 3_000_000);
    const object = await store.adoptFile(path);
    assert.deepEqual(object, refOf(bytes));
    assert.deepEqual(await store.read(object.sha256), bytes);
    assert.deepEqual(await store.read(object.sha256, { start: 10, end: 20 }), bytes.subarray(10, 20));
    assert.deepEqual(await strayFiles(folder.path), []);
    assert.equal(store.usage.usedBytes, bytes.length);
  });

  it("refuses a file with another hash, and leaves it where it is", async () => {
    const { path, bytes } = await uploadedFile(store, 1000);
    await assert.rejects(store.adoptFile(path, refOf(Buffer.from("else")).sha256), { code: "object_corrupt" });
    assert.deepEqual(await readFile(path), bytes);
    assert.equal(store.usage.usedBytes, 0);
  });

  it("keeps one copy when the same bytes are adopted many times at once", async () => {
    const bytes = randomBytes(100_000);
    const paths = ["a", "b", "c", "d"].map((name) => join(store.uploadFolder, name));
    for (const path of paths) await writeFile(path, bytes);
    const objects = await Promise.all(paths.map((path) => store.adoptFile(path)));
    assert.equal(new Set(objects.map((object) => object.sha256)).size, 1);
    assert.equal(store.usage.usedBytes, bytes.length);
    assert.deepEqual(await readdir(store.uploadFolder), []);
  });

  it("takes no file from elsewhere, no link and no folder", async () => {
    const outside = join(folder.path, "manifests", "x");
    await writeFile(outside, "x");
    await assert.rejects(store.adoptFile(outside), { code: "invalid_argument" });
    await assert.rejects(store.adoptFile(`${store.uploadFolder}/../manifests/x`), { code: "invalid_argument" });
    const link = join(store.uploadFolder, "link");
    await symlink(outside, link);
    await assert.rejects(store.adoptFile(link), { code: "disk_failed" });
    const subfolder = join(store.uploadFolder, "folder");
    await mkdir(subfolder);
    await assert.rejects(store.adoptFile(subfolder), { code: "invalid_argument" });
  });

  it("makes the block list of a source in the same read", async () => {
    const { path, bytes } = await uploadedFile(store, 2 * 1024 * 1024 + 5);
    const source = await store.adoptSource(path, refOf(bytes).sha256);
    const blocks = [0, 1, 2].map((index) => bytes.subarray(index * source.blockBytes, (index + 1) * source.blockBytes));
    const list = Buffer.concat(blocks.map((block) => Buffer.from(refOf(block).sha256, "hex")));
    assert.deepEqual(await store.read(source.blockList.sha256), list);
    assert.deepEqual(source.source, refOf(bytes));
  });

  it("stores bytes once", async () => {
    const bytes = randomBytes(500);
    const [first, second] = await Promise.all([store.putBytes(bytes), store.putBytes(bytes)]);
    assert.deepEqual(first, second);
    assert.equal(store.usage.usedBytes, 500);
    assert.deepEqual(await strayFiles(folder.path), []);
  });

  it("stores a stream that has the hash and size it should", async () => {
    const bytes = randomBytes(2_500_000);
    await store.putStream(refOf(bytes), streamOf(bytes).open, neverAborted);
    assert.deepEqual(await store.read(refOf(bytes).sha256), bytes);
    assert.deepEqual(await strayFiles(folder.path), []);
  });

  it("stores the empty object", async () => {
    const bytes = Buffer.alloc(0);
    await store.putStream(refOf(bytes), streamOf(bytes).open, neverAborted);
    assert.equal(store.sizeOf(refOf(bytes).sha256), 0);
  });

  for (const [fault, change] of [
    ["a wrong byte", (bytes: Buffer) => Buffer.concat([bytes.subarray(0, -1), Buffer.from([(bytes.at(-1) ?? 0) ^ 1])])],
    ["a byte too few", (bytes: Buffer) => bytes.subarray(0, -1)],
    ["a byte too many", (bytes: Buffer) => Buffer.concat([bytes, Buffer.from([0])])],
  ] as const) {
    it(`refuses a stream with ${fault}, and leaves nothing of it`, async () => {
      const bytes = randomBytes(100_000);
      const wrong = streamOf(change(bytes));
      await assert.rejects(store.putStream(refOf(bytes), wrong.open, neverAborted), { code: "object_corrupt" });
      assert.equal(store.has(refOf(bytes).sha256), false);
      assert.equal(store.usage.usedBytes, 0);
      assert.deepEqual(await strayFiles(folder.path), []);
    });
  }

  it("keeps nothing of a small object whose stream was cut off", async () => {
    const bytes = randomBytes(3 * 1024 * 1024);
    const cut = streamOf(bytes.subarray(0, 2 * 1024 * 1024), 65_536);
    await assert.rejects(
      store.putStream(refOf(bytes), (from) => breaking(cut.open, from), neverAborted),
      /cut off/,
    );
    assert.deepEqual(await strayFiles(folder.path), []);
  });

  it("keeps no half-received object once it came another way", async () => {
    await store[Symbol.asyncDispose]();
    store = await openTrialStore(folder.path, { resumeWorthBytes: 1 });
    const bytes = randomBytes(3 * 1024 * 1024);
    const cut = streamOf(bytes.subarray(0, 2 * 1024 * 1024), 65_536);
    await assert.rejects(
      store.putStream(refOf(bytes), (from) => breaking(cut.open, from), neverAborted),
      /cut off/,
    );
    assert.deepEqual(await strayFiles(folder.path), [join("staging", `${refOf(bytes).sha256}.part`)]);
    await store.putBytes(bytes);
    assert.deepEqual(await strayFiles(folder.path), []);
  });

  it("goes on with an interrupted stream where it ended, after a restart too", async () => {
    await store[Symbol.asyncDispose]();
    store = await openTrialStore(folder.path, { resumeWorthBytes: 1024 * 1024 });
    const bytes = randomBytes(3 * 1024 * 1024);
    const cut = streamOf(bytes.subarray(0, 2 * 1024 * 1024), 65_536);
    await assert.rejects(
      store.putStream(refOf(bytes), (from) => breaking(cut.open, from), neverAborted),
      /cut off/,
    );
    await store[Symbol.asyncDispose]();
    store = await openTrialStore(folder.path, { resumeWorthBytes: 1024 * 1024 });
    const rest = streamOf(bytes);
    await store.putStream(refOf(bytes), rest.open, neverAborted);
    assert.deepEqual(rest.openedFrom, [2 * 1024 * 1024]);
    assert.deepEqual(await store.read(refOf(bytes).sha256), bytes);
  });

  it("begins again when what an earlier stream left turns out wrong", async () => {
    const bytes = randomBytes(200_000);
    await writeFile(join(folder.path, "staging", `${refOf(bytes).sha256}.part`), randomBytes(50_000));
    const right = streamOf(bytes);
    await store.putStream(refOf(bytes), right.open, neverAborted);
    assert.deepEqual(right.openedFrom, [50_000, 0]);
    assert.deepEqual(await store.read(refOf(bytes).sha256), bytes);
  });

  it("stops a stream when told to", async () => {
    const bytes = randomBytes(100_000);
    const stop = new AbortController();
    const open = async (): Promise<AsyncIterable<Uint8Array>> => {
      stop.abort(new VsError("cancelled", "enough"));
      return await streamOf(bytes).open(0);
    };
    await assert.rejects(store.putStream(refOf(bytes), open, stop.signal), { code: "cancelled" });
    assert.equal(store.has(refOf(bytes).sha256), false);
  });

  it("keeps pulled-through bytes only when they are right", async () => {
    const bytes = randomBytes(1000);
    await assert.rejects(store.putCached(refOf(bytes), randomBytes(1000)), { code: "object_corrupt" });
    await assert.rejects(store.putCached(refOf(bytes), bytes.subarray(1)), { code: "object_corrupt" });
    await store.putCached(refOf(bytes), bytes);
    assert.deepEqual(await store.read(refOf(bytes).sha256), bytes);
    assert.equal(store.usage.usedBytes, 0);
  });

  it("makes a cached object durable when a piece names it", async () => {
    const bytes = randomBytes(1000);
    await store.putCached(refOf(bytes), bytes);
    await store.recordPiece(newAssetId(), pieceOf(0, [refOf(bytes)]));
    assert.equal(store.usage.usedBytes, 1000);
    assert.deepEqual(await strayFiles(folder.path), []);
  });

  it("fetches anew what went wrong in the cache", async () => {
    const bytes = randomBytes(1000);
    await store.putCached(refOf(bytes), bytes);
    await truncate(store.pathOf(refOf(bytes).sha256) ?? "", 10);
    await store.putStream(refOf(bytes), streamOf(bytes).open, neverAborted);
    assert.deepEqual(await store.read(refOf(bytes).sha256), bytes);
  });

  it("says which object is missing, and which file is cut", async () => {
    const object = await store.putBytes(randomBytes(1000));
    await truncate(store.pathOf(object.sha256) ?? "", 10);
    await assert.rejects(store.read(object.sha256), { code: "object_corrupt" });
    await assert.rejects(store.read(object.sha256, { start: 0, end: 1001 }), { code: "invalid_argument" });
    await assert.rejects(store.read(refOf(Buffer.from("x")).sha256), { code: "object_missing" });
  });

  it("does not open what is not a hash", async () => {
    await appendFile(join(folder.path, "secret"), "x");
    assert.equal(store.pathOf("../secret" as never), null);
    await assert.rejects(
      store.putStream({ sha256: "../secret" as never, bytes: 1 }, streamOf(Buffer.from("y")).open, neverAborted),
      {
        code: "invalid_argument",
      },
    );
  });
});

// The stream, and then a failure, as of a connection that ends.
async function breaking(
  open: (from: number) => Promise<AsyncIterable<Uint8Array>>,
  from: number,
): Promise<AsyncIterable<Uint8Array>> {
  const stream = await open(from);
  return (async function* () {
    yield* stream;
    throw new Error("cut off");
  })();
}
