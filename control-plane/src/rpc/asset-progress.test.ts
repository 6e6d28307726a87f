import assert from "node:assert/strict";
import {
  audioPieceId,
  imagesPieceId,
  newId,
  sourcePieceId,
  textPieceId,
  timelinePieceId,
  videoPieceId,
} from "@vstream/core/ids.ts";
import type { NodeId, PieceId } from "@vstream/core/ids.ts";
import type { Piece } from "@vstream/core/media.ts";
import type { AssetRecord, AssetView, EncodePlan, TaskRecord } from "../catalog/records.ts";
import { assetRecord, taskRecord } from "../testing/records.ts";
import { progressOfAsset, settledProgress } from "./asset-progress.ts";

const homes = [newId("node", 1), newId("node", 2)];
const plan: EncodePlan = {
  rungs: [],
  audio: [
    { track: 0, stream: 0, language: "", name: "", channels: 2, bitrateBps: 1, sampleRate: 48_000, defaultTrack: true },
  ],
  text: [],
  images: null,
  chunks: [
    { index: 0, firstSegment: 0, segmentCount: 1 },
    { index: 1, firstSegment: 1, segmentCount: 3 },
  ],
};
const everything = [
  sourcePieceId,
  timelinePieceId,
  videoPieceId(0),
  videoPieceId(1),
  audioPieceId(0, 0),
  audioPieceId(0, 1),
];

function viewOf(given: {
  asset?: Partial<AssetRecord>;
  pieces?: readonly PieceId[];
  holders?: readonly NodeId[];
  tasks?: readonly TaskRecord[];
}): AssetView {
  const asset = assetRecord({ homes, ...given.asset });
  const pieces = given.pieces ?? [];
  return {
    asset,
    // Only the ids of pieces are looked at.
    pieces: pieces.map((id) => ({ id }) as Piece),
    replicas: (given.holders ?? []).flatMap((nodeId) =>
      pieces.map((pieceId) => ({ assetId: asset.id, pieceId, nodeId, state: "verified" as const })),
    ),
    openTasks: given.tasks ?? [],
    deadTasks: [],
    preRolls: new Map(),
  };
}

const half = (): number => 0.5;

describe("an asset's progress", () => {
  it("goes from step to step and never back", () => {
    const uploading: Partial<AssetRecord> = { state: "uploading" };
    const tasks = [taskRecord({ pieceId: videoPieceId(1) })];
    const stages = [
      viewOf({ asset: uploading }),
      viewOf({ asset: uploading, pieces: [sourcePieceId], holders: homes.slice(1) }),
      viewOf({ pieces: [sourcePieceId], holders: homes }),
      viewOf({ asset: { plan }, pieces: everything.slice(0, 3), holders: homes.slice(1) }),
      viewOf({ asset: { plan }, pieces: everything.slice(0, 3), holders: homes.slice(1), tasks }),
      viewOf({ asset: { plan }, pieces: everything, holders: homes.slice(1) }),
      viewOf({ asset: { plan, state: "playable" }, pieces: everything, holders: homes }),
    ].map((view) => progressOfAsset(view, half));
    assert.deepEqual(
      stages.map(({ step }) => step),
      ["uploading", "copying the source", "reading", "encoding", "encoding", "copying", "copying"],
    );
    const numbers = stages.map(({ progress }) => progress);
    assert.deepEqual(
      numbers.toSorted((one, other) => one - other),
      numbers,
    );
    assert.equal(new Set(numbers).size, numbers.length);
    assert.equal(numbers[0], 0);
    assert.equal(numbers.at(-1), 0.999);
  });

  it("counts a track's one encode by what its node says, where that is more than what it has reported", () => {
    const asset = { plan };
    const pieces = everything.slice(0, 5);
    const tasks = [taskRecord({ kind: "audio", pieceId: audioPieceId(0, 0) })];
    const before = progressOfAsset(viewOf({ asset, pieces, tasks }), half);
    const after = progressOfAsset(viewOf({ asset, pieces, tasks }), () => 0.9);
    assert.ok(after.progress > before.progress);
  });

  it("counts text and images until they are there, and not those that were given up", () => {
    const plain = { origin: "stream", file: 0, forced: false, hearingImpaired: false, defaultTrack: false } as const;
    const text = { track: 0, stream: 0, language: "en", name: "", ...plain };
    const images = { posterRung: "480p", thumbnailRung: "480p", intervalMs: 5_000 };
    const asset: Partial<AssetRecord> = { plan: { ...plan, text: [text], images }, state: "playable" };
    const made = [...everything, textPieceId(0)];
    const died = [taskRecord({ kind: "images", pieceId: imagesPieceId, state: "dead" })];
    const stages = [
      viewOf({ asset, pieces: everything, holders: homes }),
      viewOf({ asset, pieces: made, holders: homes }),
      viewOf({ asset, pieces: made, holders: homes, tasks: [taskRecord({ kind: "images", pieceId: imagesPieceId })] }),
      { ...viewOf({ asset, pieces: made, holders: homes }), deadTasks: died },
    ].map((view) => progressOfAsset(view, half));
    assert.deepEqual(
      stages.map(({ step }) => step),
      ["encoding", "encoding", "encoding", "copying"],
    );
    const numbers = stages.map(({ progress }) => progress);
    assert.ok(
      numbers.every((number, at) => at === 0 || number > (numbers[at - 1] ?? 0)),
      numbers.join(" "),
    );
  });

  it("is told without a look at the pieces when nothing is being made", () => {
    assert.deepEqual(settledProgress(assetRecord({ state: "ready" })), { progress: 1, step: "done" });
    assert.equal(settledProgress(assetRecord({ state: "failed" }))?.step, "failed");
    assert.equal(settledProgress(assetRecord({ state: "playable" })), undefined);
  });
});
