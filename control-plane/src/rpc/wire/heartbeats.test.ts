import assert from "node:assert/strict";
import { VsError } from "@vstream/core/errors.ts";
import { newId } from "@vstream/core/ids.ts";
import { Heartbeat } from "@vstream/proto/agent.ts";
import { heartbeatFromWire } from "./heartbeats.ts";

const assetId = newId("asset", Date.now());

const load = {
  usedBytes: 1,
  capacityBytes: 2,
  tasksRunning: 3,
  viewers: 4,
  egressBps: 5,
  connections: 6,
  processor: 0.5,
  disk: 0.25,
  egressLimitBps: 7,
  viewersQuietMs: 8,
};
const scrub = {
  passStartedAt: 1,
  checkedBytes: 2,
  totalBytes: 3,
  lastPassEndedAt: 4,
  damagedFound: 5,
  quarantined: 6,
};
const demand = [{ assetId, viewers: 1, egressBps: 2 }];
const beat: Heartbeat = { sequence: 9, load, scrub, demand };

function isRefused(wire: Heartbeat, name: RegExp): void {
  assert.throws(
    () => heartbeatFromWire(wire),
    (thrown) => thrown instanceof VsError && thrown.code === "invalid_argument" && name.test(thrown.message),
  );
}

describe("a heartbeat", () => {
  it("comes through the wire as it was", () => {
    assert.deepEqual(heartbeatFromWire(Heartbeat.decode(Heartbeat.encode(beat).finish())), beat);
    const none = heartbeatFromWire({ ...beat, scrub: { ...scrub, lastPassEndedAt: 0 } });
    assert.equal(none.scrub?.lastPassEndedAt, null);
  });

  it("of the release before tells the load only, and lets its node be drained once nobody watches there", () => {
    const { usedBytes, capacityBytes, viewers } = load;
    const old = Heartbeat.fromPartial({ sequence: 1, load: { usedBytes, capacityBytes, viewers } });
    const heard = heartbeatFromWire(Heartbeat.decode(Heartbeat.encode(old).finish()));
    assert.deepEqual([heard.scrub, heard.demand, heard.load.processor], [null, [], 0]);
    assert.equal(heard.load.viewersQuietMs, 0);
    const idle = heartbeatFromWire({ ...old, load: { ...load, viewers: 0, viewersQuietMs: 0 } });
    assert.ok(idle.load.viewersQuietMs > 86_400_000);
  });

  it("is refused when its numbers cannot be", () => {
    isRefused({ ...beat, load: undefined }, /load/);
    isRefused({ ...beat, load: { ...load, connections: -1 } }, /connections/);
    isRefused({ ...beat, load: { ...load, egressLimitBps: 0.5 } }, /egress limit/);
    isRefused({ ...beat, load: { ...load, viewersQuietMs: -1 } }, /quiet/);
    isRefused({ ...beat, scrub: { ...scrub, totalBytes: 2 ** 51 } }, /bytes to check/);
    isRefused({ ...beat, demand: [{ assetId: "as'; drop", viewers: 1, egressBps: 1 }] }, /asset id/);
    isRefused({ ...beat, demand: [{ assetId, viewers: 1, egressBps: -1 }] }, /egress of an asset/);
    isRefused({ ...beat, demand: Array.from({ length: 21 }, () => demand[0]!) }, /demand/);
  });

  it("shows shares that are a little off as the nearest that can be", () => {
    const heard = heartbeatFromWire({ ...beat, load: { ...load, processor: 1.01, disk: Number.NaN } });
    assert.deepEqual([heard.load.processor, heard.load.disk], [1, 0]);
  });
});
