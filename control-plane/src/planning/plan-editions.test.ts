import assert from "node:assert/strict";
import {
  audioPieceId,
  imagesPieceIdIn,
  sourcePieceId,
  textPieceId,
  timelinePieceId,
  videoPieceId,
} from "@vstream/core/ids.ts";
import type { PieceId } from "@vstream/core/ids.ts";
import type { AssetRecord, NextEdition, NodeRecord } from "../catalog/records.ts";
import { assignLeases } from "./assign-leases.ts";
import type { Decision } from "./decisions.ts";
import { plan } from "./plan.ts";
import {
  buildFinished,
  buildInput,
  buildNode,
  buildPiece,
  buildPlan,
  buildProbe,
  buildRich,
  buildRichPlan,
  buildTask,
  buildView,
  nodeId,
  now,
  settings,
} from "./snapshot.fixture.ts";
import type { ViewParts } from "./snapshot.fixture.ts";

const [a, b, c] = [buildNode("a"), buildNode("b", { region: "us" }), buildNode("c")];
const probe = buildProbe({ segments: 2 });
const presentPlan = buildRichPlan(probe);
const nextPlan = { ...presentPlan, text: [] };
const video = [0, 1].map((chunk) => videoPieceId(chunk, 1));
const audio = [0, 1].map((chunk) => audioPieceId(0, chunk, 1));
const images = imagesPieceIdIn(1);
const encoded = [...video, ...audio];

/** An asset that plays, with pieces of a next edition on these nodes. */
function reencoding(pieces: Readonly<Record<string, readonly string[]>> = {}, next: Partial<NextEdition> = {}) {
  const present = buildRich(["a", "b"]);
  const nextEdition = { edition: 1, ladder: "fast", plan: nextPlan, check: null, ...next };
  return { ...present, asset: { ...present.asset, nextEdition }, copies: { ...present.copies, ...pieces } };
}

function everywhere(ids: readonly PieceId[], holders = ["a", "b"]): Record<string, string[]> {
  return Object.fromEntries(ids.map((id) => [id, holders]));
}

function decide(parts: ViewParts, around: readonly NodeRecord[] = [a, b, c]): Decision[] {
  return plan(buildInput(around, [buildView(parts)]));
}

function tasksOf(decisions: readonly Decision[]): string[] {
  return decisions.flatMap((one) => (one.kind === "create-task" ? `${one.task.kind} ${one.task.pieceId}`.trim() : []));
}

function kindsOf(decisions: readonly Decision[]): string[] {
  return decisions.map((decision) => (decision.kind === "create-task" ? decision.task.kind : decision.kind));
}

const passed = { rules: 1, findings: [] };

