import assert from "node:assert/strict";
import { audioPieceId, sourcePieceId, timelinePieceId, videoPieceId } from "@vstream/core/ids.ts";
import type { AssetId, TaskId } from "@vstream/core/ids.ts";
import type { NodeRecord, TaskRecord } from "../catalog/records.ts";
import { chooseLadder } from "./choose-ladder.ts";
import { assignLeases, nextDueAt } from "./assign-leases.ts";
import type { LeaseInput } from "./assign-leases.ts";
import { buildInput, buildNode, buildPlan, buildProbe, buildTask, buildView, nodeId, now } from "./snapshot.fixture.ts";
import type { ViewParts } from "./snapshot.fixture.ts";

const probe = buildProbe({ segments: 6, tracks: 2 });
const probed = { probe, plan: buildPlan(probe) };
const begun = { source: ["a", "b"], timeline: ["a", "b"] };
const usual = [buildNode("a"), buildNode("b", { region: "us" }), buildNode("c")];

function transcode(chunk: number, changes: Partial<TaskRecord> = {}): TaskRecord {
  return buildTask("transcode", { pieceId: videoPieceId(chunk), rank: chunk, ...changes });
}

function assign(views: readonly ViewParts[], nodes: readonly NodeRecord[] = usual, changes: Partial<LeaseInput> = {}) {
  const built = views.map((parts) => buildView({ ...parts, asset: { ...probed, ...parts.asset } }));
  const connected = new Set(nodes.map((node) => node.id));
  return assignLeases({ ...buildInput(nodes, built), connected, failedOn: new Map(), ...changes });
}

function placesOf(assignments: ReturnType<typeof assign>): string[] {
  return assignments.map(({ task, nodeId: place }) => `${task.assetId.slice(-2)} ${task.pieceId} on ${place}`);
}

