import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { writeFile, rm, readFile } from "node:fs/promises";
import { join } from "node:path";
import { VsError } from "@vstream/core/errors.ts";
import type { AssetId, PieceId, Sha256 } from "@vstream/core/ids.ts";
import type { ObjectRef } from "@vstream/core/media.ts";
import { until } from "../rpc/trial-control-plane.fixture.ts";
import { MovedClock } from "../tasks/moved-clock.fixture.ts";
import type { ScrubOptions, Store } from "./store.ts";
import { newAssetId, openTrialStore, pieceOf, shutFile, stickRecord, trialFolder } from "./trial-store.fixture.ts";

const [minuteMs, hourMs] = [60_000, 3_600_000];
const MiB = 1024 ** 2;

/** The scrub itself, and the store's sweep. */
const restingAtEase = 2;

/** Knows how many wait for it, and has a wall clock that can be set. */
class RestClock extends MovedClock {
  resting = 0;
  setByMs = 0;

  override now(): number {
    return super.now() + this.setByMs;
  }

  override async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.resting += 1;
    try {
      await super.sleep(ms, signal);
    } finally {
      this.resting -= 1;
    }
  }
}

describe("scrub", () => {
  let folder: Awaited<ReturnType<typeof trialFolder>>;
  let clock: RestClock;
  let store: Store;
  let scrubbing: AsyncDisposable | null;
  let found: Sha256[];
  let isBusy: boolean;
  beforeEach(async () => {
    folder = await trialFolder();
    clock = new RestClock();
    store = await openTrialStore(folder.path, { clock });
    scrubbing = null;
    found = [];
    isBusy = false;
  });
  afterEach(async () => {
    await close();
    await folder[Symbol.asyncDispose]();
  });

  async function close(): Promise<void> {
    await scrubbing?.[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
  }

  function start(options: Partial<ScrubOptions> = {}): void {
    scrubbing = store.startScrub({
      periodMs: 24 * hourMs,
      isBusy: () => isBusy,
      onDamage: (sha256) => found.push(sha256),
      ...options,
    });
  }

  /** Objects of one piece, in the order in which they are read. */
  async function fill(sizes: readonly number[]): Promise<ObjectRef[]> {
    const objects = await Promise.all(sizes.map((sizeBytes) => store.putBytes(randomBytes(sizeBytes))));
    await store.recordPiece(newAssetId(), pieceOf(0, objects));
    return objects.sort((one, other) => (one.sha256 < other.sha256 ? -1 : 1));
  }

  async function spoil(object: ObjectRef): Promise<void> {
    await writeFile(store.pathOf(object.sha256)!, randomBytes(object.bytes));
  }

  /** Lets time pass, a second at a time and only while the scrub rests; gives how much passed. */
  async function passUntil(holds: () => boolean): Promise<number> {
    const startMs = clock.monotonicMs();
    const rest = (): Promise<void> => until("a rest", () => clock.resting === restingAtEase);
    await rest();
    for (let second = 0; !holds(); second += 1) {
      assert.ok(second < 100_000, "it never happened");
      await clock.advance(1_000);
      await rest();
    }
    return clock.monotonicMs() - startMs;
  }

  function passUntilChecked(bytes: number): Promise<number> {
    return passUntil(() => store.scrub.checkedBytes >= bytes);
  }

  /** Gives when it ended. */
  async function passUntilEnded(): Promise<number> {
    const { lastPassEndedAt } = store.scrub;
    await passUntil(() => store.scrub.lastPassEndedAt !== lastPassEndedAt);
    return store.scrub.lastPassEndedAt!;
  }

  it("reads everything that a piece names, and tells what is wrong, cut or gone", async () => {
    const [right, wrong, cut, gone] = (await fill([1000, 2000, 3000, 4000])) as [
      ObjectRef,
      ObjectRef,
      ObjectRef,
      ObjectRef,
    ];
    await spoil(wrong);
    await writeFile(store.pathOf(cut.sha256)!, "");
    await rm(store.pathOf(gone.sha256)!);
    assert.equal(store.scrub.lastPassEndedAt, null);
    start();
    await passUntilEnded();
    assert.deepEqual(found, [wrong.sha256, cut.sha256, gone.sha256]);
    assert.equal(store.scrub.totalBytes, 10_000);
    assert.ok(store.has(right.sha256));
  });

  it("leaves alone what no piece names", async () => {
    const object = await store.putBytes(randomBytes(1000));
    await spoil(object);
    await fill([1000]);
    start();
    await passUntilEnded();
    assert.deepEqual(found, []);
  });

  it("spreads a pass evenly over its period", async () => {
    await fill([2 * MiB, 2 * MiB, 2 * MiB, 2 * MiB]);
    // Eight parts, one every 20 s.
    start({ periodMs: 160_000 });
    const halfMs = await passUntilChecked(4 * MiB);
    assert.equal(halfMs, 80_000);
    assert.equal(await passUntilEnded(), 160_000);
  });

  it("reads a small store an object a minute, and begins again", async () => {
    await fill([100, 100, 100]);
    start({ periodMs: 14 * 24 * hourMs });
    const first = await passUntilEnded();
    assert.equal(first, 3 * minuteMs);
    assert.ok((await passUntilEnded()) - first < 4 * minuteMs);
  });

  it("leaves a file alone that just cannot be opened", async () => {
    const [object] = (await fill([1000, 1000])) as [ObjectRef];
    const reopen = await shutFile(store.pathOf(object.sha256)!);
    start();
    await passUntilEnded();
    assert.deepEqual(found, []);
    await reopen();
    await spoil(object);
    await passUntilEnded();
    assert.deepEqual(found, [object.sha256]);
  });

  it("tells again of what went in a drop that was cut short", async () => {
    const [object] = (await fill([1000, 1000])) as [ObjectRef];
    const [[assetId, pieceIds]] = [...store.inventory()] as [[AssetId, PieceId[]]];
    await spoil(object);
    await stickRecord(folder.path, assetId, pieceIds[0]!);
    await assert.rejects(store.dropDamaged(object.sha256), VsError);
    start();
    await passUntilEnded();
    assert.deepEqual(found, [object.sha256]);
  });

  for (const [how, setByMs] of [
    ["back", -5 * hourMs],
    ["forward", 1000 * hourMs],
  ] as const) {
    it(`keeps its pace when the wall clock is set ${how}`, async () => {
      clock.setByMs = 24 * hourMs;
      await fill([2 * MiB, 2 * MiB, 2 * MiB, 2 * MiB]);
      start({ periodMs: 160_000 });
      await passUntilChecked(4 * MiB);
      clock.setByMs += setByMs;
      const { lastPassEndedAt } = store.scrub;
      assert.equal(await passUntil(() => store.scrub.lastPassEndedAt !== lastPassEndedAt), 80_000);
    });
  }

  it("keeps its pace when the wall clock was set back while it did not run, and says so", async () => {
    clock.setByMs = 24 * hourMs;
    await fill([2 * MiB, 2 * MiB, 2 * MiB, 2 * MiB]);
    start({ periodMs: 160_000 });
    await passUntilChecked(4 * MiB);
    await close();
    clock.setByMs = hourMs;
    store = await openTrialStore(folder.path, { clock });
    start({ periodMs: 160_000 });
    await passUntilChecked(6 * MiB);
    assert.equal(store.scrub.passStartedAt, clock.now() - 120_000);
    const { lastPassEndedAt } = store.scrub;
    assert.equal(await passUntil(() => store.scrub.lastPassEndedAt !== lastPassEndedAt), 40_000);
  });

  it("gives way while the node is busy, and catches up at four times the pace", async () => {
    await fill(Array.from({ length: 40 }, () => MiB / 4));
    // An object every 10 s, evenly.
    start({ periodMs: 400_000 });
    isBusy = true;
    const busyMs = await passUntilChecked((3 * MiB) / 4);
    assert.ok(busyMs >= 3 * minuteMs, `three objects in ${busyMs} ms while busy`);
    isBusy = false;
    const freeMs = await passUntilChecked((11 * MiB) / 4);
    assert.ok(freeMs >= 8 * 2_500 && freeMs <= 8 * 4_000, `eight objects in ${freeMs} ms`);
  });

  it("goes on after a restart where it was", async () => {
    const objects = await fill(Array.from({ length: 20 }, () => 1000));
    for (const object of objects) await spoil(object);
    start();
    await passUntil(() => found.length === 7);
    await close();
    const { checkedBytes } = store.scrub;
    assert.equal(checkedBytes, 6000);
    store = await openTrialStore(folder.path, { clock });
    assert.equal(store.scrub.checkedBytes, checkedBytes);
    start();
    await passUntilEnded();
    const hashes = objects.map((object) => object.sha256);
    // The one after which it rested is read again.
    assert.deepEqual(found, [...hashes.slice(0, 7), ...hashes.slice(6)]);
  });

  it("writes down where it is at most every half minute", async () => {
    await fill(Array.from({ length: 100 }, () => 1000));
    start({ periodMs: 100_000 });
    await passUntilChecked(10_000);
    const path = join(folder.path, "documents", "scrub.json");
    const written = await readFile(path, "utf8");
    await passUntilChecked(20_000);
    assert.equal(await readFile(path, "utf8"), written);
    await passUntilChecked(60_000);
    assert.notEqual(await readFile(path, "utf8"), written);
  });

  it("reads what came in behind it in the next pass", async () => {
    const [first] = (await fill([1000, 1000, 1000])) as [ObjectRef];
    start();
    await passUntilChecked(1000);
    let late = await store.putBytes(randomBytes(500));
    while (late.sha256 > first.sha256) late = await store.putBytes(randomBytes(500));
    await store.recordPiece(newAssetId(), pieceOf(1, [late]));
    await spoil(late);
    await passUntilEnded();
    assert.deepEqual(found, []);
    await passUntilEnded();
    assert.deepEqual(found, [late.sha256]);
  });

  it("begins when there is something to read, and reads nothing when it is off", async () => {
    start();
    await clock.advance(10 * minuteMs);
    assert.deepEqual([store.scrub.passStartedAt, store.scrub.lastPassEndedAt], [0, null]);
    await fill([1000]);
    const endedAt = await passUntilEnded();
    assert.ok(endedAt >= 10 * minuteMs);
    await scrubbing?.[Symbol.asyncDispose]();
    await fill([1000]);
    start({ periodMs: 0 });
    await clock.advance(48 * hourMs);
    assert.equal(store.scrub.lastPassEndedAt, endedAt);
  });

  it("does not tell of an object that is discarded while it is read", async () => {
    const [object] = (await fill([3 * MiB])) as [ObjectRef];
    await spoil(object);
    start({ periodMs: 300_000 });
    await clock.advance(1_000);
    for (const assetId of store.inventory().keys()) await store.discard(assetId, []);
    await clock.advance(10 * minuteMs);
    assert.deepEqual(found, []);
  });
});
