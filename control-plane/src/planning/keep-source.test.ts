import assert from "node:assert/strict";
import { audioPieceId, sourcePieceId, textPieceId, timelinePieceId, videoPieceId } from "@vstream/core/ids.ts";
import type { PieceId } from "@vstream/core/ids.ts";
import type { AssetRecord, NodeRecord } from "../catalog/records.ts";
import { plannedPieces } from "./asset-facts.ts";
import type { Decision } from "./decisions.ts";
import { plan } from "./plan.ts";
import {
  buildFinished,
  buildInput,
  buildNode,
  buildProbe,
  buildRich,
  buildTask,
  buildView,
  nodeId,
  now,
} from "./snapshot.fixture.ts";
import type { ViewParts } from "./snapshot.fixture.ts";

const nodes = [buildNode("a"), buildNode("b", { region: "us" }), buildNode("c")];
const [a, b, c] = nodes as [NodeRecord, NodeRecord, NodeRecord];
const policies = ["ready", "never"] as const;
type Kept = Pick<AssetRecord, "keepSource" | "readyAt">;

function decide(parts: ViewParts, around = nodes): Decision[] {
  return plan(buildInput(around, [buildView(parts)]));
}

/** What is copied, discarded and dropped where, and what else is decided. */
function told(decisions: readonly Decision[]): string[] {
  return decisions.map((decision) => {
    if (decision.kind === "set-asset-state") return decision.to;
    if (decision.kind !== "create-task") return decision.kind;
    const { kind, pieceId, discardPieceIds, nodeId: on } = decision.task;
    return [kind, ...(kind === "discard" ? discardPieceIds : [pieceId]), ...(on === null ? [] : [`on ${on}`])].join(
      " ",
    );
  });
}

function without(parts: ViewParts, ...gone: PieceId[]): ViewParts {
  const copies = Object.entries(parts.copies ?? {}).filter(([id]) => !gone.some((pieceId) => pieceId === id));
  return { ...parts, copies: Object.fromEntries(copies) };
}

function holding(parts: ViewParts, pieceId: PieceId, holders: readonly string[]): ViewParts {
  return { ...parts, copies: { ...parts.copies, [pieceId]: holders } };
}

describe("a source that is kept until its asset is ready", () => {
  const kept: Kept = { keepSource: "ready", readyAt: null };

  it("is copied as everything else is", () => {
    const uploading = { ...kept, state: "uploading", probe: buildProbe() } as const;
    assert.deepEqual(told(decide({ asset: uploading, copies: { source: ["a"] } })), ["replicate source on b"]);
    assert.deepEqual(told(decide({ asset: uploading, copies: { source: ["a", "b"] } })), ["processing"]);
  });
});

describe("a source that is never kept", () => {
  const kept: Kept = { keepSource: "never", readyAt: null };
  const uploading = { ...kept, state: "uploading", probe: buildProbe() } as const;
  const making = { ...kept, state: "playable" } as const;

  it("counts as uploaded where it arrived, and is copied nowhere", () => {
    assert.deepEqual(told(decide({ asset: uploading, copies: { source: ["a"] } })), ["processing"]);
    const made = buildFinished(["a", "b"], { ...making, measured: null });
    assert.deepEqual(told(decide(holding(made, sourcePieceId, ["a"]))), ["set-measured"]);
  });

  it("goes elsewhere when its node does", () => {
    const made = holding(
      buildFinished(["a", "b"], { ...making, releasedChunks: 0, measured: null }),
      videoPieceId(1),
      [],
    );
    const draining = [buildNode("a", { scheduling: "draining" }), b, c];
    const taken = told(decide(holding(made, sourcePieceId, ["a"]), draining));
    assert.equal(taken.filter((word) => word.startsWith("replicate source")).length, 1);
    const open = [buildTask("replicate", { pieceId: sourcePieceId, nodeId: nodeId("b") })];
    const waits = told(decide({ ...holding(made, sourcePieceId, ["a"]), open }, draining));
    assert.ok(!waits.some((word) => word.startsWith("replicate source")), waits.join("; "));
  });

  it("holds its node in a drain as long as it is nowhere else", () => {
    const asset = { ...making, homes: ["a", "b", "c"].map(nodeId), releasedChunks: 0, measured: null };
    const made = holding(buildFinished(["a", "b", "c"], asset), sourcePieceId, ["a"]);
    const around = [buildNode("a", { scheduling: "draining" }), b, c];
    const homes = (parts: ViewParts) => decide(parts, around).find(({ kind }) => kind === "set-homes");
    const held = homes(made);
    assert.ok(held === undefined || (held.kind === "set-homes" && held.homes.includes(nodeId("a"))));
    const free = homes(holding(made, sourcePieceId, ["a", "b"]));
    assert.ok(free?.kind === "set-homes");
    assert.deepEqual(free.homes, ["b", "c"]);
  });

  it("is not waited for before its asset is ready", () => {
    const made = buildFinished(["a", "b"], { ...making, check: { rules: 1, findings: [] } });
    assert.deepEqual(told(decide(holding(made, sourcePieceId, ["a"]))), ["ready"]);
  });

  it("fails its asset when it is gone while something is still to be made of it", () => {
    const gone = [buildNode("a", { health: "down", healthSince: now - 300_000 }), b, c];
    const decisions = decide({ asset: uploading, copies: { source: ["a"] } }, gone);
    assert.deepEqual(told(decisions), ["failed"]);
  });
});

