import assert from "node:assert/strict";
import { videoPieceId } from "@vstream/core/ids.ts";
import type { AssetId, PieceId } from "@vstream/core/ids.ts";
import type { AssetRecord, NodeRecord } from "../catalog/records.ts";
import { readAsset } from "./asset-facts.ts";
import { readCluster } from "./cluster.ts";
import type { PlanInput } from "./cluster.ts";
import type { Decision } from "./decisions.ts";
import { plan } from "./plan.ts";
import { isStalledMove } from "./room.ts";
import { buildFinished, buildInput, buildNode, buildTask, buildView, nodeId, now } from "./snapshot.fixture.ts";
import type { ViewParts } from "./snapshot.fixture.ts";

const [a, b, c] = [buildNode("a"), buildNode("b", { region: "us" }), buildNode("c")];
const hold = 300_000;

function decide(parts: ViewParts, around: readonly NodeRecord[] = [a, b, c], changes: Partial<PlanInput> = {}) {
  return plan({ ...buildInput(around, [buildView(parts)]), ...changes });
}

function homesOf(decisions: readonly Decision[]) {
  return decisions.find((decision) => decision.kind === "set-homes")?.homes;
}

function kindsOf(decisions: readonly Decision[]): string[] {
  return decisions.map((decision) => (decision.kind === "create-task" ? decision.task.kind : decision.kind));
}

function down(name: string, since: number, changes: Partial<NodeRecord> = {}): NodeRecord {
  return buildNode(name, { health: "down", healthSince: now - since, ...changes });
}

/** Ready, with these homes, and every piece on the holders. */
function ready(homes: readonly string[], holders: readonly string[], changes: Partial<AssetRecord> = {}): ViewParts {
  return buildFinished(holders, { homes: homes.map(nodeId), ...changes });
}

describe("homes", () => {
  it("stay where they are when a better node joins", () => {
    const crowded = ["a", "c"].map((name) => buildNode(name, { usedBytes: 900_000_000_000 }));
    assert.deepEqual(kindsOf(decide(ready(["a", "c"], ["a", "c"]), [...crowded, b])), ["settle-asset"]);
  });

  it("that are new come with the reason, the others without", () => {
    const decision = decide(ready(["a"], ["a"]), [a, b]).find(({ kind }) => kind === "set-homes");
    assert.ok(decision?.kind === "set-homes");
    assert.deepEqual(decision.reasons, { b: "first in region us" });
  });

  it("that are too many go where a region or zone is covered twice, the newest first", () => {
    const zoned = (name: string, zone: string) => buildNode(name, { zone });
    const around = [zoned("a", "z1"), zoned("b", "z1"), zoned("c", "z2")];
    assert.deepEqual(homesOf(decide(ready(["a", "b", "c"], ["a", "b", "c"]), around)), ["a", "c"]);
    const alike = [zoned("a", "z1"), zoned("b", "z1"), zoned("c", "z1")];
    assert.deepEqual(homesOf(decide(ready(["a", "b", "c"], ["a", "b", "c"]), alike)), ["a", "b"]);
  });
});

describe("homes that are too many, none of them complete", () => {
  it("go beginning with those that are down, in one look", () => {
    const parts = ready(["a", "c"], ["a", "c"], { replicasWanted: 1 });
    const lacking = { ...parts, copies: { ...parts.copies, [videoPieceId(0)]: ["a"] } };
    const decisions = decide(lacking, [down("a", 1_000), b, c]);
    assert.deepEqual(homesOf(decisions), ["c"]);
    const then = { ...lacking, asset: { ...lacking.asset, homes: [nodeId("c")] } };
    assert.equal(homesOf(decide(then, [down("a", 1_000), b, c])), undefined);
  });
});

