import assert from "node:assert/strict";
import { formatAgo, formatBitrate, formatBytes, formatLength, formatPace, formatShare } from "./formats.ts";

describe("figures for people", () => {
  it("show sizes in decimal units with two digits at least", () => {
    assert.equal(formatBytes(0), "0 B");
    assert.equal(formatBytes(999), "999 B");
    assert.equal(formatBytes(999_700), "1.0 MB");
    assert.equal(formatBytes(5_500_000), "5.5 MB");
    assert.equal(formatBytes(123_400_000_000), "123 GB");
    assert.equal(formatBytes(null), "–");
  });

  it("show bit rates", () => {
    assert.equal(formatBitrate(4_500_000), "4.5 Mbit/s");
  });

  it("say 100 % only for all of it", () => {
    assert.equal(formatShare(0.999), "99 %");
    assert.equal(formatShare(1), "100 %");
    assert.equal(formatShare(Number.NaN), "–");
  });

  it("show lengths as players do", () => {
    assert.equal(formatLength(30), "0:30");
    assert.equal(formatLength(3_725.4), "1:02:05");
    assert.equal(formatLength(59.7), "1:00");
  });

  it("say how fast and how long, as far as either is known", () => {
    assert.equal(formatPace({ speed: 2.14, secondsLeft: 30.2 }), " · 2.1× · 0:31 left");
    assert.equal(formatPace({ speed: 12.6, secondsLeft: null }), " · 13×");
    assert.equal(formatPace({ speed: null, secondsLeft: 3_725 }), " · 1:02:05 left");
    assert.equal(formatPace({ speed: null, secondsLeft: null }), "");
    assert.equal(formatPace({ speed: null, secondsLeft: 0 }), "");
  });

  it("say how long ago, or how long until", () => {
    const now = Date.UTC(2026, 0, 31, 12);
    assert.equal(formatAgo("2026-01-31T11:58:00.000Z", now), "2m ago");
    assert.equal(formatAgo("2026-01-31T12:15:00.000Z", now), "in 15m");
    assert.equal(formatAgo(null, now), "–");
  });
});
