import assert from "node:assert/strict";
import { sourcePieceId, timelinePieceId, videoPieceId } from "@vstream/core/ids.ts";
import type { AssetId, PieceId, TaskId } from "@vstream/core/ids.ts";
import type { TaskRecord } from "../catalog/records.ts";
import { assignLeases } from "./assign-leases.ts";
import { buildInput, buildNode, buildTask, buildView, nodeId, settings } from "./snapshot.fixture.ts";
import type { ViewParts } from "./snapshot.fixture.ts";
import { timeLimitMs } from "./time-limit.ts";

const nodes = ["a", "b", "c", "d"].map((name) => buildNode(name));

function copy(pieceId: PieceId, to: string, changes: Partial<TaskRecord> = {}): TaskRecord {
  const task = buildTask("replicate", { pieceId, nodeId: nodeId(to), ...changes });
  return { ...task, id: `${task.id}-${changes.priority ?? 0}-${changes.rank ?? 0}` as TaskId };
}

function asset(id: string, state: "ready" | "processing", parts: ViewParts): ViewParts {
  return { ...parts, asset: { id: id as AssetId, state, ...parts.asset } };
}

function assign(views: readonly ViewParts[], repairCopiesAtOnce = 8, around = nodes) {
  const input = buildInput(around, views.map(buildView));
  const connected = new Set(around.map((node) => node.id));
  return assignLeases({ ...input, settings: { ...settings, repairCopiesAtOnce }, connected, failedOn: new Map() });
}

function placesOf(assignments: ReturnType<typeof assign>): string[] {
  return assignments.map(({ task, nodeId: place }) => `${task.assetId} ${task.pieceId} to ${place}`);
}

const chunks = [0, 1, 2, 3, 4].map((chunk) => videoPieceId(chunk));
const onA = Object.fromEntries(chunks.map((pieceId) => [pieceId, ["a"]]));

describe("giving out repairs", () => {
  it("begins with what has the fewest live copies, before priority and playing order", () => {
    const copies = { [videoPieceId(0)]: ["a", "b", "c"], [videoPieceId(1)]: ["a", "b"], [videoPieceId(2)]: ["a"] };
    const open = [0, 1, 2].map((chunk) => copy(videoPieceId(chunk), "d", { priority: 9 - chunk, rank: chunk }));
    assert.deepEqual(placesOf(assign([asset("x", "ready", { copies, open })])), [
      "x video-00002 to d",
      "x video-00001 to d",
      "x video-00000 to d",
    ]);
  });

  it("does not count copies on nodes that are down", () => {
    const around = [...nodes.slice(0, 3), buildNode("d", { health: "down" })];
    const copies = { [videoPieceId(0)]: ["a", "b"], [videoPieceId(1)]: ["a", "d"] };
    const open = [0, 1].map((chunk) => copy(videoPieceId(chunk), "c"));
    assert.equal(assign([asset("x", "ready", { copies, open })], 8, around)[0]?.task.pieceId, videoPieceId(1));
  });

  it("puts the last copies before copies of new assets, and spare ones after them", () => {
    const made = asset("new", "processing", {
      copies: { source: ["a"] },
      open: [copy(sourcePieceId, "d", { priority: 5 })],
    });
    const repair = asset("old", "ready", {
      copies: { [videoPieceId(0)]: ["a", "b"], [videoPieceId(1)]: ["a"] },
      open: [copy(videoPieceId(0), "d", { priority: 9 }), copy(videoPieceId(1), "d")],
    });
    assert.deepEqual(placesOf(assign([made, repair])), [
      "old video-00001 to d",
      "new source to d",
      "old video-00000 to d",
    ]);
  });

  it("keeps to its budget in the whole cluster, what runs already included", () => {
    const running = copy(chunks[0]!, "b", { state: "leased" });
    const open = [running, copy(chunks[1]!, "b"), copy(chunks[2]!, "c"), copy(chunks[3]!, "d")];
    assert.equal(assign([asset("x", "ready", { copies: onA, open })], 3).length, 2);
    assert.equal(assign([asset("x", "ready", { copies: onA, open })], 1).length, 0);
  });

  it("does not count copies for assets that are being made, nor hold them up", () => {
    const making = asset("new", "processing", { copies: onA, open: chunks.slice(0, 3).map((id) => copy(id, "b")) });
    const running = copy(chunks[4]!, "c", { state: "leased" });
    const busy = asset("more", "processing", { copies: onA, open: [running] });
    const repair = asset("old", "ready", { copies: onA, open: [copy(chunks[0]!, "d")] });
    assert.equal(assign([making, busy, repair], 1).length, 4);
    assert.equal(assign([making, busy, repair], 0).length, 3);
  });

  it("leaves a lane of a node to an asset that is being made, and takes all when there is none", () => {
    const repair = asset("old", "ready", { copies: onA, open: chunks.map((id) => copy(id, "b")) });
    assert.equal(assign([repair]).length, 4);
    const making = asset("new", "processing", { copies: { source: ["a"] }, open: [copy(sourcePieceId, "b")] });
    const places = placesOf(assign([repair, making]));
    assert.equal(places.length, 4);
    assert.ok(places.includes("new source to b"));
  });

  it("spends nothing on a copy that cannot be made", () => {
    const copies = { [videoPieceId(0)]: [], [videoPieceId(1)]: ["a"] };
    const open = [copy(videoPieceId(0), "b"), copy(videoPieceId(1), "b")];
    assert.deepEqual(placesOf(assign([asset("x", "ready", { copies, open })], 1)), ["x video-00001 to b"]);
  });
});

describe("giving out verifications", () => {
  const pieceIds = [sourcePieceId, videoPieceId(0)];
  const verify = (to: string) => buildTask("verify", { nodeId: nodeId(to), discardPieceIds: pieceIds });
  const held = { copies: { [timelinePieceId]: ["a"] } };

  it("is on the node that holds the copies, also when that is cordoned or drained, but not draining or away", () => {
    for (const scheduling of ["active", "cordoned", "drained"] as const) {
      const around = [nodes[0]!, buildNode("b", { scheduling })];
      const [assignment] = assign([asset("x", "ready", { ...held, open: [verify("b")] })], 8, around);
      assert.equal(assignment?.nodeId, "b");
      assert.deepEqual(assignment.work, { kind: "verify", pieceIds });
    }
    for (const changes of [{ health: "suspect" }, { scheduling: "draining" }] as const) {
      const away = [nodes[0]!, buildNode("b", changes)];
      assert.deepEqual(assign([asset("x", "ready", { ...held, open: [verify("b")] })], 8, away), []);
    }
  });

  it("is one a node at a time, beside whatever else runs there", () => {
    const one = asset("x", "ready", { ...held, open: [verify("b"), verify("c")] });
    const other = asset("y", "ready", { ...held, open: [{ ...verify("b"), id: "ta-other" as TaskId }] });
    assert.deepEqual(
      assign([one, other]).map(({ nodeId: place }) => place),
      ["b", "c"],
    );
  });

  it("has time by the number of pieces, and most for a source", () => {
    const limit = (ids: readonly PieceId[]) => timeLimitMs({ kind: "verify", pieceIds: ids });
    const piece = limit([videoPieceId(0), videoPieceId(1)]) - limit([videoPieceId(0)]);
    assert.ok(piece >= 60_000);
    assert.ok(limit([sourcePieceId]) > 100 * piece);
  });
});