describe("a home whose disk is full", () => {
  const full = buildNode("b", { region: "us", usedBytes: 1_000_000_000_000 });
  const lacking = ready(["a", "b"], ["a"]);

  it("and that lacks pieces is replaced, and goes once the other is whole", () => {
    const decisions = decide(lacking, [a, full, c]);
    assert.deepEqual(homesOf(decisions), ["a", "b", "c"]);
    const targets = decisions.flatMap((decision) => (decision.kind === "create-task" ? decision.task.nodeId : []));
    assert.deepEqual(new Set(targets), new Set(["c"]));
    assert.deepEqual(homesOf(decide(ready(["a", "b", "c"], ["a", "c"]), [a, full, c])), ["a", "c"]);
  });

  it("and that keeps the last copy of something does not go before that stands elsewhere", () => {
    const parts = ready(["a", "b", "c"], ["a", "c"]);
    const copies = { ...parts.copies, [videoPieceId(0)]: ["b"] };
    assert.equal(homesOf(decide({ ...parts, copies }, [a, full, c])), undefined);
  });

  it("stays when it has everything, when the rest has room or is arriving, and when there is no other node", () => {
    assert.equal(homesOf(decide(ready(["a", "b"], ["a", "b"]), [a, full, c])), undefined);
    const nearly = buildNode("b", { region: "us", usedBytes: 1_000_000_000_000 - 100_000 });
    assert.equal(homesOf(decide(lacking, [a, nearly, c])), undefined);
    const arriving = Object.keys(lacking.copies ?? {}).map((pieceId) =>
      buildTask("replicate", { pieceId: pieceId as PieceId, nodeId: full.id, state: "leased" }),
    );
    assert.equal(homesOf(decide({ ...lacking, open: arriving }, [a, full, c])), undefined);
    assert.equal(homesOf(decide(lacking, [a, full])), undefined);
  });

  it("is not blamed for what nobody has any more", () => {
    const parts = ready(["a", "b"], ["a", "b"]);
    assert.equal(homesOf(decide({ ...parts, copies: { ...parts.copies, source: [] } }, [a, full, c])), undefined);
  });

  it("does not keep a move to it under way, and gives back what it has of it", () => {
    const moving = ready(["a", "c", "b"], ["a", "c"], { leavingHomes: [nodeId("c")] });
    const stalled = (parts: ViewParts, around: readonly NodeRecord[]) => {
      const cluster = readCluster(buildInput(around, []));
      return isStalledMove(readAsset(buildView(parts), cluster), cluster);
    };
    assert.ok(!stalled(moving, [a, b, c]));
    assert.ok(stalled(moving, [a, full, c]));
    assert.deepEqual(homesOf(decide(moving, [a, full, c])), ["a", "c"]);
    assert.deepEqual(homesOf(decide(moving, [a, full, c, buildNode("d")])), ["a", "c", "b", "d"]);
    assert.ok(stalled(ready(["a", "c"], ["a", "c"], { leavingHomes: [nodeId("c")] }), [a, full, c]));
    assert.ok(!stalled(ready(["a", "b"], ["a", "b"]), [a, full, c]));
  });
});

describe("many assets that need another home at once", () => {
  it("are spread over the nodes that are alike", () => {
    const nodes = Array.from({ length: 20 }, (_, at) => buildNode(`n${10 + at}`));
    const gone = { ...nodes[0]!, health: "down", healthSince: now - hold } as const;
    const views = Array.from({ length: 250 }, (_, at) => {
      const homes = ["n10", `n${11 + (at % 19)}`];
      return buildView(ready(homes, homes.slice(1), { id: `as-${at}` as AssetId }));
    });
    const placed = new Map<string, number>();
    for (const decision of plan(buildInput([gone, ...nodes.slice(1)], views))) {
      for (const home of decision.kind === "set-homes" ? Object.keys(decision.reasons) : []) {
        placed.set(home, (placed.get(home) ?? 0) + 1);
      }
    }
    const counts = [...placed.values()];
    assert.equal(
      counts.reduce((sum, count) => sum + count, 0),
      250,
    );
    assert.ok(placed.size === 19 && Math.max(...counts) <= 16, JSON.stringify([...placed]));
  });

  it("are not all promised the same room", () => {
    const room = buildNode("c", { usedBytes: 1_000_000_000_000 - 3_000_000 });
    const around = [a, down("b", hold, { region: "us" }), room];
    const views = ["1", "2", "3"].map((id) => buildView(ready(["a", "b"], ["a"], { id: `as-${id}` as AssetId })));
    const moved = plan(buildInput(around, views)).filter(({ kind }) => kind === "set-homes");
    assert.equal(moved.length, 1);
  });
});

