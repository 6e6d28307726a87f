import assert from "node:assert/strict";
import { sourcePieceId, timelinePieceId } from "@vstream/core/ids.ts";
import type { NodeRecord } from "../catalog/records.ts";
import { plan } from "./plan.ts";
import { buildInput, buildNode, buildProbe, buildTask, buildView, nodeId, now } from "./snapshot.fixture.ts";
import type { ViewParts } from "./snapshot.fixture.ts";

const nodes = [buildNode("a"), buildNode("b", { region: "us" }), buildNode("c")];

// What the source is, is known already; finding it out has tests of its own.
function decide(parts: ViewParts, around: readonly NodeRecord[] = nodes) {
  const asset = { state: "uploading", probe: buildProbe(), ...parts.asset } as const;
  return plan(buildInput(around, [buildView({ ...parts, asset })]));
}

const down = { health: "down", healthSince: now - 1_000 } as const;

describe("an asset that is being uploaded", () => {
  it("needs nothing while the source is on its way", () => {
    assert.deepEqual(decide({}), []);
  });

  it("fails when the source did not arrive in time", () => {
    const [decision] = decide({ asset: { createdAt: now - 86_400_001 } });
    assert.ok(decision?.kind === "set-asset-state");
    assert.equal(decision.to, "failed");
    assert.equal(decision.error?.code, "upload_failed");
  });

  it("keeps the receiving node though it is down, and replaces the other home", () => {
    const around = [buildNode("a", down), buildNode("b", { ...down, region: "us" }), buildNode("c")];
    assert.deepEqual(decide({}, around), [
      {
        kind: "set-homes",
        expected: ["a", "b"],
        assetId: buildView({}).asset.id,
        homes: [nodeId("a"), nodeId("c")],
        reasons: { c: "emptiest of eu: 0 % used" },
      },
    ]);
  });

  it("moves on from a receiving node that is drained", () => {
    const around = [buildNode("a", { scheduling: "draining" }), buildNode("b", { region: "us" }), buildNode("c")];
    const [decision] = decide({}, around);
    assert.ok(decision?.kind === "set-homes");
    assert.deepEqual(decision.homes, ["b", "c"]);
  });

  it("is copied to the other home once the source is there", () => {
    const [decision, ...others] = decide({ copies: { source: ["a"] } });
    assert.ok(decision?.kind === "create-task");
    assert.equal(decision.task.kind, "replicate");
    assert.equal(decision.task.nodeId, "b");
    assert.deepEqual(others, []);
  });

  it("is probed while it is copied, and refused before it is copied whole", () => {
    const probed = decide({ asset: { probe: null }, copies: { source: ["a"] } });
    assert.deepEqual(
      probed.map((decision) => (decision.kind === "create-task" ? decision.task.kind : decision.kind)),
      ["probe", "replicate"],
    );
    const error = { code: "not_media", message: "no media", hint: "" } as const;
    const dead = [buildTask("probe", { pieceId: timelinePieceId, state: "dead", error })];
    const copying = [buildTask("replicate", { pieceId: sourcePieceId, nodeId: nodeId("b") })];
    const refused = decide({ asset: { probe: null }, copies: { source: ["a"] }, dead, open: copying });
    const failed = refused.find((decision) => decision.kind === "set-asset-state");
    assert.deepEqual([failed?.to, failed?.error?.code], ["failed", "not_media"]);
  });

  it("does not ask twice for the same copy", () => {
    const open = [
      buildTask("replicate", { pieceId: buildView({ copies: { source: [] } }).pieces[0]!.id, nodeId: nodeId("b") }),
    ];
    assert.deepEqual(decide({ copies: { source: ["a"] }, open }), []);
  });

  it("is uploaded when both homes hold the source", () => {
    const [decision] = decide({ copies: { source: ["a", "b"] } });
    assert.ok(decision?.kind === "set-asset-state");
    assert.equal(decision.to, "processing");
  });

  it("is uploaded with one copy where one node is all there is", () => {
    const [decision] = decide({ asset: { homes: [nodeId("a")] }, copies: { source: ["a"] } }, [buildNode("a")]);
    assert.ok(decision?.kind === "set-asset-state");
    assert.equal(decision.to, "processing");
  });

  it("is uploaded with one copy where the other node has no room", () => {
    const around = [buildNode("a"), buildNode("b", { region: "us", usedBytes: 1_000_000_000_000 })];
    const [decision] = decide({ asset: { homes: [nodeId("a")] }, copies: { source: ["a"] } }, around);
    assert.ok(decision?.kind === "set-asset-state");
    assert.equal(decision.to, "processing");
  });

  it("waits for a suspect home rather than count on one copy", () => {
    const around = [buildNode("a"), buildNode("b", { health: "suspect" })];
    assert.deepEqual(decide({ copies: { source: ["a"] } }, around), []);
  });

  it("replaces a home that went down at once, when the source is there", () => {
    const around = [buildNode("a"), buildNode("b", { ...down, region: "us" }), buildNode("c")];
    const kinds = decide({ copies: { source: ["a"] } }, around).map((decision) => decision.kind);
    assert.deepEqual(kinds, ["set-homes", "create-task"]);
  });

  it("fails when the only node with the source was down for the hold", () => {
    const gone = { health: "down", healthSince: now - 300_000 } as const;
    const short = decide({ copies: { source: ["a"] } }, [buildNode("a", down), buildNode("b"), buildNode("c")]);
    assert.ok(short.every((decision) => decision.kind !== "set-asset-state"));
    const [decision] = decide({ copies: { source: ["a"] } }, [buildNode("a", gone), buildNode("b"), buildNode("c")]);
    assert.ok(decision?.kind === "set-asset-state");
    assert.equal(decision.error?.code, "object_missing");
  });

  it("tries a copy that died again after half a minute", () => {
    const dead = buildTask("replicate", {
      pieceId: buildView({ copies: { source: [] } }).pieces[0]!.id,
      nodeId: nodeId("b"),
      state: "dead",
      finishedAt: now - 1_000,
    });
    const [decision] = decide({ copies: { source: ["a"] }, dead: [dead] });
    assert.ok(decision?.kind === "create-task");
    assert.equal(decision.task.notBefore, now + 29_000);
  });
});
