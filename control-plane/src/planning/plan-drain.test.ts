import assert from "node:assert/strict";
import { videoPieceId } from "@vstream/core/ids.ts";
import type { TaskId } from "@vstream/core/ids.ts";
import type { NodeRecord } from "../catalog/records.ts";
import type { Load, TaskKind } from "@vstream/core/media.ts";
import type { Decision } from "./decisions.ts";
import { drainStep, findHeld } from "./drain-step.ts";
import type { DrainSituation } from "./drain-step.ts";
import { plan } from "./plan.ts";
import {
  buildFinished,
  buildInput,
  buildLoad,
  buildNode,
  buildTask,
  buildView,
  nodeId,
  now,
  settings,
} from "./snapshot.fixture.ts";
import type { ViewParts } from "./snapshot.fixture.ts";

const [a, c] = [buildNode("a"), buildNode("c")];
const draining = buildNode("b", { region: "us", scheduling: "draining", drainDeadlineAt: now + 1_000 });
const overdue = buildNode("b", { scheduling: "draining", drainDeadlineAt: now - 1, onDeadline: "hold" });
const forced = buildNode("b", { scheduling: "draining", drainDeadlineAt: now - 1, onDeadline: "force" });

function decide(parts: ViewParts, around: readonly NodeRecord[]): Decision[] {
  return plan(buildInput(around, [buildView(parts)]));
}

function homesOf(decisions: readonly Decision[]) {
  return decisions.find((decision) => decision.kind === "set-homes")?.homes;
}

describe("draining a home", () => {
  it("adds another home first, and keeps the old one, listed last", () => {
    const decisions = decide(buildFinished(["a", "b"]), [a, draining, c]);
    assert.deepEqual(homesOf(decisions), ["a", "c", "b"]);
    assert.ok(decisions.some((decision) => decision.kind === "create-task" && decision.task.nodeId === "c"));
  });

  it("keeps it until the last piece stands on the new one", () => {
    const homes = ["a", "c", "b"].map(nodeId);
    const parts = buildFinished(["a", "b", "c"], { homes });
    const lacking = { ...parts, copies: { ...parts.copies, [videoPieceId(1)]: ["a", "b"] } };
    assert.equal(homesOf(decide(lacking, [a, draining, c])), undefined);
    assert.deepEqual(homesOf(decide(parts, [a, draining, c])), ["a", "c"]);
  });

  it("lets it go without another home when enough copies stand elsewhere", () => {
    assert.deepEqual(homesOf(decide(buildFinished(["a", "b"]), [a, draining])), ["a"]);
  });

  it("holds the last copy, whatever the deadline says", () => {
    for (const node of [draining, overdue, forced]) {
      const parts = buildFinished(["b"], { homes: [nodeId("b")] });
      assert.deepEqual(decide(parts, [node]), []);
    }
  });

  it("holds a node whose only companion is down", () => {
    const away = buildNode("a", { health: "down", healthSince: now - 1_000 });
    assert.deepEqual(homesOf(decide(buildFinished(["a", "b"]), [away, draining])), ["b", "a"]);
  });

  it("does not count copies that are being discarded", () => {
    const parts = buildFinished(["a", "b", "c"], { homes: ["a", "c", "b"].map(nodeId) });
    const open = [buildTask("discard", { nodeId: nodeId("c"), discardPieceIds: [videoPieceId(1)] })];
    assert.equal(homesOf(decide({ ...parts, open }, [a, draining, c])), undefined);
  });

  it("holds past the deadline, or goes with one copy elsewhere when forced", () => {
    const full = buildNode("c", { usedBytes: 1_000_000_000_000 });
    assert.equal(homesOf(decide(buildFinished(["a", "b"]), [a, overdue, full])), undefined);
    assert.deepEqual(homesOf(decide(buildFinished(["a", "b"]), [a, forced, full])), ["a"]);
  });

  it("that is called off leaves as many homes as wanted", () => {
    const parts = buildFinished(["a", "b"], { homes: ["a", "c", "b"].map(nodeId) });
    const decisions = decide(parts, [a, buildNode("b", { region: "us" }), c]);
    assert.deepEqual(homesOf(decisions), ["a", "b"]);
  });

  it("keeps an asset in the trash whole as well", () => {
    const parts = buildFinished(["a", "b"], { state: "deleting", deletedAt: now });
    assert.deepEqual(homesOf(decide(parts, [a, draining, c])), ["a", "c", "b"]);
  });

  it("moves an asset that is being made", () => {
    const parts = { copies: { source: ["a", "b"] } };
    assert.deepEqual(homesOf(decide(parts, [a, draining, c])), ["a", "c", "b"]);
  });
});

