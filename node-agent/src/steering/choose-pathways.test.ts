import assert from "node:assert/strict";
import { newId } from "@vstream/core/ids.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import { choosePathways, pathwaysLimit, weightsOf } from "./choose-pathways.ts";
import type { Candidate, NodeLoad, Rng, Standing, Viewer } from "./choose-pathways.ts";

const ids = Array.from({ length: 10 }, (_, index) => newId("node", index));
const idle: NodeLoad = { viewers: 0, egressBps: 0, egressLimitBps: 0, connections: 0, processor: 0 };
const newcomer: Viewer = { at: null, region: "eu" };

function candidate(index: number, changes: Partial<Candidate> = {}): Candidate {
  return { nodeId: ids[index]!, region: "eu", isHome: true, standing: "well", load: idle, ...changes };
}

function loaded(share: number): NodeLoad {
  return { ...idle, egressBps: share * 1e9, egressLimitBps: 1e9 };
}

/** Mulberry32: the same chances for the same seed. */
function seeded(seed: number): Rng {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Where so many viewers are sent. */
function spread(candidates: readonly Candidate[], viewer: Viewer, rng: Rng, viewers = 1000): Map<NodeId, number> {
  const counts = new Map<NodeId, number>();
  for (let count = 0; count < viewers; count += 1) {
    const [first] = choosePathways(candidates, viewer, rng).pathways;
    if (first !== undefined) counts.set(first, (counts.get(first) ?? 0) + 1);
  }
  return counts;
}

describe("choosing pathways", () => {
  it("gives each home its share of the viewers by weight, and none much more", () => {
    for (let seed = 0; seed < 100; seed += 1) {
      const rng = seeded(seed);
      const homes = Array.from({ length: 2 + Math.floor(rng() * 5) }, (_, index) =>
        candidate(index, { region: rng() < 0.5 ? "eu" : "us", load: { ...loaded(rng() * 0.84), processor: rng() } }),
      );
      const weights = weightsOf(homes, "eu");
      const whole = [...weights.values()].reduce((sum, weight) => sum + weight, 0);
      const counts = spread(homes, newcomer, rng);
      for (const [nodeId, weight] of weights) {
        const share = weight / whole;
        // Five standard deviations of a binomial draw.
        const tolerance = 5 * Math.sqrt(1000 * share * (1 - share)) + 1;
        const off = Math.abs((counts.get(nodeId) ?? 0) - 1000 * share);
        assert.ok(off <= tolerance, `seed ${String(seed)}: ${String(counts.get(nodeId))} of 1000 at ${String(share)}`);
      }
    }
  });

  it("names each node once, the well before the others, and never more than six", () => {
    const standings: readonly Standing[] = ["well", "leaving", "ill", "gone"];
    for (let seed = 0; seed < 1000; seed += 1) {
      const rng = seeded(seed);
      const candidates = Array.from({ length: Math.floor(rng() * 11) }, (_, index) =>
        candidate(index, { isHome: rng() < 0.5, standing: standings[Math.floor(rng() * 4)]! }),
      );
      const at = ids[Math.floor(rng() * 20)] ?? null;
      const { pathways } = choosePathways(candidates, { at, region: "eu" }, rng);
      assert.equal(new Set(pathways).size, pathways.length);
      assert.ok(pathways.length <= pathwaysLimit);
      assert.equal(pathways.length > 0, candidates.length > 0);
      const named = pathways.map((nodeId) => candidates.find((one) => one.nodeId === nodeId)!.standing);
      const ranks = named.map((standing) => standings.indexOf(standing));
      assert.deepEqual(ranks, ranks.toSorted(), `seed ${String(seed)}: ${named.join(" ")}`);
    }
  });

  it("leaves a viewer where it is while that node is well, wherever others stand", () => {
    const homes = [candidate(0, { region: "us", load: loaded(0.8) }), candidate(1), candidate(2)];
    for (let seed = 0; seed < 50; seed += 1) {
      const { pathways, reason } = choosePathways(homes, { at: ids[0]!, region: "eu" }, seeded(seed));
      assert.deepEqual([pathways[0], reason], [ids[0], "stay"]);
    }
  });

  for (const standing of ["leaving", "ill", "gone"] as const) {
    it(`moves every viewer away from a node that is ${standing}`, () => {
      const homes = [candidate(0, { standing }), candidate(1), candidate(2)];
      const counts = spread(homes, { at: ids[0]!, region: "eu" }, seeded(1));
      assert.equal(counts.get(ids[0]!), undefined);
      assert.ok((counts.get(ids[1]!) ?? 0) > 400 && (counts.get(ids[2]!) ?? 0) > 400);
    });
  }

  it("moves from an overloaded node what is too much, to nodes with room", () => {
    const homes = [
      candidate(0, { load: loaded(1) }),
      candidate(1, { load: loaded(0.1) }),
      candidate(2, { load: loaded(0.75) }),
    ];
    const counts = spread(homes, { at: ids[0]!, region: "eu" }, seeded(2));
    const moved = 1000 - (counts.get(ids[0]!) ?? 0);
    assert.ok(moved > 240 && moved < 360, `${String(moved)} of 1000 moved, 300 wanted`);
    assert.equal(counts.get(ids[2]!), undefined);
  });

  it("leaves viewers on an overloaded node when there is no room elsewhere", () => {
    const homes = [candidate(0, { load: loaded(1.2) }), candidate(1, { load: loaded(0.8) })];
    assert.deepEqual([...spread(homes, { at: ids[0]!, region: "eu" }, seeded(3)).keys()], [ids[0]]);
  });

  it("counts the connections that a node can take as a limit too", () => {
    const full = candidate(0, { load: { ...idle, connections: 4000 } });
    const counts = spread([full, candidate(1)], { at: ids[0]!, region: "eu" }, seeded(4));
    assert.ok((counts.get(ids[1]!) ?? 0) > 200);
  });

  it("prefers the viewer's region without sending everybody there", () => {
    const counts = spread([candidate(0), candidate(1, { region: "us" })], newcomer, seeded(5));
    assert.ok((counts.get(ids[0]!) ?? 0) > 700);
    assert.ok((counts.get(ids[1]!) ?? 0) > 100);
  });

  it("sends fewer to a node that carries more than the others, where no limit is set", () => {
    const busy = candidate(0, { load: { ...idle, egressBps: 9e8 } });
    const counts = spread([busy, candidate(1, { load: { ...idle, egressBps: 1e8 } })], newcomer, seeded(6));
    assert.ok((counts.get(ids[0]!) ?? 0) < 400);
  });

  it("sends everybody to the one home that is well", () => {
    const nodes = [candidate(0, { standing: "ill" }), candidate(1), candidate(2, { isHome: false })];
    assert.deepEqual([...spread(nodes, newcomer, seeded(7)).keys()], [ids[1]]);
  });

  it("names every other node that is well when no home is", () => {
    const nodes = [
      candidate(0, { standing: "leaving" }),
      candidate(1, { isHome: false }),
      candidate(2, { isHome: false }),
      candidate(3, { isHome: false, standing: "ill" }),
    ];
    const { pathways } = choosePathways(nodes, newcomer, seeded(8));
    assert.deepEqual(new Set(pathways.slice(0, 2)), new Set([ids[1], ids[2]]));
    assert.deepEqual(pathways.slice(2), [ids[0]]);
  });

  it("keeps a viewer on a node that is leaving when there is nothing better", () => {
    const nodes = [candidate(0, { standing: "leaving" }), candidate(1, { standing: "ill" })];
    assert.equal(choosePathways(nodes, { at: ids[0]!, region: "eu" }, seeded(9)).reason, "stay");
  });
});
