import assert from "node:assert/strict";
import { appendFileSync, existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sourcePieceId } from "@vstream/core/ids.ts";
import type { Clock } from "@vstream/core/clock.ts";
import { systemClock } from "@vstream/core/clock.ts";
import { newAssetId, openTrialStore, refOf, trialStoreForEach } from "./trial-store.fixture.ts";
import type { SourceOrigin } from "./store.ts";

const origin: SourceOrigin = { url: "https://films.example/a", etag: '"1"', lastModified: null, totalBytes: 6 };

/** Each look at it is three seconds later. */
function hurried(): Clock {
  let atMs = 0;
  return { ...systemClock, monotonicMs: () => (atMs += 3_000) };
}

describe("a source that is fetched in part", () => {
  const trial = trialStoreForEach();
  const assetId = newAssetId();
  const fileOf = (ending: string): string => join(trial.folder, "fetches", `${assetId}${ending}`);

  it("goes on after a restart with what was durable, and becomes an object with the hash that came", async () => {
    await trial.restart({ clock: hurried() });
    await (async () => {
      await using partial = await trial.store.partialSources.open(assetId);
      assert.deepEqual([partial.origin, partial.bytes], [null, 0]);
      await partial.restart(origin);
      await partial.append(Buffer.from("abc"));
    })();
    await trial.restart();
    assert.deepEqual(await trial.store.partialSources.list(), [assetId]);
    await using partial = await trial.store.partialSources.open(assetId);
    assert.deepEqual([partial.origin, partial.bytes], [origin, 3]);
    await partial.append(Buffer.from("def"));
    const sha256 = await partial.secure();
    const { source } = await trial.store.adoptSource(partial.path, sha256);
    assert.deepEqual(source, refOf(Buffer.from("abcdef")));
    assert.equal((await trial.store.read(source.sha256)).toString(), "abcdef");
  });

  it("does not believe what came after the last checkpoint", async () => {
    await (async () => {
      await using partial = await trial.store.partialSources.open(assetId);
      await partial.restart(origin);
      await partial.append(Buffer.from("abc"));
      await partial.secure();
    })();
    assert.equal(statSync(fileOf(".json")).mode & 0o777, 0o600, "it names the URL");
    appendFileSync(fileOf(".part"), "torn");
    await using partial = await trial.store.partialSources.open(assetId);
    assert.equal(partial.bytes, 3);
    await partial.append(Buffer.from("def"));
    assert.equal(await partial.secure(), refOf(Buffer.from("abcdef")).sha256);
  });

  it("begins anew when the disk has other bytes than the record says, or fewer, or no record", async () => {
    for (const spoil of [
      () => {
        writeFileSync(fileOf(".part"), "aXc");
      },
      () => {
        writeFileSync(fileOf(".part"), "a");
      },
      () => {
        writeFileSync(fileOf(".json"), "{}");
      },
    ]) {
      await (async () => {
        await using partial = await trial.store.partialSources.open(assetId);
        await partial.restart(origin);
        await partial.append(Buffer.from("abc"));
        await partial.secure();
      })();
      spoil();
      await using partial = await trial.store.partialSources.open(assetId);
      assert.deepEqual([partial.origin, partial.bytes], [null, 0]);
      await partial.restart(origin);
      await partial.append(Buffer.from("abcdef"));
      assert.equal(await partial.secure(), refOf(Buffer.from("abcdef")).sha256);
    }
  });

  it("is one at a time, and is not forgotten meanwhile", async () => {
    const { partialSources } = trial.store;
    await (async () => {
      await using partial = await partialSources.open(assetId);
      await partial.restart(origin);
      await assert.rejects(partialSources.open(assetId), { code: "unavailable" });
      assert.equal(await partialSources.forget(assetId), false);
      assert.ok(existsSync(fileOf(".part")));
    })();
    assert.equal(await partialSources.forget(assetId), true);
    assert.deepEqual(readdirSync(join(trial.folder, "fetches")), []);
    assert.deepEqual(await partialSources.list(), []);
  });

  it("takes the room that was reserved for it, once", async () => {
    await trial.store[Symbol.asyncDispose]();
    const store = await openTrialStore(trial.folder, { capacityBytes: 2_000 });
    try {
      const bytes = Buffer.alloc(1_500, "x");
      await (async () => {
        await using _room = store.reserve(bytes.length);
        assert.throws(() => store.reserve(501), { code: "storage_full" });
        await using partial = await store.partialSources.open(assetId);
        await partial.restart(origin);
        await partial.append(bytes);
        const source = await store.adoptSource(partial.path, await partial.secure());
        await store.recordPiece(assetId, {
          ...{ id: sourcePieceId, content: { kind: "source", ...source } },
          ...{ toolchain: "", madeBy: "" },
        });
      })();
      assert.equal(store.usage.usedBytes, 1_500 + 32);
      await using _rest = store.reserve(400);
    } finally {
      await store[Symbol.asyncDispose]();
      await trial.restart();
    }
  });
});