describe("an asset that is encoded anew", () => {
  it("gets a plan for it with the ladder asked for, cut as before and without text of its own", () => {
    const [decision] = decide(reencoding({}, { plan: null }));
    assert.ok(decision?.kind === "set-next-plan");
    assert.deepEqual([decision.edition, decision.plan.text], [1, []]);
    assert.deepEqual(decision.plan.chunks, presentPlan.chunks);
    assert.equal(decision.plan.rungs[0]?.preset, settings.ladders.get("fast")?.preset);
  });

  it("is given up when there is no such ladder any more, and plays on", () => {
    const [decision, ...others] = decide(reencoding({}, { plan: null, ladder: "gone" }));
    assert.ok(decision?.kind === "give-up-edition");
    assert.deepEqual([decision.edition, decision.failure.code, others], [1, "invalid_argument", []]);
  });

  it("has its sound and every chunk made again, under names of their own", () => {
    const expected = [...video.map((id) => `transcode ${id}`), `audio ${audioPieceId(0, 0, 1)}`];
    assert.deepEqual(tasksOf(decide(reencoding())), expected);
  });

  it("copies what is made to its homes, which then hold two editions", () => {
    assert.deepEqual(tasksOf(decide(reencoding(everywhere(video, ["c"])))).slice(0, 4), [
      ...[`replicate ${video[0]}`, `replicate ${video[1]}`],
      ...[`replicate ${video[0]}`, `replicate ${video[1]}`],
    ]);
  });

  it("proves its joints, and makes again what does not join", () => {
    const bad = buildPiece(video[1]!, { beforeFirst: "another frame" });
    const decisions = decide({ ...reencoding(everywhere(encoded)), pieces: [bad], preRolls: { [video[1]!]: 1 } });
    assert.ok(decisions.some((one) => one.kind === "drop-piece" && one.pieceId === video[1]));
  });

  it("gets images when all of it is encoded, then is checked, and only then adopted", () => {
    assert.deepEqual(tasksOf(decide(reencoding(everywhere(encoded)))), [`images ${images}`]);
    const made = everywhere([...encoded, images]);
    assert.deepEqual(tasksOf(decide(reencoding(made))), [`check ${video[0]}`]);
    const [adopt, ...others] = decide(reencoding(made, { check: passed }));
    assert.ok(adopt?.kind === "adopt-edition");
    assert.deepEqual([adopt.edition, adopt.measured.renditions.length, others], [1, nextPlan.rungs.length, []]);
  });

  it("measures the new edition by its own segments", () => {
    const large = buildPiece(video[0]!);
    assert.ok(large.content.kind === "video");
    const [rendition] = large.content.renditions;
    const object = { ...rendition!.segments[0]!.object, bytes: 9_000_000 };
    const segments = [{ ...rendition!.segments[0]!, object }];
    const rung = nextPlan.rungs[0]!.name;
    const piece = { ...large, content: { ...large.content, renditions: [{ ...rendition!, rung, segments }] } };
    const parts = reencoding(everywhere([...encoded, images]), { check: passed });
    const [adopt] = decide({ ...parts, pieces: [piece] });
    assert.ok(adopt?.kind === "adopt-edition");
    const bandwidthBps = adopt.measured.renditions.find((one) => one.rung.name === rung)?.bandwidthBps ?? 0;
    assert.ok(bandwidthBps > 9_000_000, String(bandwidthBps));
  });

  it("is adopted when its homes hold as many copies as make a new asset ready, not before", () => {
    const made = everywhere([...encoded, images]);
    const lacking = reencoding({ ...made, [video[1]!]: ["a"] }, { check: passed });
    assert.deepEqual(tasksOf(decide(lacking)), [`replicate ${video[1]}`]);
    assert.ok(!kindsOf(decide(lacking)).includes("adopt-edition"));
  });

  it("is measured only then: a long film would be read whole in each look", () => {
    const made = everywhere([...encoded, images]);
    const sound = buildPiece(audio[0]!);
    assert.ok(sound.content.kind === "audio");
    const reads: string[] = [];
    const rendition = {
      ...sound.content.rendition,
      // Nothing else that is planned asks for it.
      get codecs() {
        reads.push("codecs");
        return "mp4a.40.2";
      },
    };
    const pieces = [{ ...sound, content: { ...sound.content, rendition } }];
    decide({ ...reencoding({ ...made, [video[1]!]: ["a"] }, { check: passed }), pieces });
    assert.deepEqual(reads, []);
    decide({ ...reencoding(made, { check: passed }), pieces });
    assert.ok(reads.length > 0);
  });

  it("is given up when it breaks a rule that must hold, or cannot be made", () => {
    const finding = { rule: "7.4", level: "must", subject: "360p", message: "begins with no IDR" } as const;
    const broken = reencoding(everywhere([...encoded, images]), { check: { rules: 1, findings: [finding] } });
    const failure = { code: "ffmpeg_failed", message: "the encoder crashed", hint: "" } as const;
    const died = buildTask("transcode", { pieceId: video[0]!, state: "dead", error: failure });
    for (const [parts, code] of [
      [broken, "authoring_rule_broken"],
      [{ ...reencoding(), dead: [died] }, "ffmpeg_failed"],
    ] as const) {
      const [decision, ...others] = decide(parts);
      assert.ok(decision?.kind === "give-up-edition");
      assert.deepEqual([decision.failure.code, others], [code, []]);
    }
  });

  it("is made whatever came of a probe before, as long as the timeline stands", () => {
    const dead = [buildTask("probe", { pieceId: timelinePieceId, state: "dead" })];
    const parts = reencoding();
    assert.deepEqual(tasksOf(decide({ ...parts, dead })), tasksOf(decide(parts)));
    const [given] = decide({ ...parts, copies: { ...parts.copies, [timelinePieceId]: [] }, dead });
    assert.equal(given?.kind, "give-up-edition");
  });

  it("is checked also beside one that was ready", () => {
    const made = reencoding(everywhere([...encoded, images]));
    assert.deepEqual(tasksOf(decide({ ...made, asset: { ...made.asset, readyAt: 1 } })), [`check ${video[0]}`]);
  });

  it("does without images that could not be made", () => {
    const dead = [buildTask("images", { pieceId: images, state: "dead" })];
    const parts = { ...reencoding(everywhere(encoded), { check: passed }), dead };
    assert.deepEqual(kindsOf(decide(parts)), ["adopt-edition"]);
  });

  it("is given up when its source is gone for good, and the asset stays ready", () => {
    const parts = reencoding(everywhere(video));
    const { [sourcePieceId]: _, ...copies } = parts.copies;
    const decisions = decide({ ...parts, copies });
    const given = decisions.find((one) => one.kind === "give-up-edition");
    assert.equal(given?.failure.code, "object_missing");
    assert.ok(!kindsOf(decisions).includes("set-asset-state"));
  });

  it("never settles while it is made", () => {
    const open = [...encoded, images].map((pieceId) => buildTask("replicate", { pieceId, nodeId: nodeId("b") }));
    assert.deepEqual(
      kindsOf(decide({ ...reencoding(everywhere([...encoded, images], ["a"]), { check: passed }), open })),
      [],
    );
  });

  it("still repairs what plays, with what was dead of an edition that came to nothing beside it", () => {
    const present = buildFinished(["a", "b"]);
    const dead = [buildTask("transcode", { pieceId: videoPieceId(1, 1), state: "dead" })];
    const { [videoPieceId(1)]: _, ...copies } = present.copies!;
    assert.deepEqual(tasksOf(decide({ ...present, copies, dead })), [`transcode ${videoPieceId(1)}`]);
  });
});

