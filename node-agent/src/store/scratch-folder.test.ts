// A task's own folder.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { access, readFile, stat } from "node:fs/promises";
import type { Scratch, Store } from "./store.ts";
import { newAssetId, openTrialStore, pieceOf, trialFolder } from "./trial-store.fixture.ts";

describe("a scratch folder", () => {
  let folder: Awaited<ReturnType<typeof trialFolder>>;
  let store: Store;
  let scratch: Scratch;
  beforeEach(async () => {
    folder = await trialFolder();
    store = await openTrialStore(folder.path);
    scratch = await store.openScratch("ta00000000000000000000");
  });
  afterEach(async () => {
    await scratch[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  it("is one task's alone, and gone with it", async () => {
    await scratch.writeFile("a.txt", "a");
    await using other = await store.openScratch("ta00000000000000000000");
    assert.deepEqual(await other.list(), []);
    await scratch[Symbol.asyncDispose]();
    await assert.rejects(access(scratch.folder), { code: "ENOENT" });
  });

  it("lists the files of a folder", async () => {
    await scratch.makeFolder("480p");
    await scratch.writeFile("480p/0.m4s", "x");
    await scratch.writeFile("list.m3u8", "y");
    assert.deepEqual(await scratch.list(), ["list.m3u8"]);
    assert.deepEqual(await scratch.list("480p"), ["0.m4s"]);
    assert.equal((await scratch.readFile("480p/0.m4s")).toString(), "x");
  });

  it("links an object without copying, and keeps it when the store lets go of it", async () => {
    const bytes = randomBytes(1000);
    const object = await store.putBytes(bytes);
    const assetId = newAssetId();
    await store.recordPiece(assetId, pieceOf(0, [object]));
    const path = await scratch.link(object.sha256, "source");
    assert.equal((await stat(path)).nlink, 2);
    await store.discard(assetId, []);
    assert.deepEqual(await readFile(path), bytes);
    await assert.rejects(scratch.link(object.sha256, "again"), { code: "object_missing" });
  });

  it("makes a file that has bytes only where they are written", async () => {
    await using sparse = await scratch.openSparse("source", 1024 ** 3);
    await sparse.write(1024 ** 3 - 4, Buffer.from("tail"));
    const file = await stat(sparse.path);
    assert.equal(file.size, 1024 ** 3);
    assert.ok(file.blocks * 512 < 1024 ** 2);
    await assert.rejects(sparse.write(1024 ** 3 - 3, Buffer.from("tail")), { code: "invalid_argument" });
  });

  for (const name of ["../up", "a/../../b", "/etc/passwd", "-y", ".", "", "a\0b", "a\nb", "http:x"]) {
    it(`does not take ${JSON.stringify(name)} for a file name`, () => {
      assert.throws(() => scratch.path(name), { code: "invalid_argument" });
    });
  }
});
