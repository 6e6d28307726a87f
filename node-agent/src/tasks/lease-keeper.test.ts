import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { newId } from "@vstream/core/ids.ts";
import { MovedClock } from "./moved-clock.fixture.ts";
import type { Lease } from "../rpc/control-messages.ts";
import { LeaseKeeper } from "./lease-keeper.ts";

function lease(epoch = 1): Lease {
  return { taskId: newId("task", 0), epoch };
}

describe("lease keeper", () => {
  it("trusts a lease for ten seconds and then ends it", async () => {
    const clock = new MovedClock();
    using held = new LeaseKeeper(clock).hold(lease());
    await clock.advance(9_999);
    assert.equal(held.signal.aborted, false);
    await clock.advance(1);
    assert.equal(held.signal.aborted, true);
    assert.throws(
      () => {
        held.check();
      },
      { code: "lease_lost" },
    );
  });

  it("counts trust from when the question left, not from the answer", async () => {
    const clock = new MovedClock();
    const keeper = new LeaseKeeper(clock);
    const mine = lease();
    using held = keeper.hold(mine);
    await clock.advance(4_000);
    const askedAtMs = clock.monotonicMs();
    await clock.advance(3_000);
    keeper.renew({ asked: [mine], kept: [mine], askedAtMs });
    await clock.advance(6_999);
    assert.equal(held.signal.aborted, false);
    await clock.advance(1);
    assert.equal(held.signal.aborted, true);
  });

  it("ends a lease that was asked for and left out", () => {
    const keeper = new LeaseKeeper(new MovedClock());
    const mine = lease();
    using held = keeper.hold(mine);
    keeper.renew({ asked: [mine], kept: [], askedAtMs: 0 });
    assert.equal(held.signal.aborted, true);
  });

  it("does not end a lease that was granted after the question", () => {
    const keeper = new LeaseKeeper(new MovedClock());
    const older = lease();
    using heldOlder = keeper.hold(older);
    using heldNewer = keeper.hold(lease());
    keeper.renew({ asked: [older], kept: [older], askedAtMs: 0 });
    assert.equal(heldOlder.signal.aborted || heldNewer.signal.aborted, false);
  });

  it("notices at once after a pause of the whole process that a lease is old", () => {
    const clock = new MovedClock();
    const keeper = new LeaseKeeper(clock);
    const mine = lease();
    using held = keeper.hold(mine);
    clock.jump(15_000);
    assert.deepEqual(keeper.leases(), []);
    assert.throws(
      () => {
        held.check();
      },
      { code: "lease_lost" },
    );
    keeper.renew({ asked: [mine], kept: [mine], askedAtMs: 15_000 });
    assert.equal(held.signal.aborted, true);
  });

  it("ends a lease that is cancelled, but not another epoch of its task", () => {
    const keeper = new LeaseKeeper(new MovedClock());
    const mine = lease(2);
    using held = keeper.hold(mine);
    keeper.cancel({ taskId: mine.taskId, epoch: 1 }, "");
    assert.equal(held.signal.aborted, false);
    keeper.cancel(mine, "the asset was deleted");
    assert.throws(
      () => {
        held.check();
      },
      { code: "cancelled", message: /the asset was deleted/ },
    );
  });

  it("ends the older lease when the same task is leased anew", () => {
    const keeper = new LeaseKeeper(new MovedClock());
    const first = lease(1);
    using older = keeper.hold(first);
    using newer = keeper.hold({ ...first, epoch: 2 });
    older[Symbol.dispose]();
    assert.deepEqual([older.signal.aborted, newer.signal.aborted], [true, false]);
    assert.deepEqual(keeper.leases(), [{ taskId: first.taskId, epoch: 2 }]);
  });

  it("forgets a lease that was disposed of", async () => {
    const keeper = new LeaseKeeper(new MovedClock());
    const held = keeper.hold(lease());
    held[Symbol.dispose]();
    await turn();
    assert.deepEqual(keeper.leases(), []);
  });
});
