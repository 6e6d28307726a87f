import assert from "node:assert/strict";
import { audioPieceId, imagesPieceId, imagesPieceIdIn, videoPieceId } from "@vstream/core/ids.ts";
import type { PieceId } from "@vstream/core/ids.ts";
import type { AssetRecord, AssetView, NodeRecord, TaskRecord } from "../catalog/records.ts";
import { assignLeases } from "./assign-leases.ts";
import type { Decision } from "./decisions.ts";
import { costPerFrame } from "./encode-cost.ts";
import { plan } from "./plan.ts";
import {
  buildInput,
  buildNode,
  buildPlan,
  buildProbe,
  buildRich,
  buildRichPlan,
  buildTask,
  buildView,
  nodeId,
} from "./snapshot.fixture.ts";
import type { ViewParts } from "./snapshot.fixture.ts";

const [a, b, c] = [buildNode("a"), buildNode("b", { region: "us" }), buildNode("c")];
const probe = buildProbe({ segments: 2 });
const begun = { source: ["a", "b"], timeline: ["a", "b"] };
const whole = buildRichPlan(probe, 0);
/** What one slot does when it encodes the whole ladder just as fast as it is played. */
const playback = costPerFrame(probe, whole.rungs) * probe.video.frameRate;

type Speeds = Readonly<Record<string, number>>;

function decide(views: readonly AssetView[], speeds: Speeds, around: readonly NodeRecord[] = [a, b, c]): Decision[] {
  const encodeSpeeds = new Map(Object.entries(speeds).map(([name, speed]) => [nodeId(name), speed]));
  return plan({ ...buildInput(around, views), encodeSpeeds });
}

function planOf(speeds: Speeds, parts: ViewParts = { asset: { probe }, copies: begun }, around = [a, b, c]) {
  const decision = decide([buildView(parts)], speeds, around).find(({ kind }) => kind === "set-plan");
  assert.ok(decision?.kind === "set-plan");
  return { rungs: decision.plan.rungs.map(({ name }) => name), plan: decision.plan, next: decision.next };
}

const all = whole.rungs.map(({ name }) => name);
const lowest = all.slice(-1);
/** Three nodes with two slots each. */
const slots = 6;

