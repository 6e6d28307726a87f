import assert from "node:assert/strict";
import { inStretches } from "./in-stretches.ts";
import { ManualClock } from "./manual-clock.fixture.ts";

describe("a long calculation", () => {
  it("lets others run every few milliseconds, and gives all of it in order", async () => {
    const clock = new ManualClock();
    let served = 0;
    const serve = setInterval(() => {
      served += 1;
    }, 0);
    const servedAt: number[] = [];
    const steps = function* (): Generator<readonly number[]> {
      for (let step = 0; step < 8; step += 1) {
        clock.advance(4);
        // Whoever waits for a timer needs a moment of real time, too.
        const untilMs = performance.now() + 3;
        while (performance.now() < untilMs);
        servedAt.push(served);
        yield step === 3 ? [] : [step, -step];
      }
    };
    const given = await inStretches(steps(), clock);
    clearInterval(serve);
    assert.deepEqual(given, [0, -0, 1, -1, 2, -2, 4, -4, 5, -5, 6, -6, 7, -7]);
    assert.equal(servedAt[1], 0);
    assert.ok((servedAt[2] ?? 0) > 0 && (servedAt[7] ?? 0) > (servedAt[2] ?? 0), servedAt.join(" "));
  });
});