describe("the encodes of another edition", () => {
  it("wait for those of assets that are not there yet, whatever the priority", () => {
    const parts = reencoding();
    const task = buildTask("transcode", { pieceId: video[0]!, priority: 100 });
    const urgent = buildView({ ...parts, asset: { ...parts.asset, priority: 100 }, open: [task] });
    const other = { id: "as000000000000000000b2" as AssetRecord["id"], probe, plan: buildPlan(probe) };
    const first = buildTask("transcode", { pieceId: videoPieceId(1), rank: 1 });
    const held = { [sourcePieceId]: ["a"], [timelinePieceId]: ["a"] };
    const fresh = buildView({ asset: other, copies: held, open: [first] });
    const nodes = [buildNode("a", { encodeSlots: 1 })];
    const input = { ...buildInput(nodes, [urgent, fresh]), connected: new Set([nodeId("a")]), failedOn: new Map() };
    const [lease, ...others] = assignLeases(input);
    assert.deepEqual([lease?.task.pieceId, others], [first.pieceId, []]);
  });

  it("are told the rungs of its plan, and of which edition they are", () => {
    const rungs = nextPlan.rungs.slice(1);
    const parts = {
      ...reencoding({}, { plan: { ...nextPlan, rungs } }),
      open: [buildTask("transcode", { pieceId: video[1]! })],
    };
    const input = {
      ...buildInput([a, b], [buildView(parts)]),
      connected: new Set([nodeId("a"), nodeId("b")]),
      failedOn: new Map(),
    };
    const [lease] = assignLeases(input);
    assert.ok(lease?.work.kind === "transcode");
    assert.deepEqual([lease.work.edition, lease.work.chunk.index, lease.work.rungs], [1, 1, rungs]);
  });

  it("may be made by another toolchain than the one that plays", () => {
    const open = [buildTask("transcode", { pieceId: video[0]! })];
    const newer = [buildNode("a", { toolchain: "x2" }), buildNode("b", { toolchain: "x2" })];
    const connected = new Set([nodeId("a"), nodeId("b")]);
    const lease = (parts: ViewParts) =>
      assignLeases({
        ...buildInput([...newer, buildNode("c", { health: "down", healthSince: now })], [buildView(parts)]),
        connected,
        failedOn: new Map(),
      });
    assert.equal(lease({ ...reencoding(), open }).length, 1);
  });
});