describe("a source that is not kept, of an asset that is ready", () => {
  const isOver = (keepSource: Kept["keepSource"]): Kept => ({ keepSource, readyAt: now - 1_000 });

  for (const policy of policies) {
    it(`is discarded wherever it is, with ${policy}`, () => {
      const parts = holding(buildFinished(["a", "b"], isOver(policy)), sourcePieceId, ["a", "b", "c"]);
      assert.deepEqual(told(decide(parts)), ["discard source on a", "discard source on b", "discard source on c"]);
    });

    it(`is forgotten when no node has it, with ${policy}`, () => {
      const parts = holding(buildFinished(["a", "b"], isOver(policy)), sourcePieceId, []);
      assert.deepEqual(told(decide(parts)), ["forget-editions"]);
    });

    it(`is missed by nobody, with ${policy}`, () => {
      const parts = without(buildRich(["a", "b"], isOver(policy)), sourcePieceId);
      assert.deepEqual(told(decide(parts)), ["settle-asset"]);
      const away = [buildNode("a", { health: "down", healthSince: now - 300_000 }), b, c];
      const moved = told(decide(parts, away));
      assert.ok(moved.includes("set-homes") && moved.includes("replicate timeline on c"), moved.join("; "));
      assert.ok(!moved.some((word) => word.includes("source")));
    });
  }

  it("is not taken back while a node that is away may have it, and goes when that returns", () => {
    const away = [a, b, buildNode("c", { health: "down", healthSince: now })];
    const parts = holding(buildFinished(["a", "b"], isOver("ready")), sourcePieceId, ["c"]);
    assert.deepEqual(told(decide(parts, away)), ["settle-asset"]);
    assert.deepEqual(told(decide(parts)), ["discard source on c"]);
  });

  it("stays while another edition is made of it, and where it is always kept", () => {
    const next = { edition: 1, ladder: "default", plan: null, check: null };
    const again = buildFinished(["a", "b"], { ...isOver("ready"), nextEdition: next });
    assert.ok(told(decide(again)).every((word) => !word.startsWith("discard")));
    const always = buildFinished(["a", "b"], { keepSource: "always", readyAt: now });
    assert.deepEqual(told(decide(always)), ["settle-asset"]);
  });

  it("cannot give again what is lost: the asset fails", () => {
    const parts = without(buildFinished(["a", "b"], isOver("ready")), sourcePieceId);
    const [decision, ...others] = decide(holding(parts, videoPieceId(1), []));
    assert.ok(decision?.kind === "set-asset-state");
    assert.deepEqual([decision.to, decision.error?.code, others], ["failed", "object_missing", []]);
  });

  it("leaves no wish for text and timeline that only it could give again", () => {
    const parts = without(buildRich(["a", "b"], isOver("ready")), sourcePieceId);
    const forgotten = told(decide(holding(holding(parts, textPieceId(0), []), timelinePieceId, [])));
    assert.deepEqual(forgotten, ["drop-piece", "drop-piece"]);
    assert.deepEqual(told(decide(without(parts, textPieceId(0), timelinePieceId))), ["settle-asset"]);
    const view = buildView(without(parts, textPieceId(0), timelinePieceId));
    assert.ok(
      plannedPieces(view).every((id) => id !== textPieceId(0) && id !== timelinePieceId && id !== sourcePieceId),
    );
  });

  it("is not needed for subtitles that come as a file", () => {
    const parts = without(buildRich(["a", "b"], isOver("ready")), sourcePieceId, textPieceId(0));
    const { plan: planned } = buildView(parts).asset;
    const [target] = planned?.text ?? [];
    const asset = { ...parts.asset, plan: { ...planned!, text: [{ ...target!, origin: "file" as const }] } };
    assert.deepEqual(told(decide({ ...parts, asset })), ["text text-0"]);
  });

  it("does not end an asset that failed for want of pieces which are back", () => {
    const error = { code: "object_missing", message: "gone", hint: "" } as const;
    const failed = { ...isOver("ready"), state: "failed", error } as const;
    const parts = without(buildFinished(["a", "b"], failed), sourcePieceId);
    assert.deepEqual(told(decide(parts)), ["playable"]);
    assert.deepEqual(told(decide(holding(parts, audioPieceId(0, 1), []))), []);
  });
});
