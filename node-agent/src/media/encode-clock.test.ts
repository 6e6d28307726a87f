import assert from "node:assert/strict";
import { chooseClock, planTimes, refuseUnwritable } from "./encode-clock.ts";
import type { TimeBase } from "./timeline.ts";

const milliseconds: TimeBase = { num: 1, den: 1000 };
const ninetyKilohertz: TimeBase = { num: 1, den: 90_000 };

function times(count: number, at: (index: number) => number): Float64Array {
  return Float64Array.from({ length: count }, (_, index) => at(index));
}

function clockOf(pts: Float64Array, timeBase: TimeBase): string {
  const { timeScale, ticksPerFrame, variable } = chooseClock(pts, timeBase);
  return `${timeScale}/${ticksPerFrame}${variable ? " variable" : ""}`;
}

describe("the clock of an encode", () => {
  it("is a standard rate whatever the source's ticks are", () => {
    assert.equal(
      clockOf(
        times(100, (i) => i * 3003),
        ninetyKilohertz,
      ),
      "30000/1001",
    );
    assert.equal(
      clockOf(
        times(300, (i) => Math.round((i * 1001) / 24)),
        milliseconds,
      ),
      "24000/1001",
    );
    assert.equal(
      clockOf(
        times(300, (i) => Math.round((i * 1000) / 24)),
        milliseconds,
      ),
      "12288/512",
    );
    assert.equal(
      clockOf(
        times(100, (i) => 7_000_000 + i * 20),
        milliseconds,
      ),
      "12800/256",
    );
  });

  it("does not take a tick as long as a frame for a licence to fit anything", () => {
    assert.equal(
      clockOf(
        times(96, (i) => i),
        { num: 1001, den: 24_000 },
      ),
      "24000/1001",
    );
  });

  it("allows frames to be missing", () => {
    const pts = times(100, (i) => (i < 50 ? i : i + 40) * 40);
    const clock = chooseClock(pts, milliseconds);
    assert.equal(clock.variable, false);
    assert.equal(planTimes(pts, milliseconds, clock)[50], 90 * clock.ticksPerFrame);
  });

  it("takes the mean where rates mix, and every frame its own time", () => {
    const pts = times(101, (i) => (i < 50 ? i * 3750 : 50 * 3750 + (i - 50) * 3000));
    assert.equal(clockOf(pts, ninetyKilohertz), "90000/3375 variable");
    const plan = planTimes(pts, ninetyKilohertz, chooseClock(pts, ninetyKilohertz));
    assert.deepEqual([plan[0], plan[50], plan[100]], [0, 187_500, 337_500]);
  });

  it("evens out jitter on a standard rate", () => {
    const pts = times(200, (i) => i * 3600 + (i % 3 === 1 ? 40 : 0));
    const clock = chooseClock(pts, ninetyKilohertz);
    const plan = planTimes(pts, ninetyKilohertz, clock);
    assert.ok(plan.every((time, index) => time === index * clock.ticksPerFrame));
  });

  it("gives no two frames the same time", () => {
    const pts = Float64Array.from([0, 1, 2, 500_000_000, 900_000_000]);
    const plan = planTimes(pts, { num: 1, den: 1_000_000_000 }, chooseClock(pts, { num: 1, den: 1_000_000_000 }));
    assert.ok(plan.every((time, index) => index === 0 || time > plan[index - 1]!));
  });

  it("has an answer for a single frame", () => {
    assert.ok(chooseClock(Float64Array.of(7), milliseconds).ticksPerFrame > 0);
  });

  it("refuses frames of more ticks than can be written, and says how long they are", () => {
    const check = (pts: Float64Array, lastTicks: number): void => {
      const clock = chooseClock(pts, milliseconds, lastTicks);
      refuseUnwritable(planTimes(pts, milliseconds, clock), clock);
    };
    const [sixHours, sevenHours] = [6 * 3_600_000, 7 * 3_600_000];
    check(Float64Array.of(0), sixHours);
    check(Float64Array.of(0, 7, sixHours), 40);
    const refusal = { code: "media_limit", message: /lasts 7\.0 h; 6\.6 h are allowed/ };
    assert.throws(() => {
      check(Float64Array.of(0), sevenHours);
    }, refusal);
    assert.throws(() => {
      check(Float64Array.of(0, 7, sevenHours), 40);
    }, refusal);
  });

  it("refuses more than 3000 frames in a group of pictures", () => {
    const check = (count: number): void => {
      // The crowd is in the second group.
      const pts = times(count + 1, (i) => (i === 0 ? 0 : 180_000 + i));
      const clock = chooseClock(pts, ninetyKilohertz);
      refuseUnwritable(planTimes(pts, ninetyKilohertz, clock), clock);
    };
    check(3000);
    assert.throws(
      () => {
        check(3001);
      },
      { code: "media_limit", message: /3000 frames in 2 s, at 2\.0 s/ },
    );
  });
});
