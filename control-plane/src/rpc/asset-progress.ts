// How far an asset is, as one number and one word. Pure. The number is the share of its frames that are encoded, those
// of running tasks by what their nodes said last; before there are any, the source's arrival is a little of it.
import { sourcePieceId, videoPieceId } from "@vstream/core/ids.ts";
import type { AssetRecord, AssetView, EncodePlan, NextEdition, TaskRecord } from "../catalog/records.ts";
import { isBeingMade, plannedPieces } from "../planning/asset-facts.ts";
import { costPerFrame } from "../planning/encode-cost.ts";

/** The most that is shown before a frame is encoded: for a source that has arrived, and one that is also copied. */
const shares = { arrived: 0.04, copied: 0.05 };
/** Shown until the asset is ready: it is not finished before it says so. */
const nearlyDone = 0.999;

/** What a node said last of a task that runs there. */
export interface TaskWord {
  /** 0 to 1. */
  readonly progress: number;
  /** Media seconds a second; 0: not known. */
  readonly speed: number;
}

export interface RawProgress {
  readonly progress: number;
  readonly step: string;
  /** Of the edition that is being made beside the present one, 0 to 1; 0 when there is none. */
  readonly nextProgress: number;
  /** Of all that is being encoded now, media seconds a second. */
  readonly speed: number;
  /** Of the video, until it is encoded; null: nobody knows yet how much there is. */
  readonly secondsLeft: number | null;
}

/** Of an asset that is being worked at; see settledProgress for the others. */
export function progressOfAsset(view: AssetView, wordOn: (task: TaskRecord) => TaskWord | null): RawProgress {
  const { asset } = view;
  const speed = speedOf(view, wordOn);
  if (asset.nextEdition !== null && isBeingMade(asset)) return progressOfParts(view, asset.nextEdition, wordOn);
  if (asset.nextEdition !== null) {
    const { plan, edition } = asset.nextEdition;
    const nextProgress = plan === null ? 0 : encodedShare({ view, plan, edition }, wordOn);
    const left = secondsLeft(asset, plan === null ? null : nextProgress);
    return { progress: 1, step: "encoding another edition", nextProgress, speed, secondsLeft: left };
  }
  const arrival = arrivalOf(view, wordOn);
  const { plan } = asset;
  if (arrival.step !== null || plan === null) {
    const { progress, step } = arrival;
    return { progress, step: step ?? "reading", nextProgress: 0, speed: 0, secondsLeft: null };
  }
  const encoded = encodedShare({ view, plan, edition: asset.edition }, wordOn);
  const progress = Math.min(nearlyDone, Math.max(arrival.progress, encoded));
  return { progress, step: stepOf(view), nextProgress: 0, speed, secondsLeft: secondsLeft(asset, encoded) };
}

// The lowest rung goes first, then all of them. Each part counts by the work that it is; of the first part's seconds,
// one of the second takes as many as it is more work.
function progressOfParts(
  view: AssetView,
  { plan: nextPlan, edition }: NextEdition,
  wordOn: (task: TaskRecord) => TaskWord | null,
): RawProgress {
  const { asset } = view;
  const { plan, probe } = asset;
  const speed = speedOf(view, wordOn);
  if (plan === null || nextPlan === null || probe === null) {
    return { progress: shares.copied, step: "reading", nextProgress: 0, speed, secondsLeft: null };
  }
  const first = encodedShare({ view, plan, edition: asset.edition }, wordOn);
  const next = encodedShare({ view, plan: nextPlan, edition }, wordOn);
  const more = costPerFrame(probe, nextPlan.rungs) / costPerFrame(probe, plan.rungs);
  const share = (first + more * next) / (1 + more);
  const left = first < 1 ? 1 - first + more : 1 - next;
  const nextView = { ...view, asset: { ...asset, plan: { ...nextPlan, text: plan.text }, edition } };
  return {
    progress: Math.min(nearlyDone, Math.max(shares.copied, share)),
    step: first < 1 ? "encoding the lowest rung" : next < 1 ? "encoding the other rungs" : stepOf(nextView),
    nextProgress: next,
    speed,
    secondsLeft: probe.durationSeconds * left,
  };
}