describe("giving out leases", () => {
  it("goes by priority, then by place in playing order over all assets, then by age", () => {
    const one = (last: string, priority: number) => ({
      asset: { id: `as${last}` as AssetId },
      copies: begun,
      open: [0, 1].map((chunk) => transcode(chunk, { id: `ta-${last}-${chunk}` as TaskId, priority })),
    });
    const old = { ...one("x2", 0), open: one("x2", 0).open.map((task) => ({ ...task, createdAt: now - 9_000 })) };
    const order = assign([one("x1", 0), old, one("x3", 5)]).map(({ task }) => task.id);
    assert.deepEqual(order, ["ta-x3-0", "ta-x3-1", "ta-x2-0", "ta-x1-0", "ta-x2-1", "ta-x1-1"]);
  });

  it("fills no node beyond its slots, and spreads before it fills", () => {
    const open = [0, 1, 2, 3, 4, 5].map((chunk) => transcode(chunk));
    const places = placesOf(assign([{ copies: begun, open }], usual.slice(0, 2)));
    assert.deepEqual(places, [
      "a1 video-00000 on a",
      "a1 video-00001 on b",
      "a1 video-00002 on a",
      "a1 video-00003 on b",
    ]);
  });

  it("counts what runs already, of other assets too", () => {
    const running = transcode(5, { id: "ta-running" as TaskId, state: "leased", nodeId: nodeId("a") });
    const open = [transcode(0), transcode(1)];
    const views = [
      { asset: { id: "as-other" as AssetId }, open: [running] },
      { copies: begun, open },
    ];
    assert.deepEqual(placesOf(assign(views, [usual[0]!])), ["a1 video-00000 on a"]);
  });

  it("prefers the nodes that hold the source until they are half full", () => {
    const places = assign([{ copies: begun, open: [0, 1, 2, 3, 4].map((chunk) => transcode(chunk)) }]);
    assert.deepEqual(
      places.map(({ nodeId: place }) => place),
      ["a", "b", "a", "b", "c"],
    );
  });

  it("runs one audio encode a node, in the place of a transcode", () => {
    const audio = [0, 1].map((track) => buildTask("audio", { pieceId: audioPieceId(track, 0) }));
    const open = [transcode(0), ...audio, transcode(1), transcode(2)];
    const places = placesOf(assign([{ copies: begun, open }], [usual[0]!]));
    assert.deepEqual(places.toSorted(), ["a1 audio-0-00000 on a", "a1 video-00000 on a"]);
  });

  it("puts audio where the fewest encodes run, and no chunk to it but the first", () => {
    const nodes = ["a", "b"].map((name) => buildNode(name, { encodeSlots: 1 }));
    const audio = buildTask("audio", { pieceId: audioPieceId(0, 0) });
    const open = [transcode(0), audio, transcode(1)];
    const assignments = assign([{ copies: begun, open }], nodes);
    assert.deepEqual(new Set(assignments.map(({ task }) => task.pieceId)), new Set([videoPieceId(0), audio.pieceId]));
    assert.deepEqual(new Set(assignments.map(({ nodeId: place }) => place)), new Set(["a", "b"]));
    const running = { ...audio, state: "leased" as const, nodeId: nodeId("a") };
    const busy = transcode(4, { state: "leased", nodeId: nodeId("b") });
    const rest = [running, busy, transcode(0), transcode(1)];
    assert.deepEqual(placesOf(assign([{ copies: begun, open: rest }], nodes)), ["a1 video-00000 on a"]);
  });

  it("lets the only slot of a cluster work beside audio", () => {
    const audio = buildTask("audio", { pieceId: audioPieceId(0, 0), state: "leased", nodeId: nodeId("a") });
    const only = [buildNode("a", { encodeSlots: 1 })];
    assert.deepEqual(placesOf(assign([{ copies: begun, open: [audio, transcode(3)] }], only)), ["a1 video-00003 on a"]);
  });

  it("waits for a task's time", () => {
    const later = transcode(0, { state: "waiting", notBefore: now + 500 });
    const view = { copies: begun, open: [later, transcode(1, { notBefore: now + 900 })] };
    assert.deepEqual(assign([view]), []);
    assert.equal(nextDueAt(buildInput(usual, [buildView(view)])), now + 500);
    assert.equal(nextDueAt(buildInput(usual, [buildView({ open: [transcode(2)] })])), null);
  });

  it("gives nothing to nodes that are suspect, cordoned, draining, full or not connected", () => {
    const nodes = [
      buildNode("a", { health: "suspect" }),
      buildNode("b", { scheduling: "cordoned" }),
      buildNode("c", { scheduling: "draining" }),
      buildNode("d", { usedBytes: 990_000_000_000 }),
      buildNode("e"),
    ];
    const connected = new Set(nodes.slice(0, 4).map((node) => node.id));
    const copies = { source: ["b"], timeline: ["b"] };
    assert.deepEqual(assign([{ copies, open: [transcode(0)] }], nodes, { connected }), []);
    assert.deepEqual(placesOf(assign([{ copies, open: [transcode(0)] }], nodes)), ["a1 video-00000 on e"]);
  });

  it("avoids the node where the task failed, unless there is no other", () => {
    const open = [transcode(0)];
    const failedOn = new Map([[open[0]!.id, nodeId("a")]]);
    assert.equal(assign([{ copies: begun, open }], usual, { failedOn })[0]?.nodeId, "b");
    assert.equal(
      assign([{ copies: { source: ["a"], timeline: ["a"] }, open }], [usual[0]!], { failedOn })[0]?.nodeId,
      "a",
    );
  });

  it("waits when what the task needs has no copy on a node that is up", () => {
    const away = buildNode("a", { health: "suspect" });
    const copies = { source: ["a"], timeline: ["b"] };
    assert.deepEqual(assign([{ copies, open: [transcode(0)] }], [away, usual[1]!]), []);
  });
});

describe("giving out leases in a large cluster", () => {
  const nodes = Array.from({ length: 500 }, (_, at) => buildNode(`n${1000 + at}`));
  const film = (at: number, running: number): ViewParts => {
    const place = nodes[at * 2]?.id ?? nodeId("");
    const lease = (slot: number) =>
      transcode(slot, {
        id: `ta-${at}-r${slot}` as TaskId,
        state: "leased",
        nodeId: nodes[at * 2 + (slot % 2)]?.id ?? place,
      });
    const open = Array.from({ length: 64 }, (_, chunk) => transcode(chunk + 4, { id: `ta-${at}-${chunk}` as TaskId }));
    const leased = Array.from({ length: running }, (_, slot) => lease(slot));
    const long = buildProbe({ segments: 400 });
    const asset = { id: `as-${at}` as AssetId, probe: long, plan: buildPlan(long) };
    return { asset, copies: { source: [place], timeline: [place] }, open: [...open, ...leased] };
  };
  const timed = (running: number, slots?: readonly NodeRecord[]) => {
    const views = Array.from({ length: 250 }, (_, at) => buildView(film(at, running)));
    const around = slots ?? nodes;
    const connected = new Set(around.map((node) => node.id));
    const input = { ...buildInput(around, views), connected, failedOn: new Map() };
    const startedMs = performance.now();
    const given = assignLeases(input).length;
    return { given, tookMs: performance.now() - startedMs };
  };

  it("takes no time to speak of when every lane is full", () => {
    timed(4);
    const { given, tookMs } = timed(4);
    assert.equal(given, 0);
    assert.ok(tookMs < 150, `${tookMs} ms`);
  });

  it("takes little when they are free, or of a toolchain that is not asked for", () => {
    const { given, tookMs } = timed(0);
    assert.equal(given, 1_000);
    assert.ok(tookMs < 600, `${tookMs} ms`);
  });
});

