import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { appendFile, rm, symlink, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { VsError } from "@vstream/core/errors.ts";
import type { Sha256 } from "@vstream/core/ids.ts";
import {
  newAssetId,
  pieceOf,
  refOf,
  shutFile,
  shutFolder,
  stickRecord,
  trialStoreForEach,
} from "./trial-store.fixture.ts";

describe("dropping what is damaged", () => {
  const trial = trialStoreForEach();

  async function put(): Promise<{ bytes: Buffer; sha256: Sha256 }> {
    const bytes = randomBytes(5000);
    return { bytes, sha256: (await trial.store.putBytes(bytes)).sha256 };
  }

  function pathOf(sha256: Sha256): string {
    const path = trial.store.pathOf(sha256);
    assert.ok(path !== null);
    return path;
  }

  it("takes the file and every piece that names it, and leaves the rest of these pieces", async () => {
    const [wrong, right, other] = [await put(), await put(), await put()];
    const [one, two] = [newAssetId(), newAssetId()];
    await trial.store.recordPiece(one, pieceOf(0, [refOf(right.bytes), refOf(wrong.bytes)]));
    await trial.store.recordPiece(one, pieceOf(1, [refOf(other.bytes)]));
    await trial.store.recordPiece(two, pieceOf(3, [refOf(wrong.bytes)]));
    const usedBytes = trial.store.usage.usedBytes;
    await writeFile(pathOf(wrong.sha256), Buffer.alloc(5000));

    assert.deepEqual(await trial.store.dropDamaged(wrong.sha256), [
      { assetId: one, pieceIds: [pieceOf(0, [refOf(right.bytes)]).id] },
      { assetId: two, pieceIds: [pieceOf(3, [refOf(wrong.bytes)]).id] },
    ]);
    assert.deepEqual([...trial.store.inventory()], [[one, [pieceOf(1, [refOf(other.bytes)]).id]]]);
    assert.deepEqual(
      [wrong, right, other].map(({ sha256 }) => trial.store.has(sha256)),
      [false, true, true],
    );
    assert.equal(trial.store.usage.usedBytes, usedBytes - 5000);

    // It comes again, and the piece is whole with what had stayed.
    await trial.store.putBytes(wrong.bytes);
    await trial.store.recordPiece(one, pieceOf(0, [refOf(right.bytes), refOf(wrong.bytes)]));
    assert.equal(trial.store.inventory().get(one)?.length, 2);
    assert.equal(await trial.store.dropDamaged(wrong.sha256), null);
  });

  it("leaves what is right, and what is not there", async () => {
    const { bytes, sha256 } = await put();
    await trial.store.recordPiece(newAssetId(), pieceOf(0, [refOf(bytes)]));
    assert.equal(await trial.store.dropDamaged(sha256), null);
    assert.equal(await trial.store.dropDamaged(refOf(Buffer.from("nothing")).sha256), null);
    assert.ok(trial.store.has(sha256));
  });

  it("takes a file that grew, and one of the cache", async () => {
    const { bytes, sha256 } = await put();
    const assetId = newAssetId();
    await trial.store.recordPiece(assetId, pieceOf(0, [refOf(bytes)]));
    await appendFile(pathOf(sha256), "x");
    assert.equal((await trial.store.dropDamaged(sha256))?.length, 1);
    assert.equal(trial.store.inventory().size, 0);

    const cached = randomBytes(300);
    await trial.store.putCached(refOf(cached), cached);
    await writeFile(pathOf(refOf(cached).sha256), "wrong");
    assert.deepEqual(await trial.store.dropDamaged(refOf(cached).sha256), []);
    assert.equal(trial.store.has(refOf(cached).sha256), false);
  });

  it("takes an object whose file is gone for wrong, and a read of it says so", async () => {
    const [{ bytes, sha256 }, cached] = [await put(), randomBytes(300)];
    const assetId = newAssetId();
    await trial.store.recordPiece(assetId, pieceOf(0, [refOf(bytes)]));
    await trial.store.putCached(refOf(cached), cached);
    for (const hash of [sha256, refOf(cached).sha256]) {
      await rm(pathOf(hash));
      await assert.rejects(trial.store.read(hash), { code: "object_corrupt" });
    }
    assert.deepEqual(await trial.store.dropDamaged(sha256), [{ assetId, pieceIds: [pieceOf(0, [refOf(bytes)]).id] }]);
    assert.deepEqual(await trial.store.dropDamaged(refOf(cached).sha256), []);
    assert.deepEqual([trial.store.has(sha256), trial.store.has(refOf(cached).sha256)], [false, false]);
    assert.equal(trial.store.usage.usedBytes, 0);
  });

  it("looks again at what came anew since another drop of the same object", async () => {
    const { bytes, sha256 } = await put();
    await writeFile(pathOf(sha256), Buffer.alloc(5000));
    const [first, second] = await Promise.all([trial.store.dropDamaged(sha256), trial.store.dropDamaged(sha256)]);
    assert.deepEqual([first, second], [[], null]);
    await trial.store.putBytes(bytes);
    assert.equal(await trial.store.dropDamaged(sha256), null);
  });

  it("leaves a file alone that just cannot be opened", async () => {
    const { bytes, sha256 } = await put();
    const assetId = newAssetId();
    await trial.store.recordPiece(assetId, pieceOf(0, [refOf(bytes)]));
    const reopen = await shutFile(pathOf(sha256));
    await assert.rejects(trial.store.dropDamaged(sha256), { code: "disk_failed" });
    await reopen();
    assert.equal(await trial.store.dropDamaged(sha256), null);
    assert.deepEqual(await trial.store.read(sha256), bytes);
    assert.deepEqual([trial.store.inventory().size, trial.store.scrub.damagedFound], [1, 0]);
  });

  it("takes a file that the disk cannot read for wrong", async function () {
    if (process.platform !== "linux") this.skip();
    const { bytes, sha256 } = await put();
    await trial.store.recordPiece(newAssetId(), pieceOf(0, [refOf(bytes)]));
    const path = pathOf(sha256);
    await rm(path);
    // Nothing is mapped at address 0: reading there gives EIO.
    await symlink("/proc/self/mem", path);
    await assert.rejects(trial.store.read(sha256), { code: "object_corrupt" });
    assert.equal((await trial.store.dropDamaged(sha256))?.length, 1);
    assert.deepEqual([trial.store.has(sha256), trial.store.scrub.damagedFound], [false, 1]);
  });

  it("tells what is gone though a record stays, and drops that the next time", async () => {
    const { bytes, sha256 } = await put();
    const piece = pieceOf(0, [refOf(bytes)]);
    const [one, two] = [newAssetId(), newAssetId()];
    for (const assetId of [one, two]) await trial.store.recordPiece(assetId, piece);
    await writeFile(pathOf(sha256), Buffer.alloc(5000));
    const loosen = await stickRecord(trial.folder, one, piece.id);
    assert.deepEqual(await trial.store.dropDamaged(sha256), [{ assetId: two, pieceIds: [piece.id] }]);
    await assert.rejects(trial.store.dropDamaged(sha256), VsError);
    await loosen();
    assert.deepEqual(await trial.store.dropDamaged(sha256), [{ assetId: one, pieceIds: [piece.id] }]);
    assert.equal(trial.store.inventory().size, 0);
    assert.equal(await trial.store.dropDamaged(sha256), null);
    assert.equal(trial.store.scrub.damagedFound, 1);
  });

  it("leaves a piece whose object came again before its record could be removed", async () => {
    const { bytes, sha256 } = await put();
    const [assetId, piece] = [newAssetId(), pieceOf(0, [refOf(bytes)])];
    await trial.store.recordPiece(assetId, piece);
    await writeFile(pathOf(sha256), Buffer.alloc(5000));
    const loosen = await stickRecord(trial.folder, assetId, piece.id);
    await assert.rejects(trial.store.dropDamaged(sha256), VsError);
    await loosen();
    await trial.store.putBytes(bytes);
    assert.equal(await trial.store.dropDamaged(sha256), null);
    assert.notEqual(trial.store.getPiece(assetId, piece.id), null);
  });

  it("drops the records though the file cannot be taken away", async function () {
    const { bytes, sha256 } = await put();
    const [assetId, piece] = [newAssetId(), pieceOf(0, [refOf(bytes)])];
    await trial.store.recordPiece(assetId, piece);
    await writeFile(pathOf(sha256), Buffer.alloc(5000));
    const open = shutFolder(dirname(pathOf(sha256)));
    if (open === null) this.skip();
    try {
      assert.deepEqual(await trial.store.dropDamaged(sha256), [{ assetId, pieceIds: [piece.id] }]);
    } finally {
      open();
    }
    assert.deepEqual([trial.store.has(sha256), trial.store.usage.usedBytes], [false, 0]);
    await trial.store.putBytes(bytes);
    assert.deepEqual(await trial.store.read(sha256), bytes);
  });

  it("takes a piece that is just being recorded, too", async () => {
    const { bytes, sha256 } = await put();
    // Long in the writing.
    const [assetId, piece] = [
      newAssetId(),
      pieceOf(
        0,
        Array.from({ length: 40_000 }, () => refOf(bytes)),
      ),
    ];
    await writeFile(pathOf(sha256), Buffer.alloc(5000));
    const recording = trial.store.recordPiece(assetId, piece);
    while (trial.store.scrub.totalBytes === 0) await Promise.resolve();
    const [recorded, dropped] = await Promise.allSettled([recording, trial.store.dropDamaged(sha256)]);
    assert.ok(trial.store.getPiece(assetId, piece.id) === null);
    assert.deepEqual(dropped, { status: "fulfilled", value: [{ assetId, pieceIds: [piece.id] }] });
    assert.equal(recorded.status === "rejected" ? (recorded.reason as VsError).code : "", "object_missing");
  });

  it("is mended by the next start when it was cut short", async () => {
    const { bytes, sha256 } = await put();
    await trial.store.recordPiece(newAssetId(), pieceOf(0, [refOf(bytes)]));
    await rm(pathOf(sha256));
    await trial.restart();
    assert.equal(trial.store.inventory().size, 0);
  });
});