describe("editions that are over", () => {
  const replacedAt = now - settings.editionGraceMs;
  const measured = { renditions: [], audio: [] };

  function replaced(at: number): ViewParts {
    const present = buildRich(["a", "b"], { edition: 1, previousEditions: [{ edition: 0, measured, replacedAt: at }] });
    return { ...present, copies: { ...present.copies, ...everywhere([...encoded, images]) } };
  }

  it("are kept whole on the homes for viewers who began with them, and the asset rests meanwhile", () => {
    const parts = replaced(replacedAt + 1);
    assert.deepEqual(kindsOf(decide(parts)), ["settle-asset"]);
    const lacking = { ...parts, copies: { ...parts.copies, [videoPieceId(0)]: ["a"] } };
    assert.deepEqual(tasksOf(decide(lacking)), [`replicate ${videoPieceId(0)}`]);
    const { [videoPieceId(0)]: _, ...copies } = parts.copies!;
    assert.deepEqual(kindsOf(decide({ ...parts, copies })), ["settle-asset"]);
  });

  it("are retired when their time is over", () => {
    const decisions = decide(replaced(replacedAt));
    assert.deepEqual(decisions.find((one) => one.kind === "retire-edition")?.edition, 0);
  });

  it("are then discarded on every node, homes too, and forgotten when nobody has them any more", () => {
    const parts = replaced(now);
    const over: ViewParts = { ...parts, asset: { ...parts.asset, previousEditions: [] } };
    const discards = decide(over).flatMap((one) => (one.kind === "create-task" ? one.task : []));
    assert.deepEqual(
      discards.map(({ kind, nodeId: on }) => [kind, on]),
      [
        ["discard", "a"],
        ["discard", "b"],
      ],
    );
    const own = [sourcePieceId, timelinePieceId, textPieceId(0), ...encoded, images];
    assert.ok(discards[0]?.discardPieceIds.every((id) => !own.includes(id)));
    assert.equal(discards[0]?.discardPieceIds.length, 5);
    const view = buildView(over);
    const held = view.replicas.filter(({ pieceId }) => own.includes(pieceId));
    assert.deepEqual(kindsOf(plan(buildInput([a, b, c], [{ ...view, replicas: held }]))), ["forget-editions"]);
  });

  it("are discarded on a node that is emptied, and waited for on one that is away", () => {
    const parts = replaced(now);
    const over: ViewParts = { ...parts, asset: { ...parts.asset, previousEditions: [] } };
    const away = buildNode("b", { region: "us", health: "down", healthSince: now - 1_000 });
    const emptied = buildNode("a", { scheduling: "draining" });
    const discards = decide(over, [emptied, away, c]).flatMap((one) =>
      one.kind === "create-task" && one.task.kind === "discard" ? one.task.nodeId : [],
    );
    assert.deepEqual(discards, ["a"]);
  });

  it("have their tasks ended", () => {
    const present = buildFinished(["a", "b"]);
    const open = [
      buildTask("transcode", { pieceId: video[0]! }),
      buildTask("replicate", { pieceId: audio[0]!, nodeId: nodeId("b") }),
    ];
    assert.deepEqual(new Set(kindsOf(decide({ ...present, open }))), new Set(["cancel-task"]));
  });
});
