import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { rm, symlink, writeFile } from "node:fs/promises";
import type { Sha256 } from "@vstream/core/ids.ts";
import { newAssetId, pieceOf, refOf, trialStoreForEach } from "../store/trial-store.fixture.ts";
import { GrowingObject } from "./growing-object.ts";
import { HotObjects } from "./hot-objects.ts";
import type { HotObjectsDeps } from "./hot-objects.ts";

describe("an object that the store names", () => {
  const trial = trialStoreForEach();
  const bytes = randomBytes(1000);
  const object = refOf(bytes);
  let reported: Sha256[];
  beforeEach(async () => {
    reported = [];
    await trial.store.putBytes(bytes);
  });

  function hotObjects(store: HotObjectsDeps["store"] = trial.store): HotObjects {
    return new HotObjects({
      store,
      pullThrough: { start: () => ({ growing: grown(), ended: Promise.resolve() }) },
      maxBytes: 10_000,
      onCorrupt: (sha256) => reported.push(sha256),
      onRead: () => undefined,
    });
  }

  function grown(): GrowingObject {
    const growing = new GrowingObject(object);
    growing.append(bytes);
    growing.settle();
    return growing;
  }

  it("is pulled from elsewhere and reported when its file is gone", async () => {
    await rm(trial.store.pathOf(object.sha256)!);
    await using hot = hotObjects();
    assert.deepEqual(await hot.get(object, []), bytes);
    assert.deepEqual(reported, [object.sha256]);
  });

  it("is pulled from elsewhere and reported when it has other bytes", async () => {
    await writeFile(trial.store.pathOf(object.sha256)!, randomBytes(1000));
    await using hot = hotObjects();
    assert.deepEqual(await hot.get(object, []), bytes);
    assert.deepEqual(reported, [object.sha256]);
  });

  it("is pulled from elsewhere without a report when its file just cannot be opened", async () => {
    const path = trial.store.pathOf(object.sha256)!;
    await rm(path);
    await symlink(path, path);
    await using hot = hotObjects();
    assert.deepEqual(await hot.get(object, []), bytes);
    assert.deepEqual(reported, []);
  });

  it("is pulled from elsewhere without a report when it is discarded meanwhile", async () => {
    const { store } = trial;
    const assetId = newAssetId();
    await store.recordPiece(assetId, pieceOf(0, [object]));
    const readChecked = async (sha256: Sha256): Promise<Buffer> => {
      await store.discard(assetId, []);
      return await store.readChecked(sha256);
    };
    await using hot = hotObjects({ has: (sha256) => store.has(sha256), readChecked });
    assert.deepEqual(await hot.get(object, []), bytes);
    assert.deepEqual(reported, []);
  });
});