describe("the toolchain of an asset", () => {
  const other = buildNode("b", { region: "us", toolchain: "x2" });

  it("is the one of the node that gets the first chunk, in the same round already", () => {
    const open = [0, 1, 2].map((chunk) => transcode(chunk));
    const places = assign([{ copies: begun, open }], [buildNode("a"), other]);
    assert.deepEqual(new Set(places.map(({ nodeId: place }) => place)), new Set(["a"]));
  });

  it("is the one of a node that runs already", () => {
    const running = transcode(0, { state: "leased", nodeId: nodeId("b") });
    assert.equal(assign([{ copies: begun, open: [running, transcode(1)] }], [buildNode("a"), other])[0]?.nodeId, "b");
  });

  it("is the one of the pieces there are, also while that node is away", () => {
    const copies = { ...begun, [videoPieceId(0)]: ["a"] };
    const away = buildNode("c", { health: "down", healthSince: now - 1_000 });
    assert.deepEqual(assign([{ copies, open: [transcode(1)] }], [other, away]), []);
  });

  it("is given up when no node with it is left", () => {
    const copies = { ...begun, [videoPieceId(0)]: ["a"] };
    const gone = buildNode("c", { health: "down", healthSince: now - 300_000 });
    assert.equal(assign([{ copies, open: [transcode(1)] }], [other, gone])[0]?.nodeId, "b");
  });

  it("may differ in what HEVC takes, for an asset that has none", () => {
    const copies = { ...begun, [videoPieceId(0)]: ["a"] };
    const able = ["x1+h1", "x1+h2"].map((toolchain, at) => buildNode("bc"[at]!, { toolchain, encodeSlots: 1 }));
    assert.deepEqual(
      assign([{ copies, open: [transcode(1), transcode(2)] }], able).map((given) => given.nodeId),
      ["b", "c"],
    );
  });

  it("is one with HEVC for an asset that has some, and the same one for all of it", () => {
    const large = buildProbe({ segments: 6, width: 1280, height: 720 });
    const asset = { probe: large, plan: { ...buildPlan(large), ...chooseLadder("modern", large) } };
    const open = [transcode(0), transcode(1), buildTask("audio", { pieceId: audioPieceId(0, 0), rank: 9 })];
    const on = (...toolchains: string[]) =>
      assign(
        [{ asset, copies: begun, open }],
        toolchains.map((toolchain, index) => buildNode("abc"[index]!, { toolchain, encodeSlots: 1 })),
      ).map(({ task, nodeId: place }) => `${task.kind} on ${place}`);
    assert.deepEqual(on("x1"), ["audio on a"]);
    assert.deepEqual(on("x1", "x1+h1"), ["transcode on b", "audio on a"]);
    assert.deepEqual(on("x1+h1", "x1+h2", "x1+h1"), ["transcode on a", "transcode on c", "audio on b"]);
  });

  it("is waited for by what was made before and is lost, also while its node is cordoned", () => {
    const audio = buildTask("audio", { pieceId: audioPieceId(0, 0) });
    const lost = { ...begun, [audioPieceId(0, 1)]: ["a"], [videoPieceId(1)]: [] };
    const on = (changes: Partial<NodeRecord>) =>
      assign([{ copies: lost, open: [transcode(0), transcode(1), audio] }], [other, buildNode("c", changes)]).map(
        ({ task }) => task.pieceId,
      );
    assert.deepEqual(on({ scheduling: "cordoned" }), [videoPieceId(0)]);
    assert.equal(on({ scheduling: "drained" }).length, 2, "then whoever tries is told that it does not fit");
  });
});