describe("a pinned node", () => {
  const pins = [nodeId("p")];
  const pinned = buildNode("p", { region: "ap" });

  it("becomes a home when it is back, beside the others until its copies stand", () => {
    const decisions = decide(ready(["a", "b"], ["a", "b"], { pins }), [a, b, pinned]);
    assert.deepEqual(homesOf(decisions), ["a", "b", "p"]);
    assert.ok(decisions.some((decision) => decision.kind === "create-task" && decision.task.nodeId === "p"));
    const half = ready(["a", "b", "p"], ["a", "b", "p"], { pins });
    const lacking = { ...half, copies: { ...half.copies, [videoPieceId(1)]: ["a", "b"] } };
    assert.equal(homesOf(decide(lacking, [a, b, pinned])), undefined);
  });

  it("then takes the place of the least suitable one that is not pinned", () => {
    const parts = ready(["a", "b", "p"], ["a", "b", "p"], { pins });
    assert.deepEqual(homesOf(decide(parts, [a, b, pinned])), ["a", "p"]);
    const sameRegion = buildNode("p");
    assert.deepEqual(homesOf(decide(parts, [a, b, sameRegion])), ["b", "p"]);
  });

  it("is a home whatever the regions that were asked for", () => {
    const parts = ready(["a"], ["a"], { pins, regions: ["eu"] });
    assert.deepEqual(homesOf(decide(parts, [a, b, c, pinned])), ["a", "p"]);
  });

  it("that is down for good is replaced, and one that is away for a moment is not", () => {
    const parts = ready(["a", "p"], ["a", "p"], { pins });
    assert.deepEqual(homesOf(decide(parts, [a, b, down("p", hold)])), ["a", "b"]);
    assert.deepEqual(kindsOf(decide(parts, [a, b, down("p", hold - 1)])), []);
  });

  it("is not forgotten while it cannot be a home: the asset does not settle", () => {
    const parts = ready(["a", "b"], ["a", "b"], { pins });
    for (const away of [down("p", hold), buildNode("p", { usedBytes: 1_000_000_000_000 })]) {
      assert.deepEqual(kindsOf(decide(parts, [a, b, away])), []);
    }
    assert.deepEqual(kindsOf(decide(parts, [a, b])), ["settle-asset"]);
    const drained = buildNode("p", { scheduling: "drained" });
    assert.deepEqual(kindsOf(decide(parts, [a, b, drained])), ["settle-asset"]);
  });

  it("takes no upload away from the node that receives it", () => {
    const uploading = { asset: { state: "uploading", pins: ["b", "c"].map(nodeId) } } as const;
    assert.deepEqual(decide(uploading), []);
    const other = { asset: { state: "uploading", pins: [nodeId("c")] } } as const;
    assert.deepEqual(homesOf(decide(other)), ["a", "c"]);
  });
});

