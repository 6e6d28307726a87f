import assert from "node:assert/strict";
import { systemClock } from "@vstream/core/clock.ts";
import { MachineLoad } from "./machine-load.ts";
import { MovedClock } from "./tasks/moved-clock.fixture.ts";

describe("load of the machine", () => {
  it("is the share of the last seconds, not of all time", async () => {
    const clock = new MovedClock();
    const counts = { busy: 0, total: 0, diskMs: 0 };
    const processorTimes = () => ({ busy: counts.busy, total: counts.total });
    using load = new MachineLoad({ clock, diskBusyMs: () => counts.diskMs, processorTimes });
    assert.deepEqual([load.processor, load.disk], [0, 0]);
    const passTwoSeconds = async (share: number): Promise<void> => {
      counts.busy += 4_000 * share;
      counts.total += 4_000;
      counts.diskMs += 2_000 * share;
      await clock.advance(2_000);
    };
    for (let turn = 0; turn < 10; turn += 1) await passTwoSeconds(1);
    assert.deepEqual([load.processor, load.disk], [1, 1]);
    await passTwoSeconds(0);
    assert.ok(load.processor > 0.6 && load.processor < 0.7);
    assert.ok(load.disk > 0.6 && load.disk < 0.7);
    for (let turn = 0; turn < 3; turn += 1) await passTwoSeconds(0);
    assert.deepEqual([load.processor, load.disk], [0, 0]);
  });

  it("is none of the disk when that cannot be told, and never beyond 0 and 1", async () => {
    const clock = new MovedClock();
    const counts = { busy: 100, total: 1000 };
    let diskMs: number | null = null;
    using load = new MachineLoad({ clock, diskBusyMs: () => diskMs, processorTimes: () => counts });
    await clock.advance(2_000);
    assert.deepEqual([load.processor, load.disk], [0, 0]);
    counts.busy = 50;
    counts.total = 1100;
    diskMs = 5_000;
    await clock.advance(2_000);
    assert.deepEqual([load.processor, load.disk], [0, 0]);
    diskMs = 50_000;
    await clock.advance(20_000);
    assert.ok(load.disk <= 1);
  });

  it("sees this process work", async () => {
    using load = new MachineLoad({ clock: fastClock, diskBusyMs: () => null });
    const untilMs = performance.now() + 300;
    let turns = 0;
    while (performance.now() < untilMs) {
      turns += 1;
      if (turns % 1000 === 0) await new Promise((wake) => setImmediate(wake));
    }
    assert.ok(load.processor > 0 && load.processor <= 1, `${load.processor}`);
  });
});

/** Two seconds of it are over in a twentieth. */
const fastClock = { ...systemClock, sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(ms / 20, signal) };
