import assert from "node:assert/strict";
import type { Clock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import { callPatiently, follow } from "./follow.ts";

// Sleeping takes no time, and is counted.
function quickClock(): Clock {
  let nowMs = 0;
  const sleep = (ms: number): Promise<void> => {
    nowMs += ms;
    return Promise.resolve();
  };
  return { now: () => nowMs, monotonicMs: () => nowMs, sleep };
}

const silent = (): VsError => new VsError("unavailable", "no answer");
const options = () => ({ clock: quickClock(), signal: new AbortController().signal });

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

describe("a stream that is followed", () => {
  it("goes on after the last item when the connection breaks", async () => {
    const opened: string[] = [];
    const items = follow(async function* (resumeToken) {
      await Promise.resolve();
      opened.push(resumeToken);
      yield { item: opened.length, resumeToken: `after ${opened.length}` };
      if (opened.length < 3) throw silent();
    }, options());
    assert.deepEqual(await collect(items), [1, 2, 3]);
    assert.deepEqual(opened, ["", "after 1", "after 2"]);
  });

  it("gives up when nobody answers for too long, and says once that contact is lost", async () => {
    let lost = 0;
    const onLost = (): number => (lost += 1);
    const items = follow(
      // eslint-disable-next-line require-yield -- a stream that fails before its first item
      async function* () {
        await Promise.resolve();
        throw silent();
      },
      { ...options(), onLost },
    );
    await assert.rejects(collect(items), { code: "unavailable" });
    assert.equal(lost, 1);
  });

  it("does not try again what will fail again", async () => {
    let calls = 0;
    const call = (): Promise<never> => {
      calls += 1;
      return Promise.reject(new VsError("asset_not_found", "there is none"));
    };
    await assert.rejects(callPatiently(call, options()), { code: "asset_not_found" });
    assert.equal(calls, 1);
  });

  it("ends with the signal's reason", async () => {
    const controller = new AbortController();
    const call = (): Promise<never> => {
      controller.abort(new VsError("interrupted", "interrupted"));
      return Promise.reject(silent());
    };
    await assert.rejects(callPatiently(call, { ...options(), signal: controller.signal }), { code: "interrupted" });
  });
});
