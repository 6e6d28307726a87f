import assert from "node:assert/strict";
import {
  audioPieceId,
  imagesPieceId,
  sourcePieceId,
  textPieceId,
  timelinePieceId,
  videoPieceId,
} from "@vstream/core/ids.ts";
import type { AssetRecord, NodeRecord } from "../catalog/records.ts";
import { plannedPieces } from "./asset-facts.ts";
import type { Decision, NewTask } from "./decisions.ts";
import { plan } from "./plan.ts";
import {
  buildInput,
  buildNode,
  buildProbe,
  buildRich,
  buildRichPlan,
  buildTask,
  buildView,
  nodeId,
  now,
} from "./snapshot.fixture.ts";
import type { ViewParts } from "./snapshot.fixture.ts";

const nodes = [buildNode("a"), buildNode("b", { region: "us" }), buildNode("c")];
const probe = buildProbe({ segments: 2 });
const homes = ["a", "b"];
const begun = { [sourcePieceId]: homes, [timelinePieceId]: homes };
const error = { code: "ffmpeg_failed", message: "no", hint: "" } as const;
const diedText = buildTask("text", { pieceId: textPieceId(0), state: "dead", finishedAt: now, error });
const diedImages = buildTask("images", { pieceId: imagesPieceId, state: "dead", finishedAt: now, error });
/** Of a node that was down for the hold. */
const gone = { health: "down", healthSince: now - 300_000 } as const;

function decide(parts: ViewParts, around: readonly NodeRecord[] = nodes): Decision[] {
  return plan(buildInput(around, [buildView(parts)]));
}

function rich(changes: { asset?: Partial<AssetRecord>; copies?: Record<string, readonly string[]> } = {}): ViewParts {
  const parts = buildRich(homes, changes.asset);
  return { ...parts, copies: { ...parts.copies, ...changes.copies } };
}

/** Without a row: never made, or forgotten. */
function without(parts: ViewParts, ...pieceIds: readonly string[]): ViewParts {
  const copies = Object.entries(parts.copies ?? {}).filter(([id]) => !pieceIds.includes(id));
  return { ...parts, copies: Object.fromEntries(copies) };
}

function made(decisions: readonly Decision[], ...kinds: readonly NewTask["kind"][]): (readonly [string, string])[] {
  return decisions.flatMap((decision) =>
    decision.kind === "create-task" && kinds.includes(decision.task.kind)
      ? [[decision.task.kind, decision.task.pieceId] as const]
      : [],
  );
}

function statesOf(decisions: readonly Decision[]): string[] {
  return decisions.flatMap((decision) => (decision.kind === "set-asset-state" ? [decision.to] : []));
}

function dropped(decisions: readonly Decision[]): string[] {
  return decisions.flatMap((decision) => (decision.kind === "drop-piece" ? [decision.pieceId] : []));
}

describe("text", () => {
  const asset = { probe, plan: buildRichPlan(probe, 2) };

  it("is made of every track as soon as source and timeline are there, after what viewers wait for", () => {
    const decisions = decide({ asset, copies: begun });
    const tasks = decisions.flatMap((decision) => (decision.kind === "create-task" ? [decision.task] : []));
    const text = tasks.filter(({ kind }) => kind === "text");
    assert.deepEqual(
      text.map(({ pieceId, rank }) => [pieceId, rank]),
      [
        [textPieceId(0), 1],
        [textPieceId(1), 1],
      ],
    );
    assert.ok(tasks.some(({ pieceId, rank }) => pieceId === videoPieceId(0) && rank < 1));
  });

  it("waits for the timeline, and for its source", () => {
    assert.deepEqual(made(decide({ asset, copies: { [sourcePieceId]: homes, [timelinePieceId]: [] } }), "text"), []);
    const away = [buildNode("a", { health: "down", healthSince: now }), nodes[1]!, nodes[2]!];
    assert.deepEqual(made(decide({ asset, copies: { source: ["a"], timeline: ["b"] } }, away), "text"), []);
  });

  it("of files beside the source is made of an asset that is ready, and whose source is gone", () => {
    const text = asset.plan.text.map((target) => ({ ...target, origin: "file" as const }));
    const plan = { ...asset.plan, text };
    const ready = without(rich({ asset: { state: "ready" } }), sourcePieceId, textPieceId(0));
    assert.deepEqual(made(decide({ ...ready, asset: { ...ready.asset, plan } }), "text"), [
      ["text", textPieceId(0)],
      ["text", textPieceId(1)],
    ]);
    assert.deepEqual(made(decide(ready), "text"), []);
  });

  it("is asked for once", () => {
    const open = [buildTask("text", { pieceId: textPieceId(1) })];
    assert.deepEqual(made(decide({ asset, copies: begun, open }), "text"), [["text", textPieceId(0)]]);
  });

  it("keeps no chunk from being released", () => {
    const chunk = { [videoPieceId(0)]: homes, [audioPieceId(0, 0)]: homes };
    const decisions = decide({ asset, copies: { ...begun, ...chunk } });
    assert.ok(decisions.some((decision) => decision.kind === "release-chunks" && decision.releasedChunks === 1));
  });
});

