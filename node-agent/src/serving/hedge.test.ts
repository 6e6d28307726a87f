// Asking the next when one is slow.
import assert from "node:assert/strict";
import { MovedClock } from "../tasks/moved-clock.fixture.ts";
import { firstToAnswer } from "./hedge.ts";
import type { Won } from "./hedge.ts";

describe("the first to answer", () => {
  let clock: MovedClock;
  let asked: Map<string, { answer: (given: string) => void; fail: (thrown: Error) => void; signal: AbortSignal }>;
  let failed: string[];
  let stop: AbortController;
  beforeEach(() => {
    clock = new MovedClock();
    asked = new Map();
    failed = [];
    stop = new AbortController();
  });
  const hedge = (...candidates: string[]): Promise<Won<string, string> | null> =>
    firstToAnswer({
      ...{ candidates, patienceMs: 500, clock, signal: stop.signal },
      ask: async (candidate, signal) => {
        const { promise, resolve, reject } = Promise.withResolvers<string>();
        asked.set(candidate, { answer: resolve, fail: reject, signal });
        signal.addEventListener("abort", () => {
          reject(signal.reason as Error);
        });
        return await promise;
      },
      onFailed: (candidate) => failed.push(candidate),
    });

  it("is the only one asked when it is fast", async () => {
    const answered = hedge("one", "two");
    await clock.advance(499);
    asked.get("one")?.answer("fast");
    assert.deepEqual(await answered, { kind: "answered", candidate: "one", answer: "fast" });
    await clock.advance(10_000);
    assert.deepEqual([...asked.keys()], ["one"]);
  });

  it("may be the second when the first is slow, which is then told to stop", async () => {
    const answered = hedge("one", "two", "three");
    await clock.advance(500);
    asked.get("two")?.answer("faster");
    assert.equal((await answered)?.answer, "faster");
    assert.equal(asked.get("one")?.signal.aborted, true);
    assert.equal(asked.get("two")?.signal.aborted, false);
    assert.deepEqual([[...asked.keys()], failed], [["one", "two"], []]);
  });

  it("may be the slow one after all", async () => {
    const answered = hedge("one", "two");
    await clock.advance(500);
    asked.get("two")?.fail(new Error("gone"));
    await clock.advance(5000);
    asked.get("one")?.answer("late");
    assert.equal((await answered)?.answer, "late");
    assert.deepEqual(failed, ["two"]);
  });

  it("is the next, at once, when one fails", async () => {
    const answered = hedge("one", "two");
    asked.get("one")?.fail(new Error("gone"));
    await clock.advance(0);
    asked.get("two")?.answer("there");
    assert.equal((await answered)?.answer, "there");
    assert.deepEqual(failed, ["one"]);
  });

  it("is nobody when all fail, or none is there", async () => {
    const answered = hedge("one", "two");
    asked.get("one")?.fail(new Error("gone"));
    await clock.advance(0);
    asked.get("two")?.fail(new Error("gone too"));
    assert.equal(await answered, null);
    assert.deepEqual(failed, ["one", "two"]);
    assert.equal(await hedge(), null);
  });

  it("is not waited for when nobody wants it any more", async () => {
    const answered = hedge("one", "two");
    stop.abort(new Error("enough"));
    await assert.rejects(answered, /enough/);
    assert.deepEqual(failed, []);
  });
});
