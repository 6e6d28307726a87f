import assert from "node:assert/strict";
import type { AssetRecord, NodeRecord } from "../catalog/records.ts";
import type { Decision } from "./decisions.ts";
import { plan } from "./plan.ts";
import { buildFinished, buildInput, buildNode, buildView, nodeId, now } from "./snapshot.fixture.ts";
import type { ViewParts } from "./snapshot.fixture.ts";

const eu = ["a", "b"].map((name) => buildNode(name));
const us = ["c", "d"].map((name) => buildNode(name, { region: "us" }));
const all = [...eu, ...us];

function decide(parts: ViewParts, around: readonly NodeRecord[] = all): Decision[] {
  return plan(buildInput(around, [buildView(parts)]));
}

function homesOf(decisions: readonly Decision[]) {
  return decisions.find((decision) => decision.kind === "set-homes")?.homes;
}

function kindsOf(decisions: readonly Decision[]): string[] {
  return [
    ...new Set(decisions.map((decision) => (decision.kind === "create-task" ? decision.task.kind : decision.kind))),
  ];
}

/** Ready, with these homes, and every piece on the holders. */
function ready(homes: readonly string[], holders: readonly string[], changes: Partial<AssetRecord> = {}): ViewParts {
  return buildFinished(holders, { homes: homes.map(nodeId), ...changes });
}

describe("an asset that is to be in other regions by now", () => {
  const wish = { regions: ["us"] };

  it("is copied there, and leaves its homes only when enough stands there", () => {
    const begun = decide(ready(["a", "b"], ["a", "b"], wish));
    assert.deepEqual(
      [homesOf(begun)?.toSorted(), kindsOf(begun)],
      [
        ["a", "b", "c", "d"],
        ["set-homes", "replicate"],
      ],
    );
    assert.deepEqual(kindsOf(decide(ready(["a", "b", "c", "d"], ["a", "b", "c"], wish))), ["replicate"]);
    const done = decide(ready(["a", "b", "c", "d"], ["a", "b", "c", "d"], wish));
    assert.deepEqual(homesOf(done), ["c", "d"]);
    assert.deepEqual(kindsOf(decide(ready(["c", "d"], ["a", "b", "c", "d"], wish))), ["discard"]);
  });

  it("keeps as many homes as wanted while there are too few nodes there, and does not come to rest", () => {
    const few = [...eu, ...us.slice(0, 1)];
    assert.deepEqual(homesOf(decide(ready(["a", "b"], ["a", "b"], wish), few)), ["a", "c"]);
    // What b has is as good as a home's until c is whole.
    assert.deepEqual(kindsOf(decide(ready(["a", "c"], ["a", "b"], wish), few)), ["replicate"]);
    assert.deepEqual(kindsOf(decide(ready(["a", "c"], ["a", "b", "c"], wish), few)), ["discard"]);
    // Until a node comes that can, nothing changes by looking.
    assert.deepEqual(kindsOf(decide(ready(["a", "c"], ["a", "c"], wish), few)), ["settle-asset"]);
    assert.deepEqual(kindsOf(decide(ready(["a", "b"], ["a", "b"], wish), eu)), ["settle-asset"]);
    const full = [...few, buildNode("d", { region: "us", usedBytes: 1_000_000_000_000 })];
    assert.deepEqual(kindsOf(decide(ready(["a", "c"], ["a", "c"], wish), full)), [], "it may get room");
  });

  it("stays on a pinned node, wherever that is", () => {
    const pinned = { ...wish, pins: [nodeId("b")] };
    const done = decide(ready(["a", "b", "c"], ["a", "b", "c"], pinned));
    assert.deepEqual(homesOf(done), ["b", "c"]);
    assert.deepEqual(kindsOf(decide(ready(["b", "c"], ["b", "c"], pinned))), ["settle-asset"]);
  });

  it("stays whole when the one home there goes down at once", () => {
    const down = us.map((node) => ({ ...node, health: "down", healthSince: now }) as const);
    assert.deepEqual(kindsOf(decide(ready(["a", "b"], ["a", "b"], wish), [...eu, ...down])), ["settle-asset"]);
  });
});

describe("an asset that is to have another number of copies by now", () => {
  it("is copied to more homes", () => {
    const decisions = decide(ready(["a", "c"], ["a", "c"], { replicasWanted: 3 }));
    assert.deepEqual([homesOf(decisions)?.length, kindsOf(decisions)], [3, ["set-homes", "replicate"]]);
  });

  it("gives up homes, and then their copies, only when the others are whole", () => {
    const fewer = { replicasWanted: 1 };
    assert.deepEqual(homesOf(decide(ready(["a", "c"], ["a", "c"], fewer))), ["a"]);
    assert.deepEqual(kindsOf(decide(ready(["a"], ["a", "c"], fewer))), ["discard"]);
    const onlyThere = decide(ready(["a", "c"], ["c"], fewer));
    assert.ok(homesOf(onlyThere)?.includes(nodeId("c")) ?? true);
    assert.ok(!kindsOf(onlyThere).includes("discard"));
  });
});