describe("images", () => {
  const playable = rich({ asset: { state: "playable" } });
  const imageless = without(playable, imagesPieceId);

  it("are made once all is released and measured, while all the video is there", () => {
    assert.deepEqual(made(decide(imageless), "images"), [["images", imagesPieceId]]);
    const unmeasured = { ...imageless, asset: { ...imageless.asset, measured: null } };
    assert.deepEqual(made(decide(unmeasured), "images"), []);
    const growing = { ...imageless, asset: { ...imageless.asset, releasedChunks: 1 } };
    assert.deepEqual(made(decide(growing), "images"), []);
    const lacking = { ...imageless, copies: { ...imageless.copies, [videoPieceId(1)]: [] } };
    assert.deepEqual(made(decide(lacking), "images", "transcode"), [["transcode", videoPieceId(1)]]);
  });

  it("are asked for once", () => {
    assert.deepEqual(
      made(decide({ ...imageless, open: [buildTask("images", { pieceId: imagesPieceId })] }), "images"),
      [],
    );
  });

  it("are not made of an asset that was planned without", () => {
    const { copies } = without(imageless, textPieceId(0));
    const old = { ...buildRichPlan(probe, 0), images: null };
    const decisions = decide({ asset: { ...imageless.asset, plan: old }, ...(copies === undefined ? {} : { copies }) });
    assert.deepEqual([made(decisions, "images"), statesOf(decisions)], [[], ["ready"]]);
  });
});

describe("an asset with text and images", () => {
  const playable = rich({ asset: { state: "playable" } });

  it("is ready when these have their copies, too", () => {
    assert.deepEqual(statesOf(decide(playable)), ["ready"]);
    for (const pieceId of [textPieceId(0), imagesPieceId]) {
      assert.deepEqual(statesOf(decide(without(playable, pieceId))), [], pieceId);
      assert.deepEqual(statesOf(decide({ ...playable, copies: { ...playable.copies, [pieceId]: ["a", "c"] } })), []);
    }
  });

  it("does without what died: it neither fails nor waits, nor is it tried again", () => {
    const lacking = without(playable, textPieceId(0), imagesPieceId);
    const decisions = decide({ ...lacking, dead: [diedText, diedImages] });
    assert.deepEqual([made(decisions, "text", "images"), statesOf(decisions)], [[], ["ready"]]);
    const processing = { asset: { probe, plan: buildRichPlan(probe) }, copies: begun, dead: [diedText] };
    assert.deepEqual(statesOf(decide(processing)), []);
    assert.equal(made(decide(processing), "transcode").length, 2);
  });

  it("consists of what was not given up", () => {
    const view = buildView(playable);
    const all = plannedPieces(view);
    assert.deepEqual(all.slice(-2), [textPieceId(0), imagesPieceId]);
    assert.deepEqual(plannedPieces({ ...view, deadTasks: [diedText] }), all.toSpliced(-2, 1));
    assert.deepEqual(plannedPieces({ ...view, asset: { ...view.asset, plan: null } }), []);
  });

  it("does not wait for text of which the source is gone for good", () => {
    const around = [...nodes, buildNode("d", gone)];
    const lacking = without({ ...playable, copies: { ...playable.copies, [sourcePieceId]: ["d"] } }, textPieceId(0));
    assert.deepEqual(statesOf(decide(lacking, around)), ["ready"]);
    const returning = [...nodes, buildNode("d", { health: "down", healthSince: now - 1_000 })];
    assert.deepEqual(statesOf(decide(lacking, returning)), []);
  });

  it("that failed leaves nothing to be kept for a text that died", () => {
    const asset = { state: "failed", error } as const;
    const decisions = decide({ ...rich({ asset }), dead: [diedText] });
    assert.deepEqual(made(decisions, "discard").length, 2);
  });
});