describe("an asset whose rungs are encoded hardly faster than they are played", () => {
  it("gets the lowest alone first, and the whole ladder as its next edition", () => {
    const found = planOf({ a: (1.19 * playback) / slots });
    assert.deepEqual(found.rungs, lowest);
    assert.deepEqual(found.next, whole);
    assert.deepEqual([found.plan.audio, found.plan.chunks], [whole.audio, whole.chunks]);
    assert.deepEqual([found.plan.images?.posterRung, found.plan.images?.thumbnailRung], [lowest[0], lowest[0]]);
  });

  it("gets all at once where they are faster, or nobody knows how fast they are", () => {
    assert.deepEqual(planOf({ a: (1.21 * playback) / slots }).rungs, all);
    assert.deepEqual(planOf({}).rungs, all);
    assert.equal(planOf({}).next, undefined);
  });

  it("counts the slots of nodes that take work, each as fast as it was measured, others as their mean", () => {
    const speeds = { a: playback / 2, b: (0.1 * playback) / 2, c: playback / 2 };
    assert.deepEqual(planOf(speeds).rungs, all);
    assert.deepEqual(planOf(speeds, undefined, [a, b, buildNode("c", { scheduling: "cordoned" })]).rungs, lowest);
    assert.deepEqual(planOf({ b: speeds.b }, undefined, [a, b]).rungs, lowest);
    assert.deepEqual(planOf(speeds, undefined, [buildNode("a", { encodeSlots: 1 }), b]).rungs, lowest);
  });

  it("shares them with the others that are encoded for the first time", () => {
    const speeds = { a: (2 * playback) / slots };
    const other = (id: string, asset: Partial<AssetRecord>): AssetView =>
      buildView({ asset: { id: id as AssetRecord["id"], probe, plan: buildPlan(probe), ...asset } });
    const asset = buildView({ asset: { probe }, copies: begun });
    const rungsBeside = (beside: AssetView): number => {
      const decision = decide([asset, beside], speeds).find(({ kind }) => kind === "set-plan");
      return decision?.kind === "set-plan" ? decision.plan.rungs.length : 0;
    };
    assert.equal(rungsBeside(other("as000000000000000000b2", { state: "playable" })), 1);
    const measured = { renditions: [], audio: [] };
    assert.equal(rungsBeside(other("as000000000000000000b2", { state: "playable", measured })), all.length);
    assert.equal(rungsBeside(other("as000000000000000000b2", { state: "ready", measured })), all.length);
  });

  it("is never split when there is one rung, nor when that is turned off", () => {
    const small = buildProbe({ width: 320, height: 180 });
    const one = planOf({ a: 1 }, { asset: { probe: small }, copies: begun });
    assert.deepEqual([one.rungs.length, one.next], [1, undefined]);
    const input = buildInput([a, b], [buildView({ asset: { probe }, copies: begun })]);
    const off = { ...input.settings, lowestFirstBelow: 0 };
    const [decision] = plan({ ...input, settings: off, encodeSpeeds: new Map([[nodeId("a"), 1]]) });
    assert.ok(decision?.kind === "set-plan");
    assert.deepEqual([decision.plan.rungs.length, decision.next], [all.length, undefined]);
  });

  it("takes what every player shows for its lowest, and counts HEVC as more work, and reading a large source", () => {
    const large = buildProbe({ width: 1280, height: 720 });
    const nodes = [buildNode("a", { toolchain: "x1+h1" })];
    const found = planOf({ a: 1 }, { asset: { probe: large, ladder: "modern" }, copies: begun }, nodes);
    assert.deepEqual(found.plan.rungs, [found.next?.rungs.at(-1)]);
    const [hevc, plain] = found.next!.rungs;
    assert.deepEqual([hevc?.codec, plain?.codec], ["hevc", "h264"]);
    assert.ok(costPerFrame(large, [hevc!]) > costPerFrame(large, [plain!]));
    assert.ok(costPerFrame(large, [plain!]) > costPerFrame(probe, [plain!]));
  });
});

