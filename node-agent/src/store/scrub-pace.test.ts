import assert from "node:assert/strict";
import { restMs, slowestMs } from "./scrub-pace.ts";

const [MiB, dayMs] = [1024 ** 2, 24 * 3_600_000];
// A part of a MiB every 12 s, evenly.
const periodMs = 14 * dayMs;
const totalBytes = 100_800 * MiB;

describe("pace of the scrub", () => {
  it("spreads the store over the period", () => {
    const stand = { periodMs, totalBytes, partBytes: MiB };
    assert.equal(restMs({ ...stand, elapsedMs: 0, checkedBytes: MiB }), 12_000);
    assert.equal(restMs({ ...stand, elapsedMs: 7 * dayMs, checkedBytes: totalBytes / 2 }), 3_000);
    assert.equal(restMs({ ...stand, elapsedMs: 7 * dayMs - 12_000, checkedBytes: totalBytes / 2 }), 12_000);
  });

  it("catches up at no more than four times the even rate", () => {
    const late = { periodMs, totalBytes, elapsedMs: 13 * dayMs, checkedBytes: MiB };
    assert.equal(restMs({ ...late, partBytes: MiB }), 3_000);
    assert.equal(restMs({ ...late, partBytes: MiB / 2 }), 1_500);
  });

  it("reads a part of a small store every minute, whatever the clock says", () => {
    assert.equal(restMs({ periodMs, totalBytes: 3 * MiB, elapsedMs: 0, checkedBytes: MiB, partBytes: MiB }), slowestMs);
    const backAnHour = { elapsedMs: -3_600_000, checkedBytes: MiB, partBytes: MiB };
    assert.equal(restMs({ periodMs, totalBytes, ...backAnHour }), slowestMs);
  });

  it("does not wait for what was deleted after it was read", () => {
    const rest = restMs({ periodMs, totalBytes: MiB, elapsedMs: periodMs, checkedBytes: totalBytes, partBytes: 1024 });
    assert.ok(rest <= slowestMs && rest > 0);
    assert.equal(restMs({ periodMs, totalBytes: 0, elapsedMs: 0, checkedBytes: 0, partBytes: 0 }), 0);
  });
});