describe("text and images that are lost", () => {
  const lostOf = (pieceId: string, changes: ViewParts = {}) => {
    const parts = rich({ copies: { [pieceId]: [] } });
    return { ...parts, ...changes };
  };

  it("are forgotten, and made again", () => {
    for (const [kind, pieceId] of [["text", textPieceId(0)] as const, ["images", imagesPieceId] as const]) {
      const decisions = decide(lostOf(pieceId));
      assert.deepEqual([dropped(decisions), made(decisions, "text", "images")], [[pieceId], [[kind, pieceId]]]);
      assert.deepEqual(statesOf(decisions), []);
    }
  });

  it("are waited for while a node that may bring them back is away for less than the hold", () => {
    const parts = rich({ copies: { [textPieceId(0)]: ["d"] } });
    const away = buildNode("d", { health: "down", healthSince: now - 1_000 });
    const waiting = decide(parts, [...nodes, away]);
    assert.deepEqual([dropped(waiting), made(waiting, "text")], [[], []]);
    assert.deepEqual(dropped(decide(parts, [...nodes, buildNode("d", gone)])), [textPieceId(0)]);
  });

  it("are made again at once while the asset is being made", () => {
    const parts = rich({ asset: { state: "playable" }, copies: { [textPieceId(0)]: ["d"] } });
    const away = buildNode("d", { health: "down", healthSince: now - 1_000 });
    assert.deepEqual(made(decide(parts, [...nodes, away]), "text"), [["text", textPieceId(0)]]);
  });

  it("are kept while the only copy is away and nothing could take its place", () => {
    const copies = { [textPieceId(0)]: ["d"], [sourcePieceId]: ["d"] };
    const parts = rich({ asset: { state: "playable" }, copies });
    const away = buildNode("d", { health: "down", healthSince: now - 1_000 });
    assert.deepEqual(dropped(decide(parts, [...nodes, away])), []);
  });

  it("never fail a ready asset, though nothing can make them again", () => {
    const parts = rich({ copies: { [sourcePieceId]: [], [textPieceId(0)]: [], [imagesPieceId]: [] } });
    const decisions = decide({ ...parts, dead: [diedImages] });
    assert.deepEqual(statesOf(decisions), []);
    assert.deepEqual(made(decisions, "text", "images"), []);
    assert.deepEqual(
      dropped(decisions),
      [textPieceId(0), imagesPieceId],
      "it is not short of copies of what is no more",
    );
  });

  it("leave it at rest once they were given up", () => {
    const parts = without(rich(), textPieceId(0));
    const kinds = (dead: ViewParts["dead"] = []) => decide({ ...parts, dead }).map(({ kind }) => kind);
    assert.deepEqual(kinds([diedText]), ["settle-asset"]);
    assert.deepEqual(kinds(), ["create-task"]);
  });

  it("are not made again when they are back", () => {
    const moot = buildTask("text", { pieceId: textPieceId(0) });
    const running = buildTask("images", { pieceId: imagesPieceId, state: "leased", nodeId: nodeId("a") });
    const cancelled = decide({ ...rich(), open: [moot, running] }).flatMap((decision) =>
      decision.kind === "cancel-task" ? [decision.taskId] : [],
    );
    assert.deepEqual(cancelled, [moot.id]);
  });
});
