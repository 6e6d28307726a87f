import assert from "node:assert/strict";
import {
  audioPieceId,
  imagesPieceId,
  sourcePieceId,
  textPieceId,
  timelinePieceId,
  videoPieceId,
} from "@vstream/core/ids.ts";
import type { TaskId } from "@vstream/core/ids.ts";
import type { NodeRecord } from "../catalog/records.ts";
import { assignLeases } from "./assign-leases.ts";
import {
  buildInput,
  buildNode,
  buildProbe,
  buildRich,
  buildRichPlan,
  buildTask,
  buildView,
  nodeId,
} from "./snapshot.fixture.ts";
import type { ViewParts } from "./snapshot.fixture.ts";
import { timeLimitMs } from "./time-limit.ts";

const [a, b, c] = ["a", "b", "c"].map((name) => buildNode(name)) as [NodeRecord, NodeRecord, NodeRecord];
const probe = buildProbe({ segments: 3 });
const begun = { [sourcePieceId]: ["a", "b"], [timelinePieceId]: ["a", "b"] };
const text = (track: number) => buildTask("text", { pieceId: textPieceId(track), rank: 1 });
const images = buildTask("images", { pieceId: imagesPieceId, rank: 2 });

function assign(parts: ViewParts, nodes: readonly NodeRecord[] = [a, b, c], connected = nodes) {
  const input = buildInput(nodes, [buildView(parts)]);
  return assignLeases({ ...input, connected: new Set(connected.map(({ id }) => id)), failedOn: new Map() });
}

function placesOf(assignments: ReturnType<typeof assign>): string[] {
  return assignments.map(({ task, nodeId: place }) => `${task.pieceId} on ${place}`).toSorted();
}

describe("where text is made", () => {
  const asset = { probe, plan: buildRichPlan(probe, 4) };

  it("is where the source stands, one track a node at a time", () => {
    const open = [0, 1, 2].map((track) => text(track));
    assert.deepEqual(placesOf(assign({ asset, copies: begun, open })), ["text-0 on a", "text-1 on b"]);
  });

  it("is elsewhere when those that have the source take no work", () => {
    const cordoned = [buildNode("a", { scheduling: "cordoned" }), buildNode("b", { scheduling: "cordoned" }), c];
    const [lease] = assign({ asset, copies: begun, open: [text(0)] }, cordoned);
    assert.equal(lease?.nodeId, "c");
    assert.deepEqual(lease.work.kind === "text" && lease.work.holders, ["a", "b"]);
  });

  it("takes no slot of an encode, and decides no toolchain", () => {
    const only = [buildNode("a", { encodeSlots: 1 }), buildNode("z", { toolchain: "x2", encodeSlots: 1 })];
    const transcode = buildTask("transcode", { pieceId: videoPieceId(0) });
    const running = { ...text(0), state: "leased" as const, nodeId: nodeId("z") };
    const copies = { [sourcePieceId]: ["a"], [timelinePieceId]: ["a"] };
    assert.deepEqual(placesOf(assign({ asset, copies, open: [running, text(1), transcode] }, only)), [
      "text-1 on a",
      `${videoPieceId(0)} on a`,
    ]);
  });

  it("is told the track and how the chunks are cut, and takes as long as reading the source does", () => {
    const [lease] = assign({ asset, copies: begun, open: [text(2)] });
    assert.ok(lease?.work.kind === "text");
    assert.deepEqual(lease.work.target, asset.plan.text[2]);
    assert.deepEqual(lease.work.chunkSegments, [1, 1, 1]);
    const { source } = lease.work;
    assert.ok(source !== null);
    const film = { ...lease.work, source: { ...source, source: { ...source.source, bytes: 10 ** 10 } } };
    assert.ok(
      timeLimitMs(film) > timeLimitMs(lease.work) &&
        timeLimitMs(film) === timeLimitMs({ ...film, kind: "probe", allowDamaged: false }),
    );
  });

  it("is where the timeline stands for a file beside the source, which may be gone", () => {
    const [target] = asset.plan.text;
    assert.ok(target !== undefined);
    const plan = { ...asset.plan, text: [{ ...target, origin: "file", file: 2 } as const] };
    const [lease] = assign({ asset: { probe, plan }, copies: { [timelinePieceId]: ["b"] }, open: [text(0)] });
    assert.equal(lease?.nodeId, "b");
    assert.ok(lease.work.kind === "text" && lease.work.source === null && lease.work.target.file === 2);
    assert.ok(timeLimitMs(lease.work) > 0);
    assert.deepEqual(assign({ asset: { probe, plan }, copies: {}, open: [text(0)] }), []);
  });

  it("waits while the source has no copy on a node that is up", () => {
    const away = buildNode("a", { health: "suspect" });
    assert.deepEqual(assign({ asset, copies: { source: ["a"], timeline: ["a"] }, open: [text(0)] }, [away, b]), []);
  });
});

