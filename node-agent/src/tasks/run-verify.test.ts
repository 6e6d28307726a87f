import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { rm, symlink, writeFile } from "node:fs/promises";
import { VsError } from "@vstream/core/errors.ts";
import { videoPieceId } from "@vstream/core/ids.ts";
import type { PieceId } from "@vstream/core/ids.ts";
import type { ObjectRef } from "@vstream/core/media.ts";
import type { LostCopies } from "../store/store.ts";
import { neverAborted, newAssetId, pieceOf, trialStoreForEach } from "../store/trial-store.fixture.ts";
import { runVerify } from "./run-verify.ts";
import type { TaskResult } from "./task-context.ts";

describe("verification of an asset", () => {
  const trial = trialStoreForEach();
  const [one, two] = [newAssetId(), newAssetId()];
  let lost: LostCopies[];
  let fractions: number[];
  beforeEach(() => {
    [lost, fractions] = [[], []];
  });

  async function put(sizeBytes = 1000): Promise<ObjectRef> {
    return await trial.store.putBytes(randomBytes(sizeBytes));
  }

  async function spoil({ sha256, bytes }: ObjectRef): Promise<void> {
    await writeFile(trial.store.pathOf(sha256)!, randomBytes(bytes));
  }

  async function verify(pieceIds: readonly PieceId[], signal = neverAborted): Promise<TaskResult> {
    const onLost = (some: LostCopies): void => {
      lost.push(some);
    };
    const progress = (fraction: number): void => {
      fractions.push(fraction);
    };
    return await runVerify(
      { store: trial.store, onLost },
      { kind: "verify", pieceIds },
      { assetId: one, signal, progress },
    );
  }

  it("finds nothing wrong with good copies, and says how far it is by bytes", async () => {
    const pieces = [pieceOf(0, [await put(1000)]), pieceOf(1, [await put(3000)])];
    for (const piece of pieces) await trial.store.recordPiece(one, piece);
    const result = await verify(pieces.map((piece) => piece.id));
    assert.deepEqual(result, { probe: null, pieces: [], damagedPieceIds: [], checkedBytes: 4000, check: null });
    assert.deepEqual([fractions, lost], [[0.25, 1], []]);
  });

  it("names the copies that are wrong, that lack a file, and that are not recorded here", async () => {
    const [right, wrong, gone] = [await put(), await put(), await put()];
    const pieces = [right, wrong, gone].map((object, chunk) => pieceOf(chunk, [object]));
    for (const piece of pieces) await trial.store.recordPiece(one, piece);
    await spoil(wrong);
    await rm(trial.store.pathOf(gone.sha256)!);
    const { damagedPieceIds, checkedBytes } = await verify([0, 1, 2, 3].map((chunk) => videoPieceId(chunk)));
    assert.deepEqual(
      damagedPieceIds,
      [1, 2, 3].map((chunk) => videoPieceId(chunk)),
    );
    assert.equal(checkedBytes, 2000);
    assert.deepEqual(trial.store.inventory().get(one), [videoPieceId(0)]);
    // The result may never arrive.
    assert.deepEqual(
      lost,
      [1, 2, 3].map((chunk) => [{ assetId: one, pieceIds: [videoPieceId(chunk)] }]),
    );
  });

  it("tells of what goes with a shared object, too", async () => {
    const shared = await put();
    await trial.store.recordPiece(one, pieceOf(0, [shared]));
    await trial.store.recordPiece(one, pieceOf(1, [await put(), shared]));
    await trial.store.recordPiece(two, pieceOf(2, [shared]));
    await spoil(shared);
    const { damagedPieceIds } = await verify([videoPieceId(0)]);
    assert.deepEqual(damagedPieceIds, [videoPieceId(0)]);
    assert.deepEqual(lost, [
      [
        { assetId: one, pieceIds: [videoPieceId(0), videoPieceId(1)] },
        { assetId: two, pieceIds: [videoPieceId(2)] },
      ],
    ]);
  });

  it("fails when a file cannot be opened, and drops nothing for it", async () => {
    const object = await put();
    await trial.store.recordPiece(one, pieceOf(0, [object]));
    const path = trial.store.pathOf(object.sha256)!;
    await rm(path);
    await symlink(path, path);
    await assert.rejects(verify([videoPieceId(0)]), { code: "disk_failed" });
    assert.deepEqual([trial.store.inventory().get(one), lost], [[videoPieceId(0)], []]);
  });

  it("stops when its lease is over, and tells of what it had found by then", async () => {
    const objects = [await put(), await put(3_000_000), await put()];
    for (const [chunk, object] of objects.entries()) await trial.store.recordPiece(one, pieceOf(chunk, [object]));
    await spoil(objects[0]!);
    await spoil(objects[2]!);
    const stop = new AbortController();
    const pieceIds = objects.map((_object, chunk) => videoPieceId(chunk));
    const watched = trial.store.verifyPiece.bind(trial.store);
    const verifyPiece: typeof watched = (assetId, pieceId, watch) => {
      const onBytes = (bytes: number): void => {
        watch.onBytes(bytes);
        if (pieceId === videoPieceId(1)) stop.abort(new VsError("lease_lost", "over"));
      };
      return watched(assetId, pieceId, { ...watch, onBytes });
    };
    const store = { getPiece: trial.store.getPiece.bind(trial.store), verifyPiece };
    const running = runVerify(
      { store, onLost: (some) => lost.push(some) },
      { kind: "verify", pieceIds },
      { assetId: one, signal: stop.signal, progress: () => undefined },
    );
    await assert.rejects(running, { code: "lease_lost" });
    assert.deepEqual(lost, [[{ assetId: one, pieceIds: [videoPieceId(0)] }]]);
    assert.notEqual(trial.store.getPiece(one, videoPieceId(2)), null);
  });
});
