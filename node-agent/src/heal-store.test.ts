import assert from "node:assert/strict";
import type { Sha256 } from "@vstream/core/ids.ts";
import { StoreHealer, tellAfterMs } from "./heal-store.ts";
import { quietLog } from "./store/trial-store.fixture.ts";
import { MovedClock } from "./tasks/moved-clock.fixture.ts";

const hashes = ["aa", "bb", "cc"].map((digits) => digits.repeat(32) as Sha256);

describe("healing the store", () => {
  it("drops each wrong object once and tells of all of them by one new session", async () => {
    const clock = new MovedClock();
    const dropped: Sha256[] = [];
    let redials = 0;
    using healer = new StoreHealer({
      store: {
        dropDamaged: async (sha256) => {
          dropped.push(sha256);
          return await Promise.resolve(true);
        },
      },
      link: { redial: () => (redials += 1) },
      clock,
      log: quietLog,
    });
    for (const sha256 of [...hashes, hashes[0]!]) healer.onDamage(sha256);
    await settled();
    assert.deepEqual(dropped, hashes);
    await clock.advance(tellAfterMs - 1);
    assert.equal(redials, 0);
    await clock.advance(1);
    await settled();
    assert.equal(redials, 1);
  });

  it("says nothing of what was right after all, and survives a disk that fails", async () => {
    const clock = new MovedClock();
    let redials = 0;
    using healer = new StoreHealer({
      store: {
        dropDamaged: async (sha256) => {
          if (sha256 === hashes[1]) throw new Error("EIO");
          return await Promise.resolve(false);
        },
      },
      link: { redial: () => (redials += 1) },
      clock,
      log: quietLog,
    });
    for (const sha256 of hashes) healer.onDamage(sha256);
    await settled();
    await clock.advance(tellAfterMs);
    assert.equal(redials, 0);
  });
});

async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((wake) => setImmediate(wake));
}
