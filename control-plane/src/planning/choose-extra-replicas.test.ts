import assert from "node:assert/strict";
import fc from "fast-check";
import { chooseExtraReplicas, isCool, mostExtraReplicas } from "./choose-extra-replicas.ts";
import type { Demand } from "./choose-extra-replicas.ts";

const at = 1_000_000;
const usual: Demand = {
  demandBps: 0,
  hotBpsPerHome: 100,
  replicasWanted: 2,
  schedulableNodes: 20,
  extraReplicas: 0,
  coolSince: null,
  at,
  coolMs: 60_000,
};

function choose(changes: Partial<Demand>): number {
  return chooseExtraReplicas({ ...usual, ...changes });
}

describe("extra replicas by demand", () => {
  it("are none while the homes can serve it", () => {
    assert.equal(choose({ demandBps: 200 }), 0);
  });

  it("rise at once with demand", () => {
    assert.equal(choose({ demandBps: 201 }), 1);
    assert.equal(choose({ demandBps: 590, extraReplicas: 1, coolSince: at - 1 }), 4);
  });

  it("are at most eight, and never raised beyond the nodes there are", () => {
    assert.equal(choose({ demandBps: 1e9 }), mostExtraReplicas);
    assert.equal(choose({ demandBps: 1e9, schedulableNodes: 5 }), 3);
    assert.equal(choose({ demandBps: 1e9, schedulableNodes: 1 }), 0);
  });

  it("fall only when it was cool for long enough, to what demand needs then", () => {
    const hot = { demandBps: 250, extraReplicas: 4 };
    assert.equal(choose({ ...hot, coolSince: null }), 4);
    assert.equal(choose({ ...hot, coolSince: at - 59_999 }), 4);
    assert.equal(choose({ ...hot, coolSince: at - 60_000 }), 1);
  });

  it("stay when a node is away for a moment", () => {
    assert.equal(choose({ demandBps: 400, extraReplicas: 2, schedulableNodes: 3 }), 2);
  });

  it("go when demand is not to add any", () => {
    assert.equal(choose({ demandBps: 1e9, hotBpsPerHome: 0, extraReplicas: 3, coolSince: at - 60_000 }), 0);
    assert.equal(choose({ demandBps: 1e9, hotBpsPerHome: 0 }), 0);
  });

  it("are cool when fewer homes than there are would do", () => {
    const with2 = { hotBpsPerHome: 100, replicasWanted: 2, extraReplicas: 2 };
    assert.ok(isCool({ ...with2, demandBps: 300 }));
    assert.ok(!isCool({ ...with2, demandBps: 301 }));
    assert.ok(!isCool({ ...with2, extraReplicas: 0, demandBps: 0 }));
  });

  it("come to rest: what was chosen is chosen again", () => {
    const anyDemand = fc.record({
      demandBps: fc.nat(3_000),
      hotBpsPerHome: fc.nat(200),
      replicasWanted: fc.integer({ min: 1, max: 5 }),
      schedulableNodes: fc.nat(12),
      extraReplicas: fc.nat(10),
      coolSince: fc.option(fc.integer({ min: at - 120_000, max: at })),
    });
    fc.assert(
      fc.property(anyDemand, (changes) => {
        const chosen = choose(changes);
        assert.ok(chosen >= 0 && chosen <= mostExtraReplicas);
        assert.equal(choose({ ...changes, extraReplicas: chosen }), chosen);
      }),
    );
  });
});
