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
import type { Piece, Probe } from "@vstream/core/media.ts";
import type { AssetRecord, AssetView, EncodePlan, TaskRecord } from "../catalog/records.ts";
import { assetRecord, taskRecord } from "../testing/records.ts";
import { progressOfAsset, settledProgress } from "./asset-progress.ts";
import type { TaskWord } from "./asset-progress.ts";

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

const plain = { origin: "stream", file: 0, forced: false, hearingImpaired: false, defaultTrack: false } as const;
const text = { track: 0, stream: 0, language: "en", name: "", ...plain };
const images = { posterRung: "480p", thumbnailRung: "480p", intervalMs: 5_000 };

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
    // Only the ids of pieces are looked at, and how many frames there are.
    pieces: pieces.map((id) => ({ id, content: id.includes("video") ? videoOf(100) : { kind: "audio" } }) as Piece),
    replicas: (given.holders ?? []).flatMap((nodeId) =>
      pieces.map((pieceId) => ({ assetId: asset.id, pieceId, nodeId, state: "verified" as const })),
    ),
    openTasks: given.tasks ?? [],
    deadTasks: [],
    preRolls: new Map(),
  };
}

const videoOf = (frames: number): object => ({ kind: "video", frames });
const half = (): TaskWord => ({ progress: 0.5, speed: 2 });
const leased = { state: "leased", nodeId: homes[0] ?? null } as const;

/** 400 frames in 16 seconds, of which the first chunk has the 100 that its piece says. */
const probe = { ...assetRecord().probe, durationSeconds: 16, video: { frames: 400 } } as unknown as Probe;

