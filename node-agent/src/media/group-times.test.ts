import assert from "node:assert/strict";
import { timesOfGroup } from "./group-times.ts";

describe("the times of a group of pictures", () => {
  it("are the plan's, with decoding spread before the second frame and delayed before the last", () => {
    // I0 P4 B2 b1 b3: ranks in decoding order.
    const times = timesOfGroup([0, 4, 2, 1, 3], [0, 10, 20, 30, 40], 50);
    assert.deepEqual(
      times.map((sample) => sample.decodeTime),
      [0, 3, 6, 10, 30],
    );
    assert.deepEqual(
      times.map((sample) => sample.decodeTime + sample.compositionOffset),
      [0, 40, 20, 10, 30],
    );
    assert.equal(
      times.reduce((sum, sample) => sum + sample.durationTicks, 0),
      50,
    );
  });

  it("follow frames that lie anywhere, and reach over a hole to the next group", () => {
    const times = timesOfGroup([0, 2, 1, 3], [100, 107, 500, 501], 9000);
    assert.deepEqual(
      times.map((sample) => sample.decodeTime + sample.compositionOffset),
      [100, 500, 107, 501],
    );
    assert.ok(times.every((sample) => sample.compositionOffset >= 0 && sample.durationTicks >= 0));
    assert.equal((times.at(-1)?.decodeTime ?? 0) + (times.at(-1)?.durationTicks ?? 0), 9000);
  });

  it("let no sample last into the next group, whatever the order", () => {
    // In decoding order: I, P, B, b, b, and so on, as encoders have it; the last picture shown is not the last decoded.
    for (const ranks of [
      [0, 4, 2, 1, 3, 8, 6, 5, 7],
      [0, 3, 1, 2],
      [0, 2, 1, 5, 3, 4],
      [0, 1, 4, 3, 2],
    ]) {
      const times = ranks.map((_, index) => 100 + index * 512);
      const endTicks = 100 + ranks.length * 512;
      const samples = timesOfGroup(ranks, times, endTicks);
      for (const [index, { decodeTime, durationTicks, compositionOffset }] of samples.entries()) {
        assert.ok(compositionOffset >= 0 && durationTicks > 0);
        assert.ok(decodeTime + compositionOffset + durationTicks <= endTicks, `sample ${index} of ${ranks.join()}`);
        assert.equal(decodeTime + durationTicks, samples[index + 1]?.decodeTime ?? endTicks);
      }
    }
  });

  it("need no delay without B-frames, nor for a single frame", () => {
    assert.deepEqual(
      timesOfGroup([0, 1], [0, 10], 20).map((sample) => sample.compositionOffset),
      [0, 0],
    );
    assert.deepEqual(timesOfGroup([0], [5], 9), [{ decodeTime: 5, durationTicks: 4, compositionOffset: 0 }]);
  });
});
