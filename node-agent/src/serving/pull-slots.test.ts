import assert from "node:assert/strict";
import { neverAborted } from "../store/trial-store.fixture.ts";
import { MovedClock } from "../tasks/moved-clock.fixture.ts";
import { PullSlots } from "./pull-slots.ts";

describe("the slots for pulls", () => {
  let clock: MovedClock;
  let slots: PullSlots;
  beforeEach(() => {
    clock = new MovedClock();
    slots = new PullSlots({ clock, slots: 2, waitLimitMs: 5_000 });
  });

  it("are taken at once while there are some, then handed over in the order of those who wait", async () => {
    const first = await slots.take(neverAborted);
    await slots.take(neverAborted);
    const order: number[] = [];
    const waiting = [1, 2].map(async (turn) => {
      const slot = await slots.take(neverAborted);
      order.push(turn);
      return slot;
    });
    await clock.advance(1_000);
    assert.deepEqual(order, []);
    first[Symbol.dispose]();
    (await waiting[0])?.[Symbol.dispose]();
    await waiting[1];
    assert.deepEqual(order, [1, 2]);
  });

  it("are refused to who has waited for five seconds, and to who gives up", async () => {
    const [one] = [await slots.take(neverAborted), await slots.take(neverAborted)];
    const late = assert.rejects(slots.take(neverAborted), { code: "unavailable" });
    const stop = new AbortController();
    const stopped = assert.rejects(slots.take(stop.signal), /enough/);
    stop.abort(new Error("enough"));
    await clock.advance(5_000);
    await Promise.all([late, stopped]);
    one[Symbol.dispose]();
    await slots.take(neverAborted);
  });

  it("are refused at once when too many wait", async () => {
    for (let count = 0; count < 2; count += 1) await slots.take(neverAborted);
    const waiting = Array.from({ length: 256 }, () => slots.take(neverAborted).catch(() => undefined));
    await assert.rejects(slots.take(neverAborted), { code: "unavailable" });
    await clock.advance(5_000);
    await Promise.all(waiting);
  });
});