describe("a home that was moved from", () => {
  const leavingHomes = [nodeId("b")];

  it("stays until every copy stands on the others, and takes none itself", () => {
    const parts = ready(["a", "b", "c"], ["a", "b"], { leavingHomes });
    const lacking = { ...parts, copies: { ...parts.copies, [videoPieceId(0)]: ["a"] } };
    const decisions = decide(lacking);
    assert.equal(homesOf(decisions), undefined);
    const targets = decisions.map((decision) => (decision.kind === "create-task" ? decision.task.nodeId : ""));
    assert.deepEqual(new Set(targets), new Set(["c"]));
  });

  it("then goes, though it is the more complete and the older one, and its copies after it", () => {
    const parts = ready(["b", "a", "c"], ["a", "b", "c"], { leavingHomes });
    assert.deepEqual(homesOf(decide(parts)), ["a", "c"]);
    const gone = decide(ready(["a", "c"], ["a", "b", "c"]));
    assert.deepEqual(
      gone.map((decision) => decision.kind === "create-task" && [decision.task.kind, decision.task.nodeId]),
      [["discard", "b"]],
    );
  });

  it("leaves also when it is down", () => {
    const parts = ready(["a", "b", "c"], ["a", "c"], { leavingHomes });
    assert.deepEqual(homesOf(decide(parts, [a, down("b", 1_000), c])), ["a", "c"]);
  });

  it("is followed by a third when the new one is lost or drained before it is complete", () => {
    const parts = ready(["a", "b", "c"], ["a", "b"], { leavingHomes });
    const d = buildNode("d");
    assert.deepEqual(homesOf(decide(parts, [a, b, down("c", hold), d])), ["a", "b", "d"]);
    const draining = buildNode("c", { scheduling: "draining" });
    assert.deepEqual(homesOf(decide(parts, [a, b, draining, d])), ["a", "b", "d", "c"]);
  });

  it("is kept, and kept whole, when no other can take its place", () => {
    const parts = ready(["a", "b", "c"], ["a", "b"], { leavingHomes });
    const lacking = { ...parts, copies: { ...parts.copies, [videoPieceId(0)]: ["a"] } };
    const decisions = decide(lacking, [a, b, down("c", hold)]);
    assert.deepEqual(homesOf(decisions) ?? ["a", "b", "c"], ["a", "b", "c"]);
    assert.ok(decisions.some((decision) => decision.kind === "create-task" && decision.task.nodeId === "b"));
  });

  it("stays while demand asks for a home more than there are other nodes", () => {
    const parts = ready(["a", "b", "c"], ["a", "b", "c"], { leavingHomes, extraReplicas: 1 });
    assert.equal(homesOf(decide(parts)), undefined);
    assert.deepEqual(homesOf(decide(parts, [a, b, c, buildNode("d")])), ["a", "c", "d"]);
  });

  it("keeps its asset from settling", () => {
    const full = buildNode("c", { usedBytes: 1_000_000_000_000 });
    const parts = ready(["a", "b"], ["a", "b"], { leavingHomes });
    assert.deepEqual(kindsOf(decide(parts, [a, b, full])), []);
  });

  it("is given up when its asset fails, so that the move ends", () => {
    const error = { code: "object_missing", message: "away", hint: "" } as const;
    const parts = ready(["a", "b", "c"], ["a"], { leavingHomes, state: "failed", error, readyAt: now });
    const lost = { ...parts, copies: { [videoPieceId(0)]: ["a", "b"] } };
    assert.deepEqual(decide(lost), [
      { kind: "set-homes", assetId: buildView({}).asset.id, expected: ["a", "b", "c"], homes: ["a", "c"], reasons: {} },
    ]);
  });

  it("stays a home when it is pinned", () => {
    const parts = ready(["a", "b"], ["a", "b"], { leavingHomes, pins: leavingHomes });
    assert.equal(homesOf(decide(parts)), undefined);
  });
});

describe("extra replicas", () => {
  it("are homes more than wanted, and say so", () => {
    const [decision] = decide(ready(["a", "b"], ["a", "b"], { extraReplicas: 1 }));
    assert.ok(decision?.kind === "set-homes");
    assert.deepEqual(decision.homes, ["a", "b", "c"]);
    assert.deepEqual(decision.reasons, { c: "one more for its viewers; emptiest of eu: 0 % used" });
  });

  it("are for assets that are ready", () => {
    const parts = ready(["a", "b"], ["a", "b"], { extraReplicas: 1, state: "playable" });
    assert.deepEqual(kindsOf(decide(parts)), ["set-asset-state"]);
  });

  it("are not needed to be ready, nor to let a home go", () => {
    const parts = ready(["a", "b", "c"], ["a", "b"], { extraReplicas: 1 });
    const draining = buildNode("c", { scheduling: "draining" });
    assert.deepEqual(homesOf(decide(parts, [a, b, draining])), ["a", "b"]);
  });

  it("are awaited while a node that could be one has no room", () => {
    const parts = ready(["a", "b"], ["a", "b"], { extraReplicas: 1 });
    const full = buildNode("c", { usedBytes: 1_000_000_000_000 });
    assert.deepEqual(kindsOf(decide(parts, [a, b, full])), []);
    assert.deepEqual(kindsOf(decide(parts, [a, b])), ["settle-asset"]);
  });

  it("go when they are fewer, the newest first, and then their copies", () => {
    const parts = ready(["a", "b", "c"], ["a", "b", "c"]);
    const decisions = decide(parts);
    assert.deepEqual(homesOf(decisions), ["a", "b"]);
    assert.deepEqual(kindsOf(decisions), ["set-homes", "discard"]);
  });

  it("stay while the others hold fewer copies than wanted", () => {
    const parts = ready(["a", "b", "c"], ["a", "c"]);
    const lacking = { ...parts, copies: { ...parts.copies, [videoPieceId(0)]: ["c"] } };
    assert.equal(homesOf(decide(lacking)), undefined);
  });
});

