import assert from "node:assert/strict";
import { systemClock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import type { ErrorCode } from "@vstream/core/errors.ts";
import { FailedTries, triesPerMinute } from "./failed-tries.ts";

const address = "192.0.2.1";

function failing(code: ErrorCode): () => Promise<never> {
  return async () => await Promise.reject(new VsError(code, "no"));
}

function withCode(code: string): (thrown: unknown) => boolean {
  return (thrown) => thrown instanceof VsError && thrown.code === code;
}

async function failOften(tries: FailedTries, code: ErrorCode): Promise<void> {
  for (let index = 0; index < triesPerMinute; index += 1) {
    await assert.rejects(tries.guard(address, failing(code)), withCode(code));
  }
}

describe("failed tries", () => {
  let nowMs = 0;
  const clock = { ...systemClock, monotonicMs: () => nowMs };

  it("are told nothing more after a minute's worth of wrong tokens, for a minute", async () => {
    const tries = new FailedTries(clock);
    await failOften(tries, "token_invalid");
    await assert.rejects(tries.guard(address, failing("token_invalid")), withCode("unavailable"));
    await assert.rejects(tries.guard("192.0.2.2", failing("token_invalid")), withCode("token_invalid"));
    nowMs += 60_000;
    await assert.rejects(tries.guard(address, failing("token_invalid")), withCode("token_invalid"));
  });

  it("do not keep a right token out", async () => {
    const tries = new FailedTries(clock);
    await failOften(tries, "wrong_cluster");
    assert.equal(await tries.guard(address, async () => await Promise.resolve("right")), "right");
  });

  it("do not count what was refused to the owner of a token", async () => {
    const tries = new FailedTries(clock);
    await failOften(tries, "token_used");
    await failOften(tries, "unavailable");
    await assert.rejects(tries.guard(address, failing("token_invalid")), withCode("token_invalid"));
  });
});
