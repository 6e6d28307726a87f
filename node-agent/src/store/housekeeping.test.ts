import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { until } from "../rpc/trial-control-plane.fixture.ts";
import { MovedClock } from "../tasks/moved-clock.fixture.ts";
import {
  neverAborted,
  newAssetId,
  openTrialStore,
  pieceOf,
  refOf,
  streamOf,
  trialFolder,
} from "./trial-store.fixture.ts";

const [minuteMs, hourMs] = [60_000, 3_600_000];

/** Files have the machine's time: it begins there. */
class ClockFromNow extends MovedClock {
  readonly #startedAt = Date.now();

  override now(): number {
    return this.#startedAt + super.now();
  }
}

describe("housekeeping of the store", () => {
  let folder: Awaited<ReturnType<typeof trialFolder>>;
  let clock: ClockFromNow;
  beforeEach(async () => {
    folder = await trialFolder();
    clock = new ClockFromNow();
  });
  afterEach(async () => {
    await folder[Symbol.asyncDispose]();
  });

  const namesIn = (name: string): string[] => readdirSync(join(folder.path, name));

  /** Sweeps come by the clock, and take some time of the machine. */
  async function sweepUntil(holds: () => boolean): Promise<void> {
    await until("a sweep", () => {
      if (!holds()) void clock.advance(10 * minuteMs);
      return holds();
    });
  }

  it("keeps what was half received for a day, and no longer", async () => {
    await using store = await openTrialStore(folder.path, { clock, resumeWorthBytes: 1000 });
    // Written a MiB at a time.
    const bytes = randomBytes(3 * 1024 ** 2);
    const broken = async (from: number): Promise<AsyncIterable<Uint8Array>> => {
      const stream = await streamOf(bytes.subarray(0, 2 * 1024 ** 2)).open(from);
      return (async function* () {
        yield* stream;
        throw new Error("cut off");
      })();
    };
    await assert.rejects(store.putStream(refOf(bytes), broken, neverAborted), /cut off/);
    await clock.advance(23 * hourMs);
    assert.deepEqual(namesIn("staging"), [`${refOf(bytes).sha256}.part`]);
    await sweepUntil(() => namesIn("staging").length === 0);
    assert.ok(clock.monotonicMs() > 24 * hourMs);
  });

  it("takes an object that no piece has named for an hour into the cache, which is bounded, and not before", async () => {
    await using store = await openTrialStore(folder.path, { clock, cacheBytes: 8192 });
    const [orphans, named] = [[randomBytes(3000), randomBytes(3000), randomBytes(3000)], randomBytes(3000)];
    for (const bytes of orphans) await store.putBytes(bytes);
    await store.recordPiece(newAssetId(), pieceOf(0, [await store.putBytes(named)]));
    await clock.advance(hourMs - minuteMs);
    assert.equal(store.usage.usedBytes, 12_000);
    await sweepUntil(() => store.usage.usedBytes === 3000);
    assert.ok(clock.monotonicMs() > hourMs);
    await until("room in the cache", () => orphans.filter((bytes) => store.has(refOf(bytes).sha256)).length === 2);
    assert.ok(store.has(refOf(named).sha256));
    assert.equal(namesIn("cache").length, 2);
  });
});