describe("an asset's progress", () => {
  it("goes from step to step and never back", () => {
    const uploading: Partial<AssetRecord> = { state: "uploading" };
    const fetched: Partial<AssetRecord> = { ...uploading, sourceUrl: "https://example.org/film.mp4" };
    const planned = { plan, probe };
    const tasks = [taskRecord({ ...leased, kind: "transcode", pieceId: videoPieceId(1) })];
    const check = [taskRecord({ ...leased, kind: "check" })];
    const stages = [
      viewOf({ asset: uploading }),
      viewOf({ asset: fetched, tasks: [taskRecord({ ...leased, kind: "fetch" })] }),
      viewOf({ asset: uploading, pieces: [sourcePieceId], holders: homes.slice(1) }),
      viewOf({ pieces: [sourcePieceId], holders: homes }),
      viewOf({ asset: planned, pieces: everything.slice(0, 3), holders: homes.slice(1) }),
      viewOf({ asset: planned, pieces: everything.slice(0, 3), holders: homes.slice(1), tasks }),
      viewOf({ asset: planned, pieces: everything.slice(0, 4), holders: homes.slice(1) }),
      viewOf({ asset: planned, pieces: everything, holders: homes.slice(1) }),
      viewOf({ asset: { ...planned, state: "playable" }, pieces: everything, holders: homes, tasks: check }),
    ].map((view) => progressOfAsset(view, half));
    assert.deepEqual(
      stages.map(({ step }) => step),
      [
        ...["uploading", "fetching the source", "copying the source", "reading"],
        ...["encoding", "encoding", "encoding", "copying", "checking"],
      ],
    );
    assert.deepEqual(
      stages.map(({ progress }) => progress),
      [0, 0.02, 0.045, 0.05, 0.25, 0.625, 0.999, 0.999, 0.999],
    );
  });

  it("is the share of frames that are encoded, whatever sound and text take", () => {
    const asset = { plan: { ...plan, text: [text], images }, probe };
    const tasks = [0, 1].map((chunk) => taskRecord({ ...leased, kind: "transcode", pieceId: videoPieceId(chunk) }));
    const words = [0.1, 0.9];
    const wordOn = ({ pieceId }: TaskRecord): TaskWord => {
      return { progress: words[pieceId === videoPieceId(0) ? 0 : 1] ?? 0, speed: 3 };
    };
    const none = progressOfAsset(viewOf({ asset, pieces: [sourcePieceId, timelinePieceId], tasks }), wordOn);
    assert.deepEqual([none.progress, none.speed], [(0.1 * 100 + 0.9 * 300) / 400, 6]);
    const first = viewOf({ asset, pieces: everything.slice(0, 3), tasks: tasks.slice(1) });
    assert.equal(progressOfAsset(first, wordOn).progress, (100 + 0.9 * 300) / 400);
  });

  it("says how much of the film is left, and how fast it goes", () => {
    const tasks = [
      taskRecord({ ...leased, kind: "transcode", pieceId: videoPieceId(1) }),
      taskRecord({ kind: "transcode", pieceId: videoPieceId(0), state: "pending" }),
      taskRecord({ ...leased, kind: "audio", pieceId: audioPieceId(0, 0) }),
    ];
    const view = viewOf({ asset: { plan, probe }, pieces: everything.slice(0, 3), tasks });
    const { speed, secondsLeft } = progressOfAsset(view, half);
    assert.deepEqual([speed, secondsLeft], [2, 16 * 0.375]);
    assert.equal(progressOfAsset(viewOf({}), half).secondsLeft, null);
    assert.equal(progressOfAsset(viewOf({ asset: { plan, probe }, pieces: everything }), half).secondsLeft, 0);
  });

  it("is at encoding until sound, text and images are there, but for those that were given up", () => {
    const asset: Partial<AssetRecord> = { plan: { ...plan, text: [text], images }, probe, state: "playable" };
    const made = [...everything, textPieceId(0)];
    const died = [taskRecord({ kind: "images", pieceId: imagesPieceId, state: "dead" })];
    const stages = [
      viewOf({ asset, pieces: everything.slice(0, 5), holders: homes }),
      viewOf({ asset, pieces: everything, holders: homes }),
      viewOf({ asset, pieces: made, holders: homes }),
      { ...viewOf({ asset, pieces: made, holders: homes }), deadTasks: died },
    ].map((view) => progressOfAsset(view, half).step);
    assert.deepEqual(stages, ["encoding", "encoding", "encoding", "copying"]);
  });

  it("is told beside the present edition of the one that is being made", () => {
    const next = { edition: 2, ladder: "fast", plan, check: null };
    const asset: Partial<AssetRecord> = { state: "ready", plan, probe, nextEdition: next };
    const pieces = [...everything, videoPieceId(0, 2)];
    const tasks = [taskRecord({ ...leased, kind: "transcode", pieceId: videoPieceId(1, 2) })];
    const { progress, nextProgress, secondsLeft, speed } = progressOfAsset(viewOf({ asset, pieces, tasks }), half);
    assert.deepEqual([progress, nextProgress, secondsLeft, speed], [1, 0.625, 6, 2]);
    assert.equal(settledProgress(assetRecord(asset)), undefined);
  });

  it("counts what goes first and what follows by the work that each is", () => {
    const rung = {
      name: "360p",
      width: 640,
      height: 360,
      preset: "fast",
      codec: "h264",
    } as EncodePlan["rungs"][number];
    const small = { ...plan, rungs: [{ ...rung, width: 160, height: 90 }] };
    const next = { edition: 1, ladder: "default", plan: { ...plan, rungs: [rung, ...small.rungs] }, check: null };
    const film: Probe = { ...probe, video: { ...probe.video, width: 640, height: 360 } };
    const more = (0.15 * 16 + 16 + 1) / (0.15 * 16 + 1);
    const asset: Partial<AssetRecord> = { state: "playable", plan: small, probe: film, nextEdition: next };
    const tasks = [taskRecord({ ...leased, kind: "transcode", pieceId: videoPieceId(1, 1) })];
    const begun = progressOfAsset(viewOf({ asset, pieces: [] }), half);
    assert.deepEqual([begun.progress, begun.nextProgress, begun.step], [0.05, 0, "encoding the lowest rung"]);
    assert.ok(Math.abs((begun.secondsLeft ?? 0) - film.durationSeconds * (1 + more)) < 1e-6);
    const played = progressOfAsset(viewOf({ asset, pieces: everything }), half);
    assert.ok(Math.abs(played.progress - 1 / (1 + more)) < 1e-9);
    const pieces = [...everything, videoPieceId(0, 1)];
    const { progress, nextProgress, step, secondsLeft } = progressOfAsset(viewOf({ asset, pieces, tasks }), half);
    assert.deepEqual([nextProgress, step, secondsLeft], [0.625, "encoding the other rungs", 6]);
    assert.ok(Math.abs(progress - (1 + more * 0.625) / (1 + more)) < 1e-9);
    const done = [...pieces, videoPieceId(1, 1), audioPieceId(0, 0, 1), audioPieceId(0, 1, 1)];
    assert.deepEqual(progressOfAsset(viewOf({ asset, pieces: done }), half), {
      ...{ progress: 0.999, step: "copying", nextProgress: 1, speed: 0, secondsLeft: 0 },
    });
  });

  it("is told without a look at the pieces when nothing is being made", () => {
    const { progress, step } = settledProgress(assetRecord({ state: "ready" })) ?? {};
    assert.deepEqual([progress, step], [1, "done"]);
    assert.equal(settledProgress(assetRecord({ state: "failed" }))?.step, "failed");
    assert.equal(settledProgress(assetRecord({ state: "playable" })), undefined);
  });
});
