import assert from "node:assert/strict";
import { audioPieceId, sourcePieceId, timelinePieceId, videoPieceId } from "@vstream/core/ids.ts";
import type { NodeRecord } from "../catalog/records.ts";
import type { Decision } from "./decisions.ts";
import { plan } from "./plan.ts";
import {
  buildFinished,
  buildInput,
  buildNode,
  buildPiece,
  buildPlan,
  buildProbe,
  buildView,
} from "./snapshot.fixture.ts";
import type { ViewParts } from "./snapshot.fixture.ts";

const nodes = [buildNode("a"), buildNode("b", { region: "us" }), buildNode("c")];
const probe = buildProbe({ segments: 3 });
const probed = { probe, plan: buildPlan(probe) };
const homes = ["a", "b"];

function made(...chunks: readonly number[]): Record<string, readonly string[]> {
  const ids = [
    sourcePieceId,
    timelinePieceId,
    ...chunks.flatMap((chunk) => [videoPieceId(chunk), audioPieceId(0, chunk)]),
  ];
  return Object.fromEntries(ids.map((id) => [id, homes]));
}

function decide(parts: ViewParts, around: readonly NodeRecord[] = nodes): Decision[] {
  return plan(buildInput(around, [buildView({ ...parts, asset: { ...probed, ...parts.asset } })]));
}

function released(decisions: readonly Decision[]): number | undefined {
  return decisions.find((decision) => decision.kind === "release-chunks")?.releasedChunks;
}

describe("what players may be given", () => {
  it("begins with the first chunk, and makes the asset playable", () => {
    const decisions = decide({ copies: made(0) });
    assert.equal(released(decisions), 1);
    assert.ok(decisions.some((decision) => decision.kind === "set-asset-state" && decision.to === "playable"));
  });

  it("is chunks in a row", () => {
    assert.equal(released(decide({ copies: made(0, 2) })), 1);
    assert.equal(released(decide({ copies: made(1, 2) })), undefined);
  });

  it("waits for every audio track of the chunk", () => {
    assert.equal(released(decide({ copies: { ...made(0, 1), [audioPieceId(0, 1)]: [] } })), 1);
  });

  it("waits for a copy on a home", () => {
    assert.equal(released(decide({ copies: { ...made(0), [videoPieceId(0)]: ["c"] } })), undefined);
  });

  it("never shrinks", () => {
    const asset = { state: "playable", releasedChunks: 2 } as const;
    assert.equal(released(decide({ asset, copies: made(0) })), undefined);
  });
});

describe("a joint between two chunks", () => {
  const bad = buildPiece(videoPieceId(1), { beforeFirst: "another frame" });

  it("that does not prove sends the later chunk back, to be decoded from further back", () => {
    const parts = { copies: made(0, 1), pieces: [bad], preRolls: { [videoPieceId(1)]: 2 } };
    const decisions = decide(parts);
    assert.equal(released(decisions), 1);
    assert.deepEqual(
      decisions.flatMap((decision) => (decision.kind === "drop-piece" ? [decision.pieceId] : [])),
      [videoPieceId(1)],
    );
  });

  it("is tried with 1, 2, 4, 8, 16 keyframes and from the start", () => {
    const tried = [1, 2, 4, 8, 16].map((last) => {
      const decisions = decide({ copies: made(0), preRolls: { [videoPieceId(1)]: last } });
      return decisions.flatMap((decision) =>
        decision.kind === "create-task" && decision.task.pieceId === videoPieceId(1)
          ? [decision.task.preRollKeyframes]
          : [],
      );
    });
    assert.deepEqual(tried, [[2], [4], [8], [16], [0]]);
  });

  it("that fails from the start too sends the earlier chunk back, unless players have it", () => {
    const preRolls = { [videoPieceId(1)]: 0, [videoPieceId(0)]: 2 };
    const parts = { copies: made(0, 1), pieces: [bad], preRolls };
    const dropped = decide(parts).flatMap((decision) => (decision.kind === "drop-piece" ? [decision.pieceId] : []));
    assert.deepEqual(dropped, [videoPieceId(0)]);
    const [decision] = decide({ ...parts, asset: { state: "playable", releasedChunks: 1 } });
    assert.ok(decision?.kind === "set-asset-state");
    assert.equal(decision.error?.code, "encode_mismatch");
  });

  it("leaves no old piece behind on nodes that are no homes", () => {
    const copies = { ...made(0, 1), [videoPieceId(1)]: ["a", "c"] };
    const discards = decide({ copies, pieces: [bad], preRolls: { [videoPieceId(1)]: 2 } }).flatMap((decision) =>
      decision.kind === "create-task" && decision.task.kind === "discard" ? [decision.task] : [],
    );
    assert.deepEqual(
      discards.map((task) => [task.nodeId, task.discardPieceIds]),
      [["c", [videoPieceId(1)]]],
    );
  });
});

describe("an asset whose chunks are all released", () => {
  const playable = { state: "playable", measured: null } as const;

  it("is measured, then ready", () => {
    const first = decide(buildFinished(homes, playable));
    assert.deepEqual(
      first.map((decision) => decision.kind),
      ["set-measured"],
    );
    const second = decide(buildFinished(homes, { state: "playable" }));
    assert.deepEqual(
      second.map((decision) => (decision.kind === "set-asset-state" ? decision.to : decision.kind)),
      ["ready"],
    );
  });

  it("is not ready while one piece has a copy too few", () => {
    for (const pieceId of [sourcePieceId, timelinePieceId, videoPieceId(1), audioPieceId(0, 0)]) {
      const parts = buildFinished(homes, { state: "playable" });
      const decisions = decide({ ...parts, copies: { ...parts.copies, [pieceId]: ["a", "c"] } });
      assert.ok(
        decisions.every((decision) => decision.kind !== "set-asset-state"),
        pieceId,
      );
    }
  });

  it("is ready without its source and timeline when both are gone for good", () => {
    const parts = buildFinished(homes, { state: "playable" });
    const without = (...gone: readonly string[]): Decision[] =>
      decide({ ...parts, copies: { ...parts.copies, ...Object.fromEntries(gone.map((id) => [id, []])) } });
    const isReady = (decisions: readonly Decision[]): boolean =>
      decisions.some((decision) => decision.kind === "set-asset-state" && decision.to === "ready");
    assert.ok(isReady(without(sourcePieceId, timelinePieceId)));
    assert.ok(!isReady(without(timelinePieceId)), "it can be made again");
  });

  it("is ready with one copy where one node is all there is", () => {
    const parts = buildFinished(["a"], { state: "playable", homes: [buildNode("a").id] });
    const decisions = decide(parts, [buildNode("a")]);
    assert.ok(decisions.some((decision) => decision.kind === "set-asset-state" && decision.to === "ready"));
  });
});