/** Of an asset that nothing is being made of any more; undefined for one in work. */
export function settledProgress(asset: AssetRecord): RawProgress | undefined {
  const rest = { nextProgress: 0, speed: 0 };
  switch (asset.state) {
    case "ready":
      return asset.nextEdition === null ? { ...rest, progress: 1, step: "done", secondsLeft: 0 } : undefined;
    case "failed":
      return { ...rest, progress: 0, step: "failed", secondsLeft: null };
    case "deleting":
      return { ...rest, progress: 0, step: "deleting", secondsLeft: null };
    case "uploading":
    case "processing":
    case "playable":
      return undefined;
  }
}

// `step` is null once the source has arrived. How far an upload is, its client knows.
function arrivalOf(
  { asset, pieces, openTasks, replicas }: AssetView,
  wordOn: (task: TaskRecord) => TaskWord | null,
): { progress: number; step: string | null } {
  if (asset.state !== "uploading") return { progress: shares.copied, step: null };
  const fetch = openTasks.find(({ kind }) => kind === "fetch");
  if (fetch === undefined && pieces.some((piece) => piece.id === sourcePieceId)) {
    const wanted = Math.max(1, Math.min(asset.replicasWanted, asset.homes.length));
    const copies = replicas.filter(({ pieceId, state }) => pieceId === sourcePieceId && state === "verified").length;
    const share = Math.min(1, copies / wanted);
    return { progress: shares.arrived + (shares.copied - shares.arrived) * share, step: "copying the source" };
  }
  if (asset.sourceUrl === null) return { progress: 0, step: "uploading" };
  const fetched = fetch === undefined ? 0 : (wordOn(fetch)?.progress ?? 0);
  return { progress: shares.arrived * fetched, step: "fetching the source" };
}

function stepOf(view: AssetView): string {
  const made = new Set(view.pieces.map((piece) => piece.id));
  if (!plannedPieces(view).every((pieceId) => made.has(pieceId))) return "encoding";
  return view.openTasks.some(({ kind }) => kind === "check") ? "checking" : "copying";
}

interface Encode {
  readonly view: AssetView;
  readonly plan: EncodePlan;
  readonly edition: number;
}

// What is made says how many frames it has; what is not shares the rest of the film's by its length.
function encodedShare({ view, plan, edition }: Encode, wordOn: (task: TaskRecord) => TaskWord | null): number {
  const frames = new Map(view.pieces.map(({ id, content }) => [id, content.kind === "video" ? content.frames : 0]));
  const made = plan.chunks.map(({ index }) => frames.get(videoPieceId(index, edition)) ?? null);
  const done = made.reduce<number>((sum, count) => sum + (count ?? 0), 0);
  const missing = plan.chunks.filter((_, at) => made[at] === null);
  const segments = missing.reduce((sum, { segmentCount }) => sum + segmentCount, 0);
  if (segments === 0) return 1;
  const rest = Math.max(segments, (view.asset.probe?.video.frames ?? 0) - done);
  const running = missing.reduce((sum, { index, segmentCount }) => {
    const pieceId = videoPieceId(index, edition);
    const task = view.openTasks.find((open) => open.kind === "transcode" && open.pieceId === pieceId);
    return sum + (task === undefined ? 0 : (wordOn(task)?.progress ?? 0) * segmentCount);
  }, 0);
  return (done + (rest * running) / segments) / (done + rest);
}

function speedOf({ openTasks }: AssetView, wordOn: (task: TaskRecord) => TaskWord | null): number {
  const encodes = openTasks.filter(({ kind, state }) => kind === "transcode" && state === "leased");
  return encodes.reduce((sum, task) => sum + (wordOn(task)?.speed ?? 0), 0);
}

function secondsLeft({ probe }: AssetRecord, share: number | null): number | null {
  return probe === null || share === null ? null : probe.durationSeconds * (1 - share);
}