describe("a region that fell silent as a whole", () => {
  const braked = { brakedRegions: new Set(["us"]) };
  const away = down("b", 10 * hold, { region: "us" });

  it("is not replaced for finished assets", () => {
    const parts = ready(["a", "b"], ["a", "b"]);
    assert.deepEqual(kindsOf(decide(parts, [a, away, c], braked)), []);
    assert.deepEqual(homesOf(decide(parts, [a, away, c])), ["a", "c"]);
  });

  it("does not hold back what is being made", () => {
    const parts = { copies: { source: ["a", "b"] } };
    assert.deepEqual(homesOf(decide(parts, [a, away, c], braked)), ["a", "c"]);
  });

  it("may bring back what only it holds: nothing fails for it, nor is made again", () => {
    const making = { asset: { state: "uploading", homes: [nodeId("b")] }, copies: { source: ["b"] } } as const;
    assert.ok(!kindsOf(decide(making, [a, away, c], braked)).includes("set-asset-state"));
    assert.ok(kindsOf(decide(making, [a, away, c])).includes("set-asset-state"));
    const parts = ready(["a", "b"], ["a"]);
    const held = { ...parts, copies: { ...parts.copies, [videoPieceId(1)]: ["b"] } };
    assert.deepEqual(kindsOf(decide(held, [a, away, c], braked)), []);
    assert.ok(kindsOf(decide(held, [a, away, c])).includes("transcode"));
  });

  it("does not hold other regions", () => {
    const parts = ready(["a", "b"], ["a", "b"]);
    assert.deepEqual(homesOf(decide(parts, [down("a", hold), b, c], braked)), ["b", "c"]);
  });
});

describe("verification of copies", () => {
  const verify = buildTask("verify", { nodeId: nodeId("b"), discardPieceIds: [videoPieceId(0)] });

  it("goes on beside repair and discards, and keeps the asset from settling", () => {
    assert.deepEqual(kindsOf(decide({ ...ready(["a", "b"], ["a", "b"]), open: [verify] })), []);
    const surplus = { ...ready(["a", "b"], ["a", "b", "c"]), open: [verify] };
    assert.deepEqual(kindsOf(decide(surplus)), ["discard"]);
  });

  it("does not fail the asset when it dies", () => {
    const dead = [{ ...verify, state: "dead", finishedAt: now - 1_000 } as const];
    assert.deepEqual(kindsOf(decide({ ...ready(["a", "b"], ["a", "b"]), dead })), ["settle-asset"]);
    const made = { ...ready(["a", "b"], ["a", "b"], { state: "playable" }), dead };
    assert.deepEqual(kindsOf(decide(made)), ["set-asset-state"]);
  });

  it("ends when its node is down for good, and when the asset is deleted", () => {
    const waiting = (since: number) =>
      decide({ ...ready(["a", "b"], ["a", "b"]), open: [verify] }, [a, down("b", since, { region: "us" })]);
    assert.deepEqual([kindsOf(waiting(hold - 1)), kindsOf(waiting(hold))], [[], ["cancel-task"]]);
    const trash = ready(["a", "b"], ["a", "b"], { state: "deleting", deletedAt: now });
    assert.deepEqual(kindsOf(decide({ ...trash, open: [verify] })), ["cancel-task"]);
  });

  it("may be of a failed asset that is kept", () => {
    const error = { code: "ffmpeg_failed", message: "no", hint: "" } as const;
    const dead = [buildTask("transcode", { state: "dead", finishedAt: now - 1_000 })];
    const failed = { ...ready(["a", "b"], ["a", "b"], { state: "failed", error }), dead, open: [verify] };
    assert.deepEqual(kindsOf(decide(failed)), []);
  });
});
