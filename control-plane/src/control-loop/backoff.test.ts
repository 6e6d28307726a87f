import assert from "node:assert/strict";
import type { ErrorCode } from "@vstream/core/errors.ts";
import { retryAt } from "./backoff.ts";

function waits(code: ErrorCode): (number | null)[] {
  return [0, 1, 2, 9].map((failuresBefore) => retryAt({ code, failuresBefore, at: 0 }));
}

describe("when a failed task runs again", () => {
  it("is never for a source that was refused", () => {
    assert.deepEqual(waits("not_media"), [null, null, null, null]);
    assert.deepEqual(waits("source_truncated"), [null, null, null, null]);
  });

  it("is half a minute later for a full disk", () => {
    assert.deepEqual(waits("storage_full"), [30_000, 30_000, 30_000, 30_000]);
  });

  it("is twice as long each time, up to half a minute", () => {
    assert.deepEqual(waits("ffmpeg_failed"), [1_000, 2_000, 4_000, 30_000]);
  });

  it("spans the time in which a dead peer is noticed", () => {
    const [first, second] = waits("peer_failed");
    assert.ok((first ?? 0) + (second ?? 0) > 15_000);
  });
});
