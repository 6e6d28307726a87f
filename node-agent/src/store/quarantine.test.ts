import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Sha256 } from "@vstream/core/ids.ts";
import { MovedClock } from "../tasks/moved-clock.fixture.ts";
import { DiskLayout } from "./disk-layout.ts";
import { Quarantine } from "./quarantine.ts";
import { newAssetId, pieceOf, trialFolder, trialStoreForEach } from "./trial-store.fixture.ts";

const [KiB, dayMs] = [1024, 24 * 3_600_000];

function hashNamed(name: string): Sha256 {
  return createHash("sha256").update(name).digest("hex") as Sha256;
}

describe("quarantine", () => {
  let folder: Awaited<ReturnType<typeof trialFolder>>;
  let layout: DiskLayout;
  let clock: MovedClock;
  beforeEach(async () => {
    folder = await trialFolder();
    layout = new DiskLayout(folder.path);
    clock = new MovedClock();
    await mkdir(layout.quarantine);
  });
  afterEach(async () => {
    await folder[Symbol.asyncDispose]();
  });

  const opened = (capacityBytes = 1000 * KiB): Quarantine => {
    const quarantine = new Quarantine({ layout, clock, capacityBytes });
    quarantine.load();
    return quarantine;
  };

  async function take(quarantine: Quarantine, name: string, sizeBytes: number): Promise<Sha256> {
    const path = join(folder.path, name);
    await writeFile(path, Buffer.alloc(sizeBytes, name));
    await quarantine.take(hashNamed(name), path);
    return hashNamed(name);
  }

  it("names a file by its hash and when it was found, and knows it after a restart", async () => {
    clock.jump(5_000);
    const sha256 = await take(opened(), "wrong", KiB);
    assert.deepEqual(await readdir(folder.path), ["quarantine"]);
    assert.deepEqual(await readFile(join(layout.quarantine, `${sha256}.5000`)), Buffer.alloc(KiB, "wrong"));
    const again = opened();
    assert.deepEqual([again.count, again.bytes], [1, KiB]);
  });

  it("keeps both when an object is wrong twice at one instant", async () => {
    const quarantine = opened();
    await take(quarantine, "wrong", 10);
    await take(quarantine, "wrong", 20);
    assert.equal((await readdir(layout.quarantine)).length, 2);
  });

  it("takes no more than a hundredth of the capacity, and lets the oldest go first", async () => {
    const quarantine = opened(1000 * KiB);
    for (const name of ["a", "b", "c"]) {
      await take(quarantine, name, 4 * KiB);
      clock.jump(1);
    }
    assert.deepEqual([quarantine.count, quarantine.bytes], [2, 8 * KiB]);
    assert.ok((await readdir(layout.quarantine)).every((name) => !name.startsWith(hashNamed("a"))));
    await take(quarantine, "larger than all", 11 * KiB);
    assert.equal(quarantine.count, 2);
    assert.deepEqual(await readdir(folder.path), ["quarantine"]);
  });

  it("keeps a hundred files at most", async () => {
    const quarantine = opened();
    for (let index = 0; index < 103; index += 1) await take(quarantine, String(index), 1);
    assert.equal(quarantine.count, 100);
    assert.equal((await readdir(layout.quarantine)).length, 100);
  });

  it("lets go of what has been there for 14 days", async () => {
    const quarantine = opened();
    await take(quarantine, "old", 1);
    clock.jump(dayMs);
    await take(quarantine, "newer", 1);
    clock.jump(13 * dayMs);
    quarantine.sweep();
    assert.equal(quarantine.count, 2);
    clock.jump(1);
    quarantine.sweep();
    assert.deepEqual(
      (await readdir(layout.quarantine)).map((name) => name.slice(0, 64)),
      [hashNamed("newer")],
    );
  });

  it("leaves alone what it did not put there", async () => {
    await writeFile(join(layout.quarantine, "notes.txt"), "the disk was changed");
    const quarantine = opened();
    quarantine.giveWay(1000);
    assert.deepEqual([quarantine.count, await readdir(layout.quarantine)], [0, ["notes.txt"]]);
  });
});

describe("a store with wrong files", () => {
  const trial = trialStoreForEach();

  async function damage(sizeBytes: number): Promise<Sha256> {
    const object = await trial.store.putBytes(Buffer.alloc(sizeBytes, String(sizeBytes)));
    await trial.store.recordPiece(newAssetId(), pieceOf(0, [object]));
    await writeFile(trial.store.pathOf(object.sha256)!, Buffer.alloc(sizeBytes, "?"));
    await trial.store.dropDamaged(object.sha256);
    return object.sha256;
  }

  it("puts them aside, counts them over restarts, and does not count them as used", async () => {
    const sha256 = await damage(1000);
    await damage(2000);
    await trial.restart();
    await damage(3000);
    const { damagedFound, quarantined } = trial.store.scrub;
    assert.deepEqual([damagedFound, quarantined, trial.store.usage.usedBytes], [3, 3, 0]);
    const names = await readdir(join(trial.folder, "quarantine"));
    assert.ok(names.some((name) => name.startsWith(`${sha256}.`)));
  });

  it("puts aside what it finds wrong at its start, too", async () => {
    const object = await trial.store.putBytes(Buffer.alloc(1000, "a"));
    await trial.store.recordPiece(newAssetId(), pieceOf(0, [object]));
    await truncate(trial.store.pathOf(object.sha256)!, 10);
    await trial.restart();
    const { damagedFound, quarantined } = trial.store.scrub;
    assert.deepEqual([damagedFound, quarantined, trial.store.inventory().size], [1, 1, 0]);
  });

  it("lets them go when their room is needed", async () => {
    const capacityBytes = 1_000_000;
    await trial.restart({ capacityBytes, cacheBytes: 100_000 });
    await damage(9_000);
    const cached = Buffer.alloc(9_000, "c");
    await using _reserved = trial.store.reserve(capacityBytes - 10_000);
    assert.equal(trial.store.scrub.quarantined, 1);
    await trial.store.putCached(
      { sha256: createHash("sha256").update(cached).digest("hex") as Sha256, bytes: 9_000 },
      cached,
    );
    await trial.store.putBytes(Buffer.alloc(9_500, "n"));
    assert.equal(trial.store.scrub.quarantined, 0);
    await assert.rejects(trial.store.putBytes(Buffer.alloc(600, "m")), { code: "storage_full" });
  });

  it("drops an object whose file cannot be put aside", async () => {
    await rm(join(trial.folder, "quarantine"), { recursive: true });
    const sha256 = await damage(1000);
    assert.deepEqual([trial.store.has(sha256), trial.store.scrub.quarantined], [false, 0]);
    assert.equal(trial.store.scrub.damagedFound, 1);
  });

  it("begins to count again when the count itself was damaged", async () => {
    await damage(1000);
    await writeFile(join(trial.folder, "documents", "damage.json"), "{");
    await trial.restart();
    assert.equal(trial.store.scrub.damagedFound, 0);
  });
});