describe("a node that is cordoned", () => {
  const cordoned = buildNode("b", { region: "us", scheduling: "cordoned" });

  it("stays a home of what it holds whole", () => {
    assert.equal(homesOf(decide(buildFinished(["a", "b"]), [a, cordoned, c])), undefined);
  });

  it("makes room for another home of what it holds in part", () => {
    const parts = buildFinished(["a"]);
    assert.deepEqual(homesOf(decide(parts, [a, cordoned, c])), ["a", "b", "c"]);
  });
});

describe("a draining node", () => {
  const parts = (homes: readonly string[]) => buildFinished(["a", "c"], { homes: homes.map(nodeId) });
  const isDrained = (decisions: readonly Decision[]): boolean =>
    decisions.some((decision) => decision.kind === "set-scheduling" && decision.to === "drained");

  it("is drained when it is nobody's home and runs nothing", () => {
    assert.ok(isDrained(decide(parts(["a", "c"]), [a, draining, c])));
    assert.ok(!isDrained(decide(parts(["a", "b"]), [a, draining, c])));
  });

  it("is not drained while it is a home of a settled asset", () => {
    const input = buildInput([a, draining, c], []);
    assert.ok(!isDrained(plan({ ...input, homeCounts: new Map([[nodeId("b"), 1]]) })));
    assert.ok(isDrained(plan(input)));
  });

  it("finishes what it runs", () => {
    const open = [buildTask("transcode", { state: "leased", nodeId: nodeId("b") })];
    assert.ok(!isDrained(decide({ ...parts(["a", "c"]), open }, [a, draining, c])));
  });

  it("waits until what it encoded stands on the homes", () => {
    const held = parts(["a", "c"]);
    const copies = { ...held.copies, [videoPieceId(1)]: ["a", "b"] };
    assert.ok(!isDrained(decide({ ...held, copies }, [a, draining, c])));
  });

  it("waits until viewers have asked it nothing for a while", () => {
    const input = buildInput([a, draining, c], []);
    const on = (load: Partial<Load> | null) => {
      const loads = new Map(load === null ? [] : [[nodeId("b"), buildLoad(load)] as const]);
      return isDrained(plan({ ...input, loads }));
    };
    assert.ok(!on({ viewersQuietMs: settings.drainQuietMs - 1 }));
    assert.ok(on({ viewersQuietMs: settings.drainQuietMs }));
    assert.ok(!on(null));
  });

  it("that is down keeps no viewer, whatever it said last", () => {
    const away = { ...draining, health: "down" } as const;
    const loads = new Map([[nodeId("b"), buildLoad({ viewersQuietMs: 0 })]]);
    assert.ok(isDrained(plan({ ...buildInput([a, away, c], []), loads })));
  });

  it("that is forced waits for no viewer past its deadline, but for a last copy", () => {
    const loads = new Map([[nodeId("b"), buildLoad({ viewersQuietMs: 0 })]]);
    const with1 = (node: NodeRecord, views: ViewParts[] = []) =>
      isDrained(plan({ ...buildInput([a, node, c], views.map(buildView)), loads }));
    assert.ok(with1(forced));
    assert.ok(!with1(overdue));
    assert.ok(!with1(forced, [buildFinished(["b"], { homes: [nodeId("b")] })]));
  });
});

