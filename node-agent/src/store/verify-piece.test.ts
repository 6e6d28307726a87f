import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { VsError } from "@vstream/core/errors.ts";
import type { ObjectRef } from "@vstream/core/media.ts";
import { neverAborted, newAssetId, pieceOf, shutFile, stickRecord, trialStoreForEach } from "./trial-store.fixture.ts";

const unheard = { signal: neverAborted, onBytes: () => undefined };

describe("verifying a piece", () => {
  const trial = trialStoreForEach();

  async function put(sizeBytes: number): Promise<ObjectRef> {
    return await trial.store.putBytes(randomBytes(sizeBytes));
  }

  it("reads every object, and says how much it has read on the way", async () => {
    const [assetId, piece] = [newAssetId(), pieceOf(0, [await put(1000), await put(2_500_000)])];
    await trial.store.recordPiece(assetId, piece);
    const parts: number[] = [];
    const watch = { signal: neverAborted, onBytes: (bytes: number) => parts.push(bytes) };
    const finding = await trial.store.verifyPiece(assetId, piece.id, watch);
    assert.deepEqual(finding, { kind: "right", checkedBytes: 2_501_000 });
    assert.deepEqual(parts, [1000, 1024 ** 2, 1024 ** 2, 2_500_000 - 2 * 1024 ** 2]);
  });

  it("drops each wrong object, with the pieces of other assets that share it", async () => {
    const [shared, gone, right] = [await put(1000), await put(1000), await put(1000)];
    const [one, two] = [newAssetId(), newAssetId()];
    const piece = pieceOf(0, [right, shared, gone]);
    await trial.store.recordPiece(one, piece);
    await trial.store.recordPiece(two, pieceOf(4, [shared]));
    await writeFile(trial.store.pathOf(shared.sha256)!, randomBytes(1000));
    await rm(trial.store.pathOf(gone.sha256)!);

    const finding = await trial.store.verifyPiece(one, piece.id, unheard);
    assert.ok(finding.kind === "wrong");
    assert.equal(finding.checkedBytes, 2000);
    assert.deepEqual(finding.lost, [
      { assetId: one, pieceIds: [piece.id] },
      { assetId: two, pieceIds: [pieceOf(4, [shared]).id] },
    ]);
    assert.deepEqual(
      [shared, gone, right].map(({ sha256 }) => trial.store.has(sha256)),
      [false, false, true],
    );
    assert.deepEqual(await trial.store.verifyPiece(one, piece.id, unheard), { kind: "absent" });
  });

  it("says that a piece is absent which nobody recorded", async () => {
    const piece = pieceOf(0, [await put(1000)]);
    assert.deepEqual(await trial.store.verifyPiece(newAssetId(), piece.id, unheard), { kind: "absent" });
  });

  it("does not take a piece for wrong that is discarded meanwhile", async () => {
    const [assetId, piece] = [newAssetId(), pieceOf(0, [await put(3_000_000), await put(1000)])];
    await trial.store.recordPiece(assetId, piece);
    let discarding: Promise<void> = Promise.resolve();
    const onBytes = (): void => {
      discarding = trial.store.discard(assetId, []);
    };
    const finding = await trial.store.verifyPiece(assetId, piece.id, { signal: neverAborted, onBytes });
    await discarding;
    assert.notEqual(finding.kind, "wrong");
    assert.equal(trial.store.scrub.damagedFound, 0);
    assert.deepEqual(await trial.store.verifyPiece(assetId, piece.id, unheard), { kind: "absent" });
  });

  it("fails when a file just cannot be opened, and drops nothing for it", async () => {
    const [assetId, object] = [newAssetId(), await put(1000)];
    const piece = pieceOf(0, [object]);
    await trial.store.recordPiece(assetId, piece);
    const reopen = await shutFile(trial.store.pathOf(object.sha256)!);
    await assert.rejects(trial.store.verifyPiece(assetId, piece.id, unheard), { code: "disk_failed" });
    await reopen();
    assert.deepEqual(await trial.store.verifyPiece(assetId, piece.id, unheard), { kind: "right", checkedBytes: 1000 });
    assert.equal(trial.store.scrub.damagedFound, 0);
  });

  it("takes a piece for wrong whose object went in a drop that was cut short", async () => {
    const [assetId, object] = [newAssetId(), await put(1000)];
    const piece = pieceOf(0, [object]);
    await trial.store.recordPiece(assetId, piece);
    await writeFile(trial.store.pathOf(object.sha256)!, randomBytes(1000));
    const loosen = await stickRecord(trial.folder, assetId, piece.id);
    await assert.rejects(trial.store.verifyPiece(assetId, piece.id, unheard), VsError);
    await loosen();
    const lost = [{ assetId, pieceIds: [piece.id] }];
    const finding = await trial.store.verifyPiece(assetId, piece.id, unheard);
    assert.deepEqual(finding, { kind: "wrong", checkedBytes: 0, lost });
    assert.equal(trial.store.inventory().size, 0);
  });

  it("says what it has dropped also when it is stopped after that", async () => {
    const [wrong, right] = [await put(1000), await put(3_000_000)];
    const [assetId, piece] = [newAssetId(), pieceOf(0, [wrong, right])];
    await trial.store.recordPiece(assetId, piece);
    await writeFile(trial.store.pathOf(wrong.sha256)!, randomBytes(1000));
    const stop = new AbortController();
    const onBytes = (bytes: number): void => {
      if (bytes > 1000) stop.abort(new VsError("lease_lost", "over"));
    };
    const finding = await trial.store.verifyPiece(assetId, piece.id, { signal: stop.signal, onBytes });
    assert.ok(finding.kind === "wrong");
    assert.deepEqual(finding.lost, [{ assetId, pieceIds: [piece.id] }]);
  });

  it("stops between two reads when told to, and drops nothing for it", async () => {
    const [assetId, piece] = [newAssetId(), pieceOf(0, [await put(3_000_000)])];
    await trial.store.recordPiece(assetId, piece);
    const stop = new AbortController();
    let readBytes = 0;
    const onBytes = (bytes: number): void => {
      readBytes += bytes;
      stop.abort(new VsError("lease_lost", "over"));
    };
    const verifying = trial.store.verifyPiece(assetId, piece.id, { signal: stop.signal, onBytes });
    await assert.rejects(verifying, { code: "lease_lost" });
    assert.equal(readBytes, 1024 ** 2);
    assert.deepEqual([trial.store.scrub.damagedFound, trial.store.inventory().size], [0, 1]);
  });
});
