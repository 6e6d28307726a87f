import assert from "node:assert/strict";
import fc from "fast-check";
import type { AssetId } from "@vstream/core/ids.ts";
import type { NodeRecord } from "../catalog/records.ts";
import { placeHomes } from "./place-replica.ts";
import type { PlacementWish } from "./place-replica.ts";
import { assetId, buildNode, nodeId } from "./snapshot.fixture.ts";

const gigabyte = 1_000_000_000;

function place(nodes: readonly NodeRecord[], wish: Partial<PlacementWish> = {}, homes: Record<string, number> = {}) {
  const homeCounts = new Map(Object.entries(homes).map(([name, count]) => [nodeId(name), count]));
  const usual = { assetId, regions: [], count: 2, bytes: gigabyte, staying: [], except: [] };
  return placeHomes({ ...usual, ...wish }, { nodes, homeCounts });
}

describe("the choice of homes", () => {
  it("spreads over regions before anything else", () => {
    const nodes = [buildNode("a"), buildNode("b"), buildNode("c", { region: "us", usedBytes: 900 * gigabyte })];
    assert.ok(place(nodes).includes(nodeId("c")));
  });

  it("counts the regions of homes that stay", () => {
    const nodes = [buildNode("a"), buildNode("b"), buildNode("c", { region: "us" })];
    assert.deepEqual(place(nodes, { count: 1, staying: [nodeId("a")] }), ["c"]);
  });

  it("keeps to the regions that were asked for", () => {
    const nodes = [buildNode("a"), buildNode("b", { region: "us" }), buildNode("c", { region: "us" })];
    assert.deepEqual(place(nodes, { regions: ["us"], count: 3 }).toSorted(), ["b", "c"]);
  });

  it("prefers the emptier node, then the one with fewer homes for its size", () => {
    const full = [buildNode("a", { usedBytes: 500 * gigabyte }), buildNode("b")];
    assert.deepEqual(place(full, { count: 1 }), ["b"]);
    assert.deepEqual(place([buildNode("a"), buildNode("b")], { count: 1 }, { a: 3, b: 2 }), ["b"]);
    const small = [buildNode("a"), buildNode("b", { capacityBytes: 100 * gigabyte })];
    assert.deepEqual(place(small, { count: 1 }, { a: 3, b: 2 }), ["a"]);
  });

  it("leaves out nodes without room, or that may not take anything", () => {
    const nodes = [
      buildNode("full", { usedBytes: 999.5 * gigabyte }),
      buildNode("suspect", { health: "suspect" }),
      buildNode("down", { health: "down" }),
      buildNode("cordoned", { scheduling: "cordoned" }),
      buildNode("draining", { scheduling: "draining" }),
      buildNode("drained", { scheduling: "drained" }),
    ];
    assert.deepEqual(place(nodes), []);
  });

  it("spreads assets evenly over nodes that are alike", () => {
    const nodes = ["a", "b", "c", "d"].map((name) => buildNode(name));
    const firsts = Array.from({ length: 400 }, (_, at) => place(nodes, { count: 1, assetId: `as${at}` as AssetId })[0]);
    for (const node of nodes) {
      const share = firsts.filter((first) => first === node.id).length;
      assert.ok(share > 60 && share < 140, `${node.name}: ${share}`);
    }
  });

  it("never names a node twice, and does not depend on the order of the nodes", () => {
    const anyNode = fc.record({ region: fc.constantFrom("eu", "us", "ap"), used: fc.integer({ min: 0, max: 1000 }) });
    fc.assert(
      fc.property(fc.array(anyNode, { maxLength: 12 }), fc.integer({ min: 1, max: 6 }), (kinds, count) => {
        const nodes = kinds.map(({ region, used }, at) => buildNode(`n${at}`, { region, usedBytes: used * gigabyte }));
        const chosen = place(nodes, { count });
        assert.equal(new Set(chosen).size, chosen.length);
        assert.deepEqual(place(nodes.toReversed(), { count }), chosen);
      }),
    );
  });
});
