import assert from "node:assert/strict";
import type { Load } from "@vstream/core/media.ts";
import { NodeLoad, isBusy } from "./node-load.ts";

const deps = {
  store: { usage: { usedBytes: 5, capacityBytes: 100 } },
  machine: { processor: 0.25, disk: 0.5 },
  egressLimitBps: 1000,
};

describe("load of the node", () => {
  it("can be asked before anything serves, and then tells of all", () => {
    const load = new NodeLoad(deps);
    assert.deepEqual([load.isComplete, load.now().viewers], [false, 0]);
    assert.equal(load.now().usedBytes, 5);
    const served = { viewers: 3, egressBps: 700, connections: 4, viewersQuietMs: 12 };
    load.include({ serving: { load: () => served }, runner: { running: 2 } });
    assert.ok(load.isComplete);
    const machine = { usedBytes: 5, capacityBytes: 100, processor: 0.25, disk: 0.5, egressLimitBps: 1000 };
    assert.deepEqual(load.now(), { ...served, ...machine, tasksRunning: 2 });
  });

  it("is too much for what can wait above a share of any of three", () => {
    const calm: Load = { ...new NodeLoad(deps).now(), egressBps: 700, disk: 0.7, processor: 0.9 };
    assert.equal(isBusy(calm), false);
    assert.equal(isBusy({ ...calm, egressBps: 701 }), true);
    assert.equal(isBusy({ ...calm, disk: 0.71 }), true);
    assert.equal(isBusy({ ...calm, processor: 0.91 }), true);
    assert.equal(isBusy({ ...calm, egressBps: 1e12, egressLimitBps: 0 }), false);
  });
});
