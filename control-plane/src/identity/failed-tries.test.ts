import assert from "node:assert/strict";
import { systemClock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import { FailedTries, triesPerMinute } from "./failed-tries.ts";

const address = "192.0.2.1";
const wrong = async (): Promise<never> => await Promise.reject(new VsError("token_invalid", "wrong"));
const right = async (): Promise<string> => await Promise.resolve("right");

function withCode(code: string): (thrown: unknown) => boolean {
  return (thrown) => thrown instanceof VsError && thrown.code === code;
}

async function failOften(tries: FailedTries): Promise<void> {
  for (let index = 0; index < triesPerMinute; index += 1) {
    await assert.rejects(tries.guard({ address, text: `wrong ${String(index)}` }, wrong), withCode("token_invalid"));
  }
}

describe("failed tries", () => {
  let nowMs = 0;
  const clock = { ...systemClock, monotonicMs: () => nowMs };

  it("close the door to an address after a minute's worth of wrong tokens, for a minute", async () => {
    const tries = new FailedTries(clock);
    await failOften(tries);
    await assert.rejects(tries.guard({ address, text: "new" }, right), withCode("unavailable"));
    nowMs += 60_000;
    assert.equal(await tries.guard({ address, text: "new" }, right), "right");
  });

  it("leave other addresses alone, and a token that proved right there before", async () => {
    const tries = new FailedTries(clock);
    await tries.guard({ address, text: "known" }, right);
    await failOften(tries);
    assert.equal(await tries.guard({ address: "192.0.2.2", text: "new" }, right), "right");
    assert.equal(await tries.guard({ address, text: "known" }, right), "right");
  });

  it("do not count what fails for another reason", async () => {
    const tries = new FailedTries(clock);
    const broken = async (): Promise<never> => await Promise.reject(new VsError("unavailable", "catalog"));
    for (let index = 0; index < 2 * triesPerMinute; index += 1) {
      await assert.rejects(tries.guard({ address, text: "any" }, broken), withCode("unavailable"));
    }
    assert.equal(await tries.guard({ address, text: "new" }, right), "right");
  });
});
