import assert from "node:assert/strict";
import type { AssetId, NodeId, TaskId } from "@vstream/core/ids.ts";
import { buildTask, buildView, now } from "../planning/snapshot.fixture.ts";
import { LeaseTable } from "./lease-table.ts";
import { ManualClock } from "./manual-clock.fixture.ts";

const a = "a" as NodeId;
const b = "b" as NodeId;

function lease(name: string, epoch = 1, nodeId = a) {
  return { taskId: name as TaskId, epoch, assetId: "as" as AssetId, kind: "transcode", nodeId } as const;
}

function open() {
  const clock = new ManualClock();
  return { clock, table: new LeaseTable(clock, 12_000) };
}

function namesOf(leases: readonly { readonly taskId: TaskId }[]): string[] {
  return leases.map(({ taskId }) => taskId);
}

describe("leases", () => {
  it("end after their time without renewal", () => {
    const { clock, table } = open();
    table.grant(lease("one"));
    clock.advance(11_999);
    assert.deepEqual(table.takeExpired(), []);
    clock.advance(1);
    assert.deepEqual(namesOf(table.takeExpired()), ["one"]);
    assert.deepEqual(table.takeExpired(), []);
  });

  it("last as long again with each renewal", () => {
    const { clock, table } = open();
    table.grant(lease("one"));
    for (let time = 0; time < 10; time += 1) {
      clock.advance(8_000);
      assert.deepEqual(namesOf(table.renew(a, [lease("one")])), ["one"]);
    }
    assert.deepEqual(table.takeExpired(), []);
  });

  it("are not touched by a wall clock that jumps a day", () => {
    const { clock, table } = open();
    table.grant(lease("one"));
    clock.jump(86_400_000);
    assert.deepEqual(table.takeExpired(), []);
    clock.jump(-2 * 86_400_000);
    clock.advance(12_000);
    assert.deepEqual(namesOf(table.takeExpired()), ["one"]);
  });

  it("are not renewed for a node that was stopped past their end", () => {
    const { clock, table } = open();
    table.grant(lease("one"));
    clock.advance(12_000);
    assert.deepEqual(table.renew(a, [lease("one")]), []);
    assert.deepEqual(namesOf(table.takeExpired()), ["one"]);
    assert.deepEqual(table.renew(a, [lease("one")]), []);
  });

  it("are renewed only for their node and under their epoch", () => {
    const { table } = open();
    table.grant(lease("one", 2));
    assert.deepEqual(table.renew(b, [lease("one", 2)]), []);
    assert.deepEqual(table.renew(a, [lease("one", 1)]), []);
    assert.deepEqual(namesOf(table.renew(a, [lease("one", 2)])), ["one"]);
  });

  it("end at once when their node is down, those of others do not", () => {
    const { table } = open();
    table.grant(lease("one"));
    table.grant(lease("two", 1, b));
    table.expireAllOf(a);
    assert.deepEqual(namesOf(table.takeExpired()), ["one"]);
  });

  it("are not ended by the end of an older one", () => {
    const { table } = open();
    table.grant(lease("one", 2));
    table.end(lease("one", 1));
    assert.equal(table.get("one" as TaskId)?.epoch, 2);
    table.end(lease("one", 2));
    assert.equal(table.get("one" as TaskId), undefined);
  });

  it("remember the progress of the running attempt only", () => {
    const { table } = open();
    table.grant(lease("one", 2));
    assert.ok(!table.recordProgress(a, { ...lease("one", 1), progress: 0.9, speed: 1 }));
    assert.ok(table.recordProgress(a, { ...lease("one", 2), progress: 1.2, speed: 3 }));
    assert.deepEqual(table.progressOf("one" as TaskId), { progress: 1, speed: 3 });
    table.grant(lease("one", 3));
    assert.equal(table.progressOf("one" as TaskId), null);
  });
});

describe("leases held against the catalog", () => {
  const running = buildTask("transcode", { id: "one" as TaskId, state: "leased", nodeId: a, epoch: 4 });
  const snapshot = { at: now, nodes: [], assets: [buildView({ open: [running] })] };

  it("are taken over with their full time after a restart", () => {
    const { clock, table } = open();
    assert.deepEqual(table.follow(snapshot), []);
    clock.advance(11_999);
    assert.deepEqual(namesOf(table.renew(a, [lease("one", 4)])), ["one"]);
  });

  it("do not get new time by being looked at", () => {
    const { clock, table } = open();
    table.follow(snapshot);
    clock.advance(12_000);
    table.follow(snapshot);
    assert.deepEqual(namesOf(table.takeExpired()), ["one"]);
  });

  it("are given back when the catalog has them no more", () => {
    const { table } = open();
    table.grant(lease("gone"));
    table.grant(lease("one", 3));
    assert.deepEqual(namesOf(table.follow(snapshot)), ["gone"]);
    assert.equal(table.get("one" as TaskId)?.epoch, 4);
  });

  it("do not come back by a snapshot that is older than their end", () => {
    const { table } = open();
    table.grant(lease("one", 4));
    table.end(lease("one", 4));
    table.follow(snapshot);
    assert.equal(table.get("one" as TaskId), undefined);
  });
});
