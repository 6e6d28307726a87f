import assert from "node:assert/strict";
import { peakRate } from "./peak-rate.ts";

describe("the peak of a rate", () => {
  const of = (...segments: readonly (readonly [number, number])[]) =>
    segments.map(([bits, seconds]) => ({ bits, seconds }));

  it("is that of the run of 0.5 to 1.5 target durations which has most", () => {
    assert.equal(peakRate(of([60, 6], [120, 6], [60, 6]), 6), 20);
    // Two short ones are a run where one alone is not.
    assert.equal(peakRate(of([60, 6], [80, 2], [40, 2], [6, 6]), 6), 30);
    assert.equal(peakRate(of([60, 6], [200, 1]), 6), 260 / 7);
  });

  it("is measured by longer runs where segments may be longer", () => {
    const segments = of([60, 6], [120, 6], [60, 6], [20, 20]);
    assert.equal(peakRate(segments, 20), 15);
    assert.equal(peakRate(segments, 6), 20);
  });

  it("takes a run of just half a target duration in spite of rounding", () => {
    assert.equal(Math.round(peakRate(of([100, 2.9999995], [30, 3.0000005], [60, 6]), 6)), 33);
    assert.equal(Math.round(peakRate(of([100, 3.0000005], [30, 2.9999995], [60, 6]), 6)), 33);
  });

  it("is 0 when no run is long enough", () => {
    assert.equal(peakRate(of([100, 2]), 6), 0);
    assert.equal(peakRate([], 6), 0);
  });
});
