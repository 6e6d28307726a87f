import assert from "node:assert/strict";
import { keepSlow, longestKeptMs } from "./keep-slow.ts";

describe("an answer that may be kept", () => {
  let nowMs: number;
  let tookMs: number;
  let asked: number;
  let ask: () => Promise<number>;
  beforeEach(() => {
    [nowMs, tookMs, asked] = [0, 0, 0];
    ask = keepSlow(
      () => {
        nowMs += tookMs;
        asked += 1;
        return Promise.resolve(asked);
      },
      { monotonicMs: () => nowMs },
    );
  });

  it("is new each time while it comes quickly", async () => {
    tookMs = 20;
    assert.deepEqual([await ask(), await ask()], [1, 2]);
  });

  it("is kept for ten times as long as it took when it was slow", async () => {
    tookMs = 300;
    await ask();
    nowMs += 2_999;
    assert.equal(await ask(), 1);
    nowMs += 1;
    assert.equal(await ask(), 2);
  });

  it("is never older than a few seconds", async () => {
    tookMs = 60_000;
    await ask();
    nowMs += longestKeptMs;
    assert.equal(await ask(), 2);
  });

  it("is not kept when there is none", async () => {
    const failing = keepSlow(
      () => {
        nowMs += 300;
        asked += 1;
        return Promise.reject(new Error("no answer"));
      },
      { monotonicMs: () => nowMs },
    );
    await assert.rejects(failing());
    await assert.rejects(failing());
    assert.equal(asked, 2);
  });
});