describe("an asset whose lowest rung went first", () => {
  const first = { ...whole, rungs: whole.rungs.slice(-1) };
  const passed = { rules: 1, findings: [] };
  const later: readonly PieceId[] = [0, 1].flatMap((chunk) => [videoPieceId(chunk, 1), audioPieceId(0, chunk, 1)]);
  const everything = Object.fromEntries([...later, imagesPieceIdIn(1)].map((id) => [id, ["a", "b"]]));

  function parts(changes: Partial<AssetRecord> = {}, copies: Readonly<Record<string, readonly string[]>> = {}) {
    const rich = buildRich(["a", "b"], {
      ...{ state: "playable", plan: { ...first, text: buildRichPlan(probe).text }, check: null },
      nextEdition: { edition: 1, ladder: "default", plan: whole, check: null },
      ...changes,
    });
    return { ...rich, copies: { ...rich.copies, ...copies } };
  }

  const next = (check: AssetRecord["check"]): Partial<AssetRecord> => {
    return { nextEdition: { edition: 1, ladder: "default", plan: whole, check } };
  };

  function outcome(given: ViewParts): string[] {
    return decide([buildView(given)], {}).map((decision) => {
      if (decision.kind === "create-task") return `${decision.task.kind} ${decision.task.pieceId}`.trim();
      return decision.kind === "set-asset-state" ? decision.to : decision.kind;
    });
  }

  it("has the others made when that is whole, not before", () => {
    assert.deepEqual(outcome(parts()), [
      ...[0, 1].map((chunk) => `transcode ${videoPieceId(chunk, 1)}`),
      `audio ${audioPieceId(0, 0, 1)}`,
    ]);
    const half = parts({ releasedChunks: 1, measured: null }, { [videoPieceId(1)]: [] });
    assert.deepEqual(outcome(half), [`transcode ${videoPieceId(1)}`]);
  });

  it("is not checked and not ready before it has them; then it is, by the rules as for any", () => {
    assert.deepEqual(outcome(parts({}, Object.fromEntries(later.map((id) => [id, ["a", "b"]])))), [
      `images ${imagesPieceIdIn(1)}`,
    ]);
    assert.deepEqual(outcome(parts({}, everything)), [`check ${videoPieceId(0, 1)}`]);
    assert.deepEqual(outcome(parts(next(passed), everything)), ["adopt-edition"]);
    const measured = { renditions: [], audio: [] };
    const previousEditions = [{ edition: 0, measured, replacedAt: buildInput([], []).snapshot.at }];
    const adopted = { edition: 1, nextEdition: null, previousEditions, plan: whole, check: passed };
    assert.deepEqual(outcome(parts(adopted, everything)), ["ready"]);
    const lacking = { ...everything, [videoPieceId(1, 1)]: ["a"] };
    assert.deepEqual(outcome(parts(adopted, lacking)), [`replicate ${videoPieceId(1, 1)}`]);
  });

  it("is checked with its text, also when that is the last to be made", () => {
    const open = [buildTask("text", { pieceId: "text-0" as PieceId, state: "leased", nodeId: nodeId("a") })];
    const { "text-0": _, ...copies } = parts({}, everything).copies as Record<string, readonly string[]>;
    assert.deepEqual(outcome({ ...parts(), copies, open }), []);
  });

  it("is ready with the lowest when the others cannot be made", () => {
    const failure = { code: "ffmpeg_failed", message: "the encoder crashed", hint: "" } as const;
    const dead = [buildTask("transcode", { pieceId: videoPieceId(0, 1), state: "dead", error: failure })];
    assert.deepEqual(outcome({ ...parts(), dead }), ["give-up-edition"]);
    const givenUp = { nextEdition: null, reencodeError: failure };
    assert.deepEqual(outcome({ ...parts(givenUp), dead }), ["check"]);
    assert.deepEqual(outcome({ ...parts({ ...givenUp, check: passed }), dead }), ["ready"]);
  });

  it("fails with the lowest itself", () => {
    const dead = [buildTask("transcode", { pieceId: videoPieceId(1), state: "dead" })];
    assert.ok(outcome({ ...parts({ releasedChunks: 1, measured: null }), dead }).includes("failed"));
  });

  it("leaves the nodes to what nobody can play yet, and comes before what is encoded anew", () => {
    const held = { source: ["a"], timeline: ["a"] };
    const taskOf = (id: string, edition: number): TaskRecord[] => [
      buildTask("transcode", {
        id: `ta-${id}` as never,
        pieceId: videoPieceId(1, edition),
        rank: edition === 0 ? 1 : 0,
      }),
    ];
    const as = (id: string): AssetRecord["id"] => `as000000000000000000${id}` as AssetRecord["id"];
    const rest = parts({ id: as("a1"), priority: 5 });
    const again = parts({ id: as("b2"), state: "ready", check: passed, priority: 9 });
    const fresh = { asset: { id: as("c3"), probe, plan: buildPlan(probe) }, copies: held };
    const views = [
      buildView({ ...rest, open: taskOf("rest", 1) }),
      buildView({ ...again, open: taskOf("again", 1) }),
      buildView({ ...fresh, open: taskOf("fresh", 0) }),
    ];
    const order = (from: readonly AssetView[]): string[] => {
      const input = buildInput([buildNode("a", { encodeSlots: 1 })], from);
      return assignLeases({ ...input, connected: new Set([nodeId("a")]), failedOn: new Map() }).map(
        ({ task }) => task.id,
      );
    };
    assert.deepEqual(order(views), ["ta-fresh"]);
    assert.deepEqual(order(views.slice(0, 2)), ["ta-rest"]);
  });

  it("has images of its lowest meanwhile", () => {
    const { [imagesPieceId]: _, ...copies } = parts().copies as Record<string, readonly string[]>;
    assert.ok(outcome({ ...parts(), copies }).includes(`images ${imagesPieceId}`));
  });
});
