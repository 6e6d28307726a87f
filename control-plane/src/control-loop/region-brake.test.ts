import assert from "node:assert/strict";
import type { NodeRecord } from "../catalog/records.ts";
import { buildNode, nodeId, now } from "../planning/snapshot.fixture.ts";
import { RegionBrake } from "./region-brake.ts";

const hour = 3_600_000;

function down(name: string, secondsAgo: number, changes: Partial<NodeRecord> = {}): NodeRecord {
  return buildNode(name, { health: "down", healthSince: now - secondsAgo * 1_000, ...changes });
}

function check(nodes: readonly NodeRecord[], given: { at?: number; silent?: string[]; brake?: RegionBrake } = {}) {
  const { at = now, silent = [], brake = new RegionBrake(hour) } = given;
  return [...brake.check({ nodes, silent: new Set(silent.map(nodeId)), at })];
}

describe("the brake of a region", () => {
  it("holds when most of its nodes went down within a minute", () => {
    assert.deepEqual(check([down("a", 60), down("b", 0), buildNode("c"), buildNode("d", { region: "us" })]), ["eu"]);
    assert.deepEqual(check([down("a", 90), down("b", 30), down("c", 31)]), ["eu"]);
  });

  it("does not hold for half of them, for one, for regions of two, nor for nodes lost far apart", () => {
    assert.deepEqual(check([down("a", 5), down("b", 0), buildNode("c"), buildNode("d")]), []);
    assert.deepEqual(check([down("a", 5), buildNode("c"), buildNode("d")]), []);
    assert.deepEqual(check([down("a", 5), down("b", 5)]), []);
    assert.deepEqual(check([down("a", 61), down("b", 0), buildNode("c")]), []);
  });

  it("counts nodes that were lost long before neither as lost nor as living", () => {
    assert.deepEqual(check([down("a", 5), down("b", 0), buildNode("c"), down("d", 900), down("e", 800)]), ["eu"]);
    assert.deepEqual(check([down("a", 0), buildNode("c"), down("d", 900)]), []);
  });

  it("leaves drained nodes out, which somebody may well switch off together", () => {
    const drained = { scheduling: "drained" } as const;
    assert.deepEqual(check([down("a", 5, drained), down("b", 0, drained), buildNode("c")]), []);
  });

  it("leaves out nodes that have joined and were never heard", () => {
    const joined = { joinedAt: now - 5_000 } as const;
    assert.deepEqual(check([down("a", 5, joined), down("b", 5, joined), buildNode("c")]), []);
  });

  it("counts a node that is silent beside one that is down, and never silence alone", () => {
    assert.deepEqual(check([down("a", 0), buildNode("b"), buildNode("c")], { silent: ["b"] }), ["eu"]);
    assert.deepEqual(check([buildNode("a"), buildNode("b"), buildNode("c")], { silent: ["a", "b"] }), []);
  });

  it("is let go when all are heard again", () => {
    const brake = new RegionBrake(hour);
    assert.deepEqual(check([down("a", 9), down("b", 9), buildNode("c")], { brake }), ["eu"]);
    const back = { health: "up", healthSince: now } as const;
    assert.deepEqual(check([buildNode("a", back), buildNode("b", back), buildNode("c")], { brake }), []);
  });

  it("gives those that are still away a minute after the last one came back", () => {
    const brake = new RegionBrake(hour);
    const away = [down("a", 9), down("b", 9), down("c", 9), buildNode("d")];
    assert.deepEqual(check(away, { brake }), ["eu"]);
    const some = [...away.slice(0, 2), buildNode("c", { healthSince: now }), buildNode("d")];
    assert.deepEqual(check(some, { brake }), ["eu"]);
    assert.deepEqual(check(some, { brake, at: now + 59_000 }), ["eu"]);
    assert.deepEqual(check(some, { brake, at: now + 60_000 }), []);
  });

  it("is let go after the hold, and does not take hold again of the same nodes", () => {
    const brake = new RegionBrake(hour);
    const nodes = [down("a", 10), down("b", 0), buildNode("c")];
    assert.deepEqual(check(nodes, { brake, at: now + hour - 10_001 }), ["eu"]);
    for (const at of [now + hour - 10_000, now + hour, now + 2 * hour]) {
      assert.deepEqual(check(nodes, { brake, at }), []);
    }
  });
});