describe("where images are made", () => {
  const parts = buildRich(["a", "b"], { state: "playable" });
  const video = [videoPieceId(0), videoPieceId(1)] as const;
  const imageless = (copies: Record<string, readonly string[]> = {}): ViewParts => {
    const all = { ...parts.copies, ...copies };
    return {
      ...parts,
      copies: Object.fromEntries(Object.entries(all).filter(([id]) => id !== imagesPieceId)),
      open: [images],
    };
  };

  it("is a home that has all the video", () => {
    const scattered = imageless({ [video[0]]: ["a", "b"], [video[1]]: ["b", "c"] });
    const [lease] = assign(scattered);
    assert.equal(lease?.nodeId, "b");
    assert.deepEqual(lease.work, {
      kind: "images",
      target: parts.asset?.plan?.images,
      holders: ["a", "c"],
      edition: 0,
    });
    assert.ok(timeLimitMs(lease.work) >= 3_600_000);
  });

  it("is another node that has all the video when no home has, and else a home that fetches it", () => {
    const elsewhere = imageless({ [video[0]]: ["a", "c"], [video[1]]: ["b", "c"] });
    assert.deepEqual(placesOf(assign(elsewhere)), ["images on c"]);
    const nowhere = imageless({ [video[0]]: ["a"], [video[1]]: ["c"] });
    assert.deepEqual(placesOf(assign(nowhere)), ["images on a"]);
  });

  it("waits for a home that has it all and is busy, but not for one that is cordoned", () => {
    const busy = buildTask("images", {
      id: "ta-other" as TaskId,
      pieceId: imagesPieceId,
      state: "leased",
      nodeId: nodeId("a"),
    });
    const open = [{ ...busy }, images];
    const held = imageless({ [video[0]]: ["a"], [video[1]]: ["a"] });
    assert.deepEqual(assign({ ...held, open }), []);
    assert.deepEqual(placesOf(assign(held, [buildNode("a", { scheduling: "cordoned" }), b, c])), ["images on b"]);
  });

  it("may be of any toolchain", () => {
    const others = [buildNode("a", { toolchain: "x2" }), buildNode("b", { toolchain: "x2" }), c];
    assert.deepEqual(placesOf(assign(imageless(), others)), ["images on a"]);
  });

  it("takes the slot of a transcode there, but for a first chunk", () => {
    const nodes = [buildNode("a", { encodeSlots: 1 }), buildNode("b", { encodeSlots: 1 })];
    const running = { ...images, state: "leased" as const, nodeId: nodeId("a") };
    const chunk = (index: number) => buildTask("transcode", { pieceId: videoPieceId(index), rank: index });
    const asset = { probe, plan: buildRichPlan(probe) };
    assert.deepEqual(placesOf(assign({ asset, copies: begun, open: [running, chunk(1), chunk(2)] }, nodes)), [
      `${videoPieceId(1)} on b`,
    ]);
    const busy = { ...chunk(2), state: "leased" as const, nodeId: nodeId("b") };
    assert.deepEqual(placesOf(assign({ asset, copies: begun, open: [running, busy, chunk(0), chunk(1)] }, nodes)), [
      `${videoPieceId(0)} on a`,
    ]);
  });

  it("waits while some of the video is on no node that is up", () => {
    const away = buildNode("c", { health: "suspect" });
    const partly = imageless({ [video[1]]: ["c"], [audioPieceId(0, 0)]: ["a"] });
    assert.deepEqual(assign(partly, [a, b, away]), []);
  });
});