describe("a drain that is forced past its deadline", () => {
  const leased = (kind: TaskKind) =>
    buildTask(kind, {
      id: `ta-${kind}` as TaskId,
      state: "leased",
      nodeId: forced.id,
      discardPieceIds: [videoPieceId(0)],
    });
  const begun = (["verify", "replicate", "transcode", "probe", "discard"] as const).map(leased);
  const parts = { ...buildFinished(["a", "c"], { homes: ["a", "c"].map(nodeId) }), open: begun };
  const endedIn = (decisions: readonly Decision[]) =>
    decisions.flatMap((decision) => (decision.kind === "cancel-task" ? decision.taskId : []));

  it("ends what the node still runs, but for what it deletes, and waits for none of it", () => {
    const decisions = decide(parts, [a, forced, c]);
    const ended = begun.filter(({ kind }) => kind !== "discard").map(({ id }) => id);
    assert.deepEqual(new Set(endedIn(decisions)), new Set(ended));
    assert.ok(decisions.some((decision) => decision.kind === "set-scheduling" && decision.to === "drained"));
  });

  it("leaves alone what runs before the deadline, or on a node that may wait", () => {
    const early = { ...forced, drainDeadlineAt: now + 1_000 };
    const verify = { ...parts, open: [leased("verify")] };
    for (const node of [early, overdue]) assert.deepEqual(endedIn(decide(verify, [a, node, c])), []);
  });
});

describe("a verification on a draining node", () => {
  it("that has not begun ends", () => {
    const open = [buildTask("verify", { nodeId: draining.id })];
    const decisions = decide({ ...buildFinished(["a", "c"], { homes: ["a", "c"].map(nodeId) }), open }, [
      a,
      draining,
      c,
    ]);
    assert.ok(decisions.some((decision) => decision.kind === "cancel-task"));
  });
});

describe("what holds a draining node", () => {
  const find = (parts: ViewParts, around: readonly NodeRecord[]) =>
    [...findHeld(buildInput(around, [buildView(parts)]))].flat();
  const home = buildFinished(["a", "b"]);

  it("may go on when another node, or another home, can take it", () => {
    const held = { nodeId: "b", isHome: true, othersCanTake: true };
    assert.deepEqual(find(home, [a, draining, c]), [held]);
    assert.deepEqual(find(buildFinished(["a", "b"], { homes: ["a", "b", "c"].map(nodeId) }), [a, draining, c]), [held]);
    assert.deepEqual(find(home, [a, buildNode("b"), c]), []);
  });

  it("may not while the others have no room, stand in another region, or take nothing", () => {
    const full = { usedBytes: 1_000_000_000_000 };
    const stuck = [{ nodeId: "b", isHome: true, othersCanTake: false }];
    assert.deepEqual(find(home, [a, draining, buildNode("c", full)]), stuck);
    assert.deepEqual(find(buildFinished(["b"], { homes: [nodeId("b")], regions: ["us"] }), [a, draining, c]), stuck);
    const cordoned = buildNode("c", { scheduling: "cordoned" });
    assert.deepEqual(find(buildFinished(["b"], { homes: [nodeId("b")] }), [draining, cordoned]), stuck);
    const partHome = buildFinished(["b"], { homes: ["b", "c"].map(nodeId), replicasWanted: 1 });
    assert.deepEqual(find(partHome, [draining, buildNode("c", full)]), stuck);
  });

  it("is also what it has made and the homes do not have yet", () => {
    const parts = buildFinished(["a", "c"], { homes: ["a", "c"].map(nodeId) });
    const copies = { ...parts.copies, [videoPieceId(1)]: ["a", "b"] };
    const held = [{ nodeId: "b", isHome: false, othersCanTake: true }];
    assert.deepEqual(find({ ...parts, copies }, [a, draining, c]), held);
  });
});

describe("the step of a drain", () => {
  const situation = (changes: Partial<DrainSituation>): DrainSituation => {
    return { assetsLeft: 0, tasksLeased: 0, othersCanTake: true, ...changes };
  };
  const step = (changes: Partial<DrainSituation>) => drainStep(draining, situation(changes));

  it("is what it waits for first", () => {
    assert.equal(step({ tasksLeased: 1, assetsLeft: 1 }), "finishing tasks");
    assert.equal(step({ assetsLeft: 1 }), "copying");
    assert.equal(step({ assetsLeft: 1, othersCanTake: false }), "holding a last copy");
    assert.equal(step({}), "waiting for viewers");
  });

  it("is none for a node that is not draining", () => {
    assert.equal(drainStep(a, situation({ assetsLeft: 1 })), null);
  });
});
