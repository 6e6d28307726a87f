import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { VsError } from "@vstream/core/errors.ts";
import { newId, sourcePieceId, timelinePieceId } from "@vstream/core/ids.ts";
import type { Sha256 } from "@vstream/core/ids.ts";
import { StoreHealer, lookAgainMs, tellAfterMs, waitingLooks } from "./heal-store.ts";
import { until } from "./rpc/trial-control-plane.fixture.ts";
import type { LostCopies } from "./store/store.ts";
import { quietLog } from "./store/trial-store.fixture.ts";
import { MovedClock } from "./tasks/moved-clock.fixture.ts";

const hashes = ["aa", "bb", "cc"].map((digits) => digits.repeat(32) as Sha256);
const [one, two] = [newId("asset", 0), newId("asset", 0)];

describe("healing the store", () => {
  let clock: MovedClock;
  let healer: StoreHealer;
  let looked: Sha256[];
  let told: LostCopies[];
  let redials: number;
  /** What a look at an object finds, and how a report is taken. */
  let find: (sha256: Sha256) => Promise<LostCopies | null>;
  let take: (signal: AbortSignal) => Promise<void>;

  beforeEach(() => {
    clock = new MovedClock();
    [looked, told, redials] = [[], [], 0];
    find = (sha256) => Promise.resolve([{ assetId: sha256 === hashes[0] ? one : two, pieceIds: [timelinePieceId] }]);
    take = () => Promise.resolve();
    healer = new StoreHealer({
      store: {
        dropDamaged: async (sha256) => {
          looked.push(sha256);
          return await find(sha256);
        },
      },
      link: {
        reportDamage: async (lost, signal) => {
          told.push(lost);
          await take(signal);
        },
        redial: () => (redials += 1),
      },
      clock,
      log: quietLog,
    });
  });
  afterEach(async () => {
    await healer[Symbol.asyncDispose]();
  });

  it("drops a wrong object once and tells at once what is gone by it", async () => {
    healer.onDamage(hashes[0]!);
    healer.onDamage(hashes[0]!);
    await until("a report", () => told.length === 1);
    assert.deepEqual(looked, [hashes[0]]);
    assert.deepEqual(told, [[{ assetId: one, pieceIds: [timelinePieceId] }]]);
    assert.equal(redials, 0);
  });

  it("tells in one report what was found while the one before was not yet answered", async () => {
    const answer = Promise.withResolvers<undefined>();
    take = () => answer.promise;
    healer.onDamage(hashes[0]!);
    await until("a report", () => told.length === 1);
    healer.onDamage(hashes[1]!);
    healer.onDamage(hashes[2]!);
    healer.onLost([{ assetId: two, pieceIds: [sourcePieceId] }]);
    await until("three looks", () => looked.length === 3);
    await turn();
    assert.equal(told.length, 1);
    answer.resolve(undefined);
    await until("the second report", () => told.length === 2);
    assert.equal(told[1]?.length, 1);
    assert.equal(told[1][0]?.assetId, two);
    assert.deepEqual(new Set(told[1][0].pieceIds), new Set([timelinePieceId, sourcePieceId]));
  });

  it("says nothing of what was right after all, nor of what no piece named, and survives a disk that fails", async () => {
    find = async (sha256) => {
      if (sha256 === hashes[1]) throw new Error("EIO");
      return await Promise.resolve(sha256 === hashes[0] ? null : []);
    };
    for (const sha256 of hashes) healer.onDamage(sha256);
    await until("three looks", () => looked.length === 3);
    await turn();
    assert.deepEqual([told, redials], [[], 0]);
    // A failure is no reason never to look again.
    healer.onDamage(hashes[1]!);
    await until("a fourth look", () => looked.length === 4);
  });

  it("looks again, by and by, at what could not be seen to, and not for ever", async () => {
    find = () => Promise.reject(new VsError("disk_failed", "too many open files"));
    healer.onDamage(hashes[0]!);
    for (let looks = 1; looks <= 3; looks += 1) {
      await until("a look", () => looked.length === looks);
      await turn();
      await clock.advance(lookAgainMs);
    }
    await until("a fourth look", () => looked.length === 4);
    find = () => Promise.resolve([{ assetId: one, pieceIds: [timelinePieceId] }]);
    await turn();
    await clock.advance(lookAgainMs);
    await until("a report", () => told.length === 1);
    await clock.advance(lookAgainMs);
    assert.equal(looked.length, 5);

    find = () => Promise.reject(new VsError("disk_failed", "too many open files"));
    healer.onDamage(hashes[1]!);
    for (let minute = 0; minute < 30; minute += 1) {
      await turn();
      await clock.advance(lookAgainMs);
    }
    assert.equal(looked.length, 5 + 11);
  });

  it("tells an older control plane by the inventory of one new session", async () => {
    take = () => Promise.reject(new VsError("not_there_yet", "unknown method ReportDamage"));
    healer.onDamage(hashes[0]!);
    await until("a report", () => told.length === 1);
    await turn();
    await clock.advance(tellAfterMs / 2);
    healer.onDamage(hashes[1]!);
    await until("a second look", () => looked.length === 2);
    await turn();
    assert.equal(redials, 0);
    await clock.advance(tellAfterMs / 2);
    await until("a new session", () => redials === 1);
    await clock.advance(tellAfterMs);
    assert.deepEqual([redials, told.length], [1, 1]);
  });

  it("looks at no more than two files at a time, and lets no more than so many wait", async () => {
    const looking = Promise.withResolvers<null>();
    find = () => looking.promise;
    for (let index = 0; index < waitingLooks + 100; index += 1) {
      healer.onDamage(index.toString(16).padStart(64, "0") as Sha256);
    }
    await turn();
    assert.equal(looked.length, 2);
    looking.resolve(null);
    await until("all looks", () => looked.length === waitingLooks + 2);
    await turn();
    assert.equal(looked.length, waitingLooks + 2);
  });

  it("stops with the agent while nobody answers", async () => {
    take = (signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => {
          reject(new Error("stopping"));
        });
      });
    healer.onDamage(hashes[0]!);
    await until("a report", () => told.length === 1);
    await healer[Symbol.asyncDispose]();
    healer.onDamage(hashes[1]!);
    await turn();
    assert.deepEqual(looked, [hashes[0]]);
  });
});
