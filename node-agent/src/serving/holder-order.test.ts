// Which nodes are asked first.
import assert from "node:assert/strict";
import { newId } from "@vstream/core/ids.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import { HolderOrder } from "./holder-order.ts";
import type { HolderOrderDeps } from "./holder-order.ts";
import { HeldClock, trialAddress } from "./trial-serving.fixture.ts";

describe("holders of an object", () => {
  const [self, near, far, suspect, other] = Array.from({ length: 5 }, () => newId("node", 1)) as [
    NodeId,
    NodeId,
    NodeId,
    NodeId,
    NodeId,
  ];
  const directory = [
    trialAddress(self),
    trialAddress(near),
    trialAddress(far, { region: "us" }),
    trialAddress(suspect, { health: "suspect" }),
    trialAddress(other),
  ];
  const order = (changes: Partial<HolderOrderDeps> = {}): HolderOrder =>
    new HolderOrder({ nodeId: self, region: "eu", peers: { directory }, clock: new HeldClock(), ...changes });

  it("are asked in this region first, those that are not heard last, and nodes that are no homes after them", () => {
    assert.deepEqual(order().best([suspect, far, self, near]), [near, far, suspect, other]);
  });

  it("are asked by rank where one is known", () => {
    const ranks = new Map([
      [far, 1],
      [near, 2],
      [suspect, 3],
    ]);
    const ranked = order({ rankOf: (nodeId) => ranks.get(nodeId) ?? 9 });
    assert.deepEqual(ranked.best([suspect, near, far]), [far, near, suspect, other]);
  });

  it("are asked last for ten seconds after they failed, unless they answered since", () => {
    const clock = new HeldClock();
    const holders = order({ clock });
    holders.failed(near);
    assert.deepEqual(holders.best([near, far]).at(-1), near);
    clock.nowMs += 10_000;
    assert.deepEqual(holders.best([near, far])[0], near);
    holders.failed(near);
    holders.answered(near);
    assert.deepEqual(holders.best([near, far])[0], near);
  });

  it("are ranked only as far as they are asked, however many nodes there are", () => {
    const many = Array.from({ length: 500 }, () => trialAddress(newId("node", 1)));
    let ranked = 0;
    const rankOf = (): number => (ranked += 1);
    const peers = { directory: [trialAddress(self), ...many] };
    const homes = many.slice(0, 7).map((node) => node.nodeId);
    const busy = order({ peers, rankOf });
    assert.equal(busy.best(homes).length, 6);
    assert.equal(ranked, 7);
    ranked = 0;
    const asked = Array.from({ length: 20 }, () => busy.best(homes.slice(0, 2)));
    assert.ok(ranked <= 20 * 34, String(ranked));
    for (const best of asked) assert.deepEqual([best.length, best.slice(0, 2)], [6, homes.slice(0, 2)]);
    assert.ok(new Set(asked.flat()).size > 40, "all come to be asked");
  });

  it("are asked only as long as the directory names them, and not too many", () => {
    const many = Array.from({ length: 20 }, () => trialAddress(newId("node", 1)));
    const gone = newId("node", 1);
    const asked = order({ peers: { directory: many } }).best([gone, many[7]!.nodeId]);
    assert.equal(asked.length, 6);
    assert.equal(asked[0], many[7]!.nodeId);
    assert.ok(!asked.includes(gone));
  });
});