describe("where other tasks run", () => {
  it("is on a holder of the source for a probe", () => {
    const open = [buildTask("probe", { pieceId: timelinePieceId })];
    assert.equal(assign([{ copies: { source: ["c"] }, open }])[0]?.nodeId, "c");
  });

  it("is elsewhere for a probe when only nodes have the source that take no work, but not while they are away", () => {
    const open = [buildTask("probe", { pieceId: timelinePieceId })];
    const on = (changes: Partial<NodeRecord>, free: Partial<NodeRecord> = {}) =>
      assign([{ copies: { source: ["a"] }, open }], [buildNode("a", changes), buildNode("b", free)])[0];
    const elsewhere = on({ scheduling: "cordoned" });
    assert.equal(elsewhere?.nodeId, "b");
    assert.deepEqual(elsewhere.work.kind === "probe" && elsewhere.work.holders, ["a"]);
    assert.equal(on({ scheduling: "cordoned" }, { usedBytes: 1_000_000_000_000 }), undefined);
    assert.equal(on({ health: "suspect" }), undefined);
  });

  it("is on the node it is for, for a copy, unless that is cordoned or has no room", () => {
    const open = [buildTask("replicate", { pieceId: sourcePieceId, nodeId: nodeId("b") })];
    const on = (b: NodeRecord) => assign([{ copies: { source: ["a"] }, open }], [usual[0]!, b]).length;
    assert.equal(on(usual[1]!), 1);
    assert.equal(on(buildNode("b", { scheduling: "cordoned" })), 0);
    assert.equal(on(buildNode("b", { usedBytes: 999_999_999_999 })), 0);
  });

  it("is four copies a node at a time", () => {
    const ids = [0, 1, 2, 3, 4].map((chunk) => videoPieceId(chunk));
    const open = ids.map((pieceId) => buildTask("replicate", { pieceId, nodeId: nodeId("b") }));
    assert.equal(assign([{ copies: Object.fromEntries(ids.map((id) => [id, ["a"]])), open }]).length, 4);
  });

  it("is on a draining node too for a discard", () => {
    const open = [buildTask("discard", { nodeId: nodeId("b") })];
    const nodes = [usual[0]!, buildNode("b", { scheduling: "draining" })];
    assert.equal(assign([{ copies: { source: ["a"] }, open }], nodes).length, 1);
  });

  it("is no node that deletes for the same asset, for an encode", () => {
    const open = [transcode(0), buildTask("discard", { nodeId: nodeId("a"), discardPieceIds: [videoPieceId(0)] })];
    const encodes = assign([{ copies: { source: ["a", "b"], timeline: ["a", "b"] }, open }]).filter(
      ({ task }) => task.kind === "transcode",
    );
    assert.equal(encodes[0]?.nodeId, "b");
  });
});

describe("the work of a task", () => {
  it("names the holders of what it needs: complete ones first, then near ones, never the node itself", () => {
    const nodes = [...usual, buildNode("d"), buildNode("e", { region: "us" })];
    const copies = { source: ["b", "c", "d", "e"], timeline: ["b", "d", "e"] };
    const connected = new Set([nodeId("b")]);
    const [assignment] = assign([{ copies, open: [transcode(1, { preRollKeyframes: 4 })] }], nodes, { connected });
    assert.ok(assignment?.work.kind === "transcode");
    assert.deepEqual(assignment.work.holders, ["e", "d", "c"]);
    assert.equal(assignment.work.chunk.index, 1);
    assert.equal(assignment.work.preRollKeyframes, 4);
    assert.equal(assignment.work.rungs.length, 3);
  });

  it("tells an audio encode the segments of every chunk", () => {
    const open = [buildTask("audio", { pieceId: audioPieceId(1, 0) })];
    const [assignment] = assign([{ copies: begun, open }]);
    assert.ok(assignment?.work.kind === "audio");
    assert.equal(assignment.work.target.track, 1);
    assert.deepEqual(assignment.work.chunkSegments, [1, 1, 1, 1, 1, 1]);
  });

  it("tells a discard which pieces go", () => {
    const open = [buildTask("discard", { nodeId: nodeId("c"), discardPieceIds: [videoPieceId(0)] })];
    assert.deepEqual(assign([{ copies: begun, open }])[0]?.work, { kind: "discard", pieceIds: [videoPieceId(0)] });
  });
});
