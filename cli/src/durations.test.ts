import assert from "node:assert/strict";
import type { VsError } from "@vstream/core/errors.ts";
import { formatDuration, parseDuration, parseInstant } from "./durations.ts";

describe("durations", () => {
  it("are read in every unit, also several at once", () => {
    assert.equal(parseDuration("500ms"), 500);
    assert.equal(parseDuration("30s"), 30_000);
    assert.equal(parseDuration("15m"), 900_000);
    assert.equal(parseDuration("1h30m"), 5_400_000);
    assert.equal(parseDuration("1.5h"), 5_400_000);
    assert.equal(parseDuration("7d"), 604_800_000);
  });

  it("are refused without a unit, empty, negative, nothing or beyond counting", () => {
    for (const text of ["15", "", "-5m", "0s", "m", "5 m", "1h 30m", "99999999999999999d"]) {
      assert.throws(() => parseDuration(text), { code: "usage" } satisfies Partial<VsError>, text);
    }
  });

  it("are written in their two largest units", () => {
    assert.equal(formatDuration(0), "0s");
    assert.equal(formatDuration(59_400), "59s");
    assert.equal(formatDuration(3_600_000), "1h");
    assert.equal(formatDuration(200_000), "3m 20s");
    assert.equal(formatDuration(90_061_000), "1d 1h");
  });
});

describe("instants", () => {
  const now = Date.UTC(2026, 0, 31, 12);

  it("are times, or durations before now", () => {
    assert.equal(parseInstant("2026-01-31T11:00:00Z", now), now - 3_600_000);
    assert.equal(parseInstant("2026-01-31T13:00:00+02:00", now), now - 3_600_000);
    assert.equal(parseInstant("15m", now), now - 900_000);
  });

  it("are refused when they are neither", () => {
    for (const text of ["yesterday", "", "2026-13-45", "15"]) {
      assert.throws(() => parseInstant(text, now), { code: "usage" } satisfies Partial<VsError>, text);
    }
  });
});
