import assert from "node:assert/strict";
import fc from "fast-check";
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
import type { Load } from "@vstream/core/media.ts";
import type { NodeRecord } from "../catalog/records.ts";
import { placeHomes } from "./place-replica.ts";
import type { PlacedHome, PlacementWish } from "./place-replica.ts";
import { assetId, buildLoad, buildNode, nodeId } from "./snapshot.fixture.ts";

const gigabyte = 1_000_000_000;

interface Around {
  readonly homes?: Readonly<Record<string, number>>;
  readonly loads?: Readonly<Record<string, Partial<Load>>>;
}

function explain(nodes: readonly NodeRecord[], wish: Partial<PlacementWish> = {}, around: Around = {}): PlacedHome[] {
  const byNode = <Value>(entries: Readonly<Record<string, Value>> = {}) => {
    return new Map(Object.entries(entries).map(([name, value]) => [nodeId(name), value]));
  };
  const usual: PlacementWish = { assetId, regions: [], pins: [], count: 2, bytes: gigabyte, staying: [], except: [] };
  const loads = new Map([...byNode(around.loads)].map(([id, changes]) => [id, buildLoad(changes)]));
  return placeHomes({ ...usual, ...wish }, { nodes, homeCounts: byNode(around.homes), loads });
}

function place(...choice: Parameters<typeof explain>): NodeId[] {
  return explain(...choice).map((home) => home.nodeId);
}

describe("the choice of homes", () => {
  it("spreads over regions before anything else", () => {
    const nodes = [buildNode("a"), buildNode("b"), buildNode("c", { region: "us", usedBytes: 900 * gigabyte })];
    assert.ok(place(nodes).includes(nodeId("c")));
  });

  it("spreads over the zones of a region next", () => {
    const full = { usedBytes: 900 * gigabyte };
    const nodes = [
      buildNode("a", { zone: "z1" }),
      buildNode("b", { zone: "z1" }),
      buildNode("c", { zone: "z2", ...full }),
    ];
    assert.deepEqual(place(nodes, { count: 1, staying: [nodeId("a")] }), ["c"]);
    assert.ok(place(nodes).includes(nodeId("c")));
  });

  it("takes the same name in two regions for two zones, and no name for a zone of its own", () => {
    const twins = [
      buildNode("a", { zone: "z1" }),
      buildNode("b", { zone: "z1", region: "us" }),
      buildNode("c", { zone: "z1", region: "us" }),
      buildNode("d", { region: "us", usedBytes: 500 * gigabyte }),
    ];
    assert.notDeepEqual(place(twins, { count: 1, staying: [nodeId("a")], regions: ["us"] }), ["d"]);
    assert.deepEqual(place(twins, { count: 1, staying: ["a", "b"].map(nodeId), regions: ["us"] }), ["d"]);
    const bare = [buildNode("a"), buildNode("b"), buildNode("c", { usedBytes: 500 * gigabyte })];
    assert.deepEqual(place(bare, { count: 1, staying: [nodeId("a")] }), ["b"]);
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
    assert.deepEqual(place([buildNode("a"), buildNode("b")], { count: 1 }, { homes: { a: 3, b: 2 } }), ["b"]);
    const small = [buildNode("a"), buildNode("b", { capacityBytes: 100 * gigabyte })];
    assert.deepEqual(place(small, { count: 1 }, { homes: { a: 3, b: 2 } }), ["a"]);
  });

  it("avoids a node whose processor or link is busy, unless the other is much fuller", () => {
    const nodes = [buildNode("a"), buildNode("b", { usedBytes: 90 * gigabyte })];
    const on = (loads: Around["loads"], among = nodes) => place(among, { count: 1 }, { loads: loads ?? {} })[0];
    assert.equal(on({ a: { processor: 0.6 } }), "b");
    assert.equal(on({ a: { egressBps: 9e8, egressLimitBps: 1e9 } }), "b");
    const fuller = [buildNode("a"), buildNode("b", { usedBytes: 600 * gigabyte })];
    assert.equal(on({ a: { processor: 1 } }, fuller), "a");
  });

  it("is not swayed by small differences, nor by what is sent without a limit", () => {
    const nodes = [buildNode("a"), buildNode("b", { usedBytes: 40 * gigabyte })];
    const homes = { a: 2, b: 1 };
    assert.deepEqual(place(nodes, { count: 1 }, { homes, loads: { b: { processor: 0.2 } } }), ["b"]);
    assert.deepEqual(place(nodes, { count: 1 }, { homes, loads: { b: { egressBps: 9e9 } } }), ["b"]);
  });

  it("takes pinned nodes first, whatever their region, and spreads the others away from them", () => {
    const nodes = [buildNode("a"), buildNode("b", { region: "us" }), buildNode("c"), buildNode("d", { region: "ap" })];
    const pins = [nodeId("c")];
    assert.deepEqual(place(nodes, { pins, regions: ["us", "eu"] }), ["c", "b"]);
    assert.deepEqual(place(nodes, { pins, regions: ["ap"], count: 1 }), ["c"]);
  });

  it("does without a pinned node that may not take anything", () => {
    const nodes = [buildNode("a", { scheduling: "cordoned" }), buildNode("b"), buildNode("c", { region: "us" })];
    assert.deepEqual(place(nodes, { pins: [nodeId("a")] }).toSorted(), ["b", "c"]);
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

  it("says why each was chosen", () => {
    const nodes = [
      buildNode("a", { zone: "z1", usedBytes: 121 * gigabyte }),
      buildNode("b", { zone: "z2", usedBytes: 500 * gigabyte }),
      buildNode("c", { zone: "z2", usedBytes: 622 * gigabyte }),
      buildNode("d", { zone: "z2", usedBytes: 610 * gigabyte }),
      buildNode("e", { region: "us" }),
      buildNode("f", { region: "us" }),
    ];
    const loads = { d: { processor: 1 } };
    const chosen = explain(nodes, { count: 7, pins: [nodeId("e")], forUpload: true }, { loads });
    assert.deepEqual(
      chosen.map((home) => `${home.nodeId}: ${home.reason}`),
      [
        "e: receives the upload; pinned",
        "a: first in region eu",
        "f: emptiest of us: 0 % used",
        "b: zone z2 of eu has no copy yet",
        "c: most room for disk and load of eu: 62 % used",
        "d: emptiest of eu: 61 % used",
      ],
    );
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
