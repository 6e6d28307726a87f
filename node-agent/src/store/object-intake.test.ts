// How objects come into the store, and what is left when they do not.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { appendFile, mkdir, readFile, readdir, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { VsError } from "@vstream/core/errors.ts";
import {
  neverAborted,
  newAssetId,
  pieceOf,
  refOf,
  strayFiles,
  streamOf,
  trialStoreForEach,
  uploadedFile,
} from "./trial-store.fixture.ts";

describe("objects of the store", () => {
  const trial = trialStoreForEach();

  it("moves a file in under its hash", async () => {
    const { path, bytes } = await uploadedFile(trial.store, 3_000_000);
    const object = await trial.store.adoptFile(path);
    assert.deepEqual(object, refOf(bytes));
    assert.deepEqual(await trial.store.read(object.sha256), bytes);
    assert.deepEqual(await trial.store.read(object.sha256, { start: 10, end: 20 }), bytes.subarray(10, 20));
    assert.deepEqual(await strayFiles(trial.folder), []);
    assert.equal(trial.store.usage.usedBytes, bytes.length);
  });

  it("refuses a file with another hash, and leaves it where it is", async () => {
    const { path, bytes } = await uploadedFile(trial.store, 1000);
    await assert.rejects(trial.store.adoptFile(path, refOf(Buffer.from("else")).sha256), { code: "object_corrupt" });
    assert.deepEqual(await readFile(path), bytes);
    assert.equal(trial.store.usage.usedBytes, 0);
  });

  it("keeps one copy when the same bytes are adopted many times at once", async () => {
    const bytes = randomBytes(100_000);
    const paths = ["a", "b", "c", "d"].map((name) => join(trial.store.uploadFolder, name));
    for (const path of paths) await writeFile(path, bytes);
    const objects = await Promise.all(paths.map((path) => trial.store.adoptFile(path)));
    assert.equal(new Set(objects.map((object) => object.sha256)).size, 1);
    assert.equal(trial.store.usage.usedBytes, bytes.length);
    assert.deepEqual(await readdir(trial.store.uploadFolder), []);
  });

  it("takes no file from elsewhere, no link and no folder", async () => {
    const outside = join(trial.folder, "manifests", "x");
    await writeFile(outside, "x");
    await assert.rejects(trial.store.adoptFile(outside), { code: "invalid_argument" });
    await assert.rejects(trial.store.adoptFile(`${trial.store.uploadFolder}/../manifests/x`), {
      code: "invalid_argument",
    });
    const link = join(trial.store.uploadFolder, "link");
    await symlink(outside, link);
    await assert.rejects(trial.store.adoptFile(link), { code: "disk_failed" });
    const subfolder = join(trial.store.uploadFolder, "folder");
    await mkdir(subfolder);
    await assert.rejects(trial.store.adoptFile(subfolder), { code: "invalid_argument" });
  });

  it("makes the block list of a source in the same read", async () => {
    const { path, bytes } = await uploadedFile(trial.store, 2 * 1024 * 1024 + 5);
    const source = await trial.store.adoptSource(path, refOf(bytes).sha256);
    const blocks = [0, 1, 2].map((index) => bytes.subarray(index * source.blockBytes, (index + 1) * source.blockBytes));
    const list = Buffer.concat(blocks.map((block) => Buffer.from(refOf(block).sha256, "hex")));
    assert.deepEqual(await trial.store.read(source.blockList.sha256), list);
    assert.deepEqual(source.source, refOf(bytes));
  });

  it("stores bytes once", async () => {
    const bytes = randomBytes(500);
    const [first, second] = await Promise.all([trial.store.putBytes(bytes), trial.store.putBytes(bytes)]);
    assert.deepEqual(first, second);
    assert.equal(trial.store.usage.usedBytes, 500);
    assert.deepEqual(await strayFiles(trial.folder), []);
  });

  it("stores a stream that has the hash and size it should", async () => {
    const bytes = randomBytes(2_500_000);
    await trial.store.putStream(refOf(bytes), streamOf(bytes).open, neverAborted);
    assert.deepEqual(await trial.store.read(refOf(bytes).sha256), bytes);
    assert.deepEqual(await strayFiles(trial.folder), []);
  });

  it("stores the empty object", async () => {
    const bytes = Buffer.alloc(0);
    await trial.store.putStream(refOf(bytes), streamOf(bytes).open, neverAborted);
    assert.equal(trial.store.sizeOf(refOf(bytes).sha256), 0);
  });

  for (const [fault, change] of [
    ["a wrong byte", (bytes: Buffer) => Buffer.concat([bytes.subarray(0, -1), Buffer.from([(bytes.at(-1) ?? 0) ^ 1])])],
    ["a byte too few", (bytes: Buffer) => bytes.subarray(0, -1)],
    ["a byte too many", (bytes: Buffer) => Buffer.concat([bytes, Buffer.from([0])])],
  ] as const) {
    it(`refuses a stream with ${fault}, and leaves nothing of it`, async () => {
      const bytes = randomBytes(100_000);
      const wrong = streamOf(change(bytes));
      await assert.rejects(trial.store.putStream(refOf(bytes), wrong.open, neverAborted), { code: "object_corrupt" });
      assert.equal(trial.store.has(refOf(bytes).sha256), false);
      assert.equal(trial.store.usage.usedBytes, 0);
      assert.deepEqual(await strayFiles(trial.folder), []);
    });
  }

  it("keeps nothing of a small object whose stream was cut off", async () => {
    const bytes = randomBytes(3 * 1024 * 1024);
    const cut = streamOf(bytes.subarray(0, 2 * 1024 * 1024), 65_536);
    await assert.rejects(
      trial.store.putStream(refOf(bytes), (from) => breaking(cut.open, from), neverAborted),
      /cut off/,
    );
    assert.deepEqual(await strayFiles(trial.folder), []);
  });

  it("keeps no half-received object once it came another way", async () => {
    await trial.restart({ resumeWorthBytes: 1 });
    const bytes = randomBytes(3 * 1024 * 1024);
    const cut = streamOf(bytes.subarray(0, 2 * 1024 * 1024), 65_536);
    await assert.rejects(
      trial.store.putStream(refOf(bytes), (from) => breaking(cut.open, from), neverAborted),
      /cut off/,
    );
    assert.deepEqual(await strayFiles(trial.folder), [join("staging", `${refOf(bytes).sha256}.part`)]);
    await trial.store.putBytes(bytes);
    assert.deepEqual(await strayFiles(trial.folder), []);
  });

  it("goes on with an interrupted stream where it ended, after a restart too", async () => {
    await trial.restart({ resumeWorthBytes: 1024 * 1024 });
    const bytes = randomBytes(3 * 1024 * 1024);
    const cut = streamOf(bytes.subarray(0, 2 * 1024 * 1024), 65_536);
    await assert.rejects(
      trial.store.putStream(refOf(bytes), (from) => breaking(cut.open, from), neverAborted),
      /cut off/,
    );
    await trial.restart({ resumeWorthBytes: 1024 * 1024 });
    const rest = streamOf(bytes);
    await trial.store.putStream(refOf(bytes), rest.open, neverAborted);
    assert.deepEqual(rest.openedFrom, [2 * 1024 * 1024]);
    assert.deepEqual(await trial.store.read(refOf(bytes).sha256), bytes);
  });

  it("begins again when what an earlier stream left turns out wrong", async () => {
    const bytes = randomBytes(200_000);
    await writeFile(join(trial.folder, "staging", `${refOf(bytes).sha256}.part`), randomBytes(50_000));
    const right = streamOf(bytes);
    await trial.store.putStream(refOf(bytes), right.open, neverAborted);
    assert.deepEqual(right.openedFrom, [50_000, 0]);
    assert.deepEqual(await trial.store.read(refOf(bytes).sha256), bytes);
  });

  it("stops a stream when told to", async () => {
    const bytes = randomBytes(100_000);
    const stop = new AbortController();
    const open = async (): Promise<AsyncIterable<Uint8Array>> => {
      stop.abort(new VsError("cancelled", "enough"));
      return await streamOf(bytes).open(0);
    };
    await assert.rejects(trial.store.putStream(refOf(bytes), open, stop.signal), { code: "cancelled" });
    assert.equal(trial.store.has(refOf(bytes).sha256), false);
  });

  it("keeps pulled-through bytes only when they are right", async () => {
    const bytes = randomBytes(1000);
    await assert.rejects(trial.store.putCached(refOf(bytes), randomBytes(1000)), { code: "object_corrupt" });
    await assert.rejects(trial.store.putCached(refOf(bytes), bytes.subarray(1)), { code: "object_corrupt" });
    await trial.store.putCached(refOf(bytes), bytes);
    assert.deepEqual(await trial.store.read(refOf(bytes).sha256), bytes);
    assert.equal(trial.store.usage.usedBytes, 0);
  });

  it("makes a cached object durable when a piece names it", async () => {
    const bytes = randomBytes(1000);
    await trial.store.putCached(refOf(bytes), bytes);
    await trial.store.recordPiece(newAssetId(), pieceOf(0, [refOf(bytes)]));
    assert.equal(trial.store.usage.usedBytes, 1000);
    assert.deepEqual(await strayFiles(trial.folder), []);
  });

  it("fetches anew what went wrong in the cache", async () => {
    const bytes = randomBytes(1000);
    await trial.store.putCached(refOf(bytes), bytes);
    await truncate(trial.store.pathOf(refOf(bytes).sha256) ?? "", 10);
    await trial.store.putStream(refOf(bytes), streamOf(bytes).open, neverAborted);
    assert.deepEqual(await trial.store.read(refOf(bytes).sha256), bytes);
  });

  it("says which object is missing, and which file is cut", async () => {
    const object = await trial.store.putBytes(randomBytes(1000));
    await truncate(trial.store.pathOf(object.sha256) ?? "", 10);
    await assert.rejects(trial.store.read(object.sha256), { code: "object_corrupt" });
    await assert.rejects(trial.store.read(object.sha256, { start: 0, end: 1001 }), { code: "invalid_argument" });
    await assert.rejects(trial.store.read(refOf(Buffer.from("x")).sha256), { code: "object_missing" });
  });

  it("does not open what is not a hash", async () => {
    await appendFile(join(trial.folder, "secret"), "x");
    assert.equal(trial.store.pathOf("../secret" as never), null);
    await assert.rejects(
      trial.store.putStream({ sha256: "../secret" as never, bytes: 1 }, streamOf(Buffer.from("y")).open, neverAborted),
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
