import assert from "node:assert/strict";
import type { NodeRecord } from "../catalog/records.ts";
import { buildNode, nodeId } from "../planning/snapshot.fixture.ts";
import { Liveness } from "./liveness.ts";
import { ManualClock } from "./manual-clock.fixture.ts";

const times = { silentMs: 5_000, suspectMs: 10_000, downMs: 15_000, brakeHoldMs: 3_600_000 };

class Watch {
  readonly clock = new ManualClock();
  liveness = new Liveness(this.clock, times);
  nodes: NodeRecord[];

  constructor(...names: string[]) {
    this.nodes = names.map((name) => buildNode(name));
    this.liveness.check(this.nodes);
  }

  /** Time passes second by second while these nodes beat; the changes are applied, and given. */
  pass(seconds: number, ...beating: string[]): string[] {
    const changes: string[] = [];
    for (let second = 0; second < seconds; second += 1) {
      this.clock.advance(1_000);
      this.liveness.pulse();
      for (const name of beating) this.liveness.heard(nodeId(name));
      for (const change of this.liveness.check(this.nodes).changes) {
        changes.push(`${change.nodeId} ${change.health}`);
        this.nodes = this.nodes.map((node) =>
          node.id === change.nodeId ? { ...node, health: change.health, healthSince: this.clock.now() } : node,
        );
      }
    }
    return changes;
  }
}

describe("liveness", () => {
  it("suspects after ten seconds of silence and gives up after fifteen", () => {
    const watch = new Watch("a", "b");
    assert.deepEqual(watch.pass(9, "b"), []);
    assert.deepEqual(watch.pass(1, "b"), ["a suspect"]);
    assert.deepEqual(watch.pass(4, "b"), []);
    assert.deepEqual(watch.pass(1, "b"), ["a down"]);
  });

  it("trusts a suspect node again with its next heartbeat", () => {
    const watch = new Watch("a", "b");
    watch.pass(12, "b");
    assert.ok(watch.liveness.heard(nodeId("a")));
    assert.deepEqual(watch.pass(1, "a", "b"), ["a up"]);
  });

  it("leaves a node that is down to a new session", () => {
    const watch = new Watch("a", "b");
    watch.pass(15, "b");
    assert.deepEqual(watch.pass(3, "a", "b"), []);
  });

  it("calls nobody down who was heard since it was found silent", () => {
    const watch = new Watch("a", "b");
    watch.pass(14, "b");
    watch.clock.advance(1_000);
    const [change] = watch.liveness.check(watch.nodes).changes;
    assert.ok(change?.health === "down" && watch.liveness.isStillSo(change));
    watch.liveness.heard(change.nodeId);
    assert.ok(!watch.liveness.isStillSo(change));
  });

  it("gives every node the full time after a start, and calls none up that it has not heard", () => {
    const watch = new Watch("a");
    watch.nodes = [buildNode("a", { health: "suspect" })];
    assert.deepEqual(watch.pass(14), []);
    assert.deepEqual(watch.pass(1), ["a down"]);
  });

  it("does not blame the nodes for a time in which this program stood still", () => {
    const watch = new Watch("a", "b");
    watch.pass(3, "a", "b");
    watch.clock.advance(60_000);
    watch.liveness.pulse();
    assert.deepEqual(watch.liveness.check(watch.nodes).changes, []);
    assert.deepEqual(watch.pass(15, "b"), ["a suspect", "a down"]);
  });
});

describe("the brake", () => {
  it("only suspects when most of four or more fall silent together", () => {
    const watch = new Watch("a", "b", "c", "d");
    assert.deepEqual(watch.pass(60, "d"), ["a suspect", "b suspect", "c suspect"]);
    assert.ok(watch.liveness.check(watch.nodes).isCutOff);
  });

  it("holds when they fall silent one shortly after the other", () => {
    const watch = new Watch("a", "b", "c", "d");
    const changes = [...watch.pass(4, "b", "c", "d"), ...watch.pass(4, "c", "d"), ...watch.pass(30, "d")];
    assert.ok(changes.every((change) => change.endsWith("suspect")));
  });

  it("is let go when they are heard again, and gives those that are still silent the full time", () => {
    const watch = new Watch("a", "b", "c", "d");
    watch.pass(20, "d");
    assert.deepEqual(watch.pass(15, "a", "b", "d"), ["a up", "b up"]);
    assert.deepEqual(watch.pass(1, "a", "b", "d"), ["c down"]);
  });

  it("ends after the hold: those that are still silent are gone, and no region is held for them once more", () => {
    const watch = new Watch("a", "b", "c", "d", "e");
    watch.pass(6, "d", "e");
    const began = watch.pass(3_598, "d", "e");
    assert.deepEqual(began, ["a suspect", "b suspect", "c suspect"]);
    assert.ok(watch.liveness.check(watch.nodes).isCutOff);
    assert.deepEqual(watch.pass(1, "d", "e"), ["a down", "b down", "c down"]);
    const { isCutOff, brakedRegions } = watch.liveness.check(watch.nodes);
    assert.deepEqual([isCutOff, [...brakedRegions]], [false, []]);
  });

  it("does not count a time in which this program stood still towards the hold", () => {
    const watch = new Watch("a", "b", "c", "d", "e");
    watch.pass(20, "d", "e");
    watch.clock.advance(4_000_000);
    watch.liveness.pulse();
    assert.deepEqual(watch.pass(5, "d", "e"), []);
    assert.ok(watch.liveness.check(watch.nodes).isCutOff);
  });

  it("holds nothing when the hold is 0", () => {
    const watch = new Watch("a", "b", "c", "d");
    watch.liveness = new Liveness(watch.clock, { ...times, brakeHoldMs: 0 });
    watch.liveness.check(watch.nodes);
    assert.deepEqual(watch.pass(15, "d").slice(3), ["a down", "b down", "c down"]);
  });

  it("does not hold for half of them, nor for small clusters, nor for nodes that die far apart", () => {
    assert.deepEqual(new Watch("a", "b", "c", "d").pass(15, "c", "d").slice(2), ["a down", "b down"]);
    assert.deepEqual(new Watch("a", "b", "c").pass(15, "c").slice(2), ["a down", "b down"]);
    const watch = new Watch("a", "b", "c", "d");
    watch.pass(20, "b", "c", "d");
    watch.pass(20, "c", "d");
    assert.deepEqual(watch.pass(15, "d"), ["c suspect", "c down"]);
  });
});
