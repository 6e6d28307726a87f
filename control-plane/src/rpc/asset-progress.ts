// How far an asset is, as one number and one word. Pure. The number is a sum of four shares: the upload, the copies of
// the source, what is encoded (running tasks count with what they have done), and the copies of everything.
import { imagesPieceId, sourcePieceId, videoPieceId } from "@vstream/core/ids.ts";
import type { PieceId } from "@vstream/core/ids.ts";
import type { AudioTarget } from "@vstream/core/media.ts";
import type { AssetRecord, AssetView, EncodePlan, TaskRecord } from "../catalog/records.ts";
import { extrasOf, isGivenUp, plannedPieces } from "../planning/asset-facts.ts";

const shares = { upload: 0.05, sourceCopies: 0.05, encoding: 0.75, copies: 0.15 };
/** An audio track costs about this part of what the video of the same length does. */
const audioWeight = 0.05;
/** And a track of text, and images. */
const extraWeight = 0.01;
/** Shown until the asset is ready: it is not finished before it says so. */
const nearlyDone = 0.999;

export interface Progress {
  readonly progress: number;
  readonly step: string;
}

/**
 * Of an asset that is being worked at; see settledProgress for the others.
 * @param progressOf of a running task, 0 to 1
 */
export function progressOfAsset(view: AssetView, progressOf: (task: TaskRecord) => number): Progress {
  const wanted = Math.max(1, Math.min(view.asset.replicasWanted, view.asset.homes.length));
  const copies = countCopies(view, progressOf);
  const copied = (pieceId: PieceId): number => Math.min(1, (copies.get(pieceId) ?? 0) / wanted);
  if (!view.pieces.some((piece) => piece.id === sourcePieceId)) return { progress: 0, step: "uploading" };
  const source = shares.upload + shares.sourceCopies * copied(sourcePieceId);
  if (view.asset.state === "uploading") return { progress: source, step: "copying the source" };
  const { plan } = view.asset;
  if (plan === null) return { progress: source, step: "reading" };
  const encoded = encodedShare(plan, view, progressOf);
  const pieces = plannedPieces(view);
  const everywhere = pieces.reduce((sum, pieceId) => sum + copied(pieceId), 0) / pieces.length;
  const progress = Math.min(nearlyDone, source + shares.encoding * encoded + shares.copies * everywhere);
  return { progress, step: encoded < 1 ? "encoding" : "copying" };
}

/** Of an asset that nothing is being made of any more; undefined for one in work. */
export function settledProgress(asset: AssetRecord): Progress | undefined {
  switch (asset.state) {
    case "ready":
      return { progress: 1, step: "done" };
    case "failed":
      return { progress: 0, step: "failed" };
    case "deleting":
      return { progress: 0, step: "deleting" };
    case "uploading":
    case "processing":
    case "playable":
      return undefined;
  }
}

function countCopies(view: AssetView, progressOf: (task: TaskRecord) => number): Map<PieceId, number> {
  const copies = new Map<PieceId, number>();
  const add = (pieceId: PieceId, count: number): void => {
    copies.set(pieceId, (copies.get(pieceId) ?? 0) + count);
  };
  for (const replica of view.replicas) if (replica.state === "verified") add(replica.pieceId, 1);
  for (const task of view.openTasks) {
    if (task.kind === "replicate" && task.pieceId !== "") add(task.pieceId, progressOf(task));
  }
  return copies;
}

function encodedShare(plan: EncodePlan, view: AssetView, progressOf: (task: TaskRecord) => number): number {
  const made = new Set(view.pieces.map((piece) => piece.id));
  const running = new Map(view.openTasks.map((task) => [`${task.kind} ${task.pieceId}`, progressOf(task)]));
  let total = 0;
  let done = 0;
  for (const chunk of plan.chunks) {
    const pieceId = videoPieceId(chunk.index);
    total += chunk.segmentCount;
    done += chunk.segmentCount * (made.has(pieceId) ? 1 : (running.get(`transcode ${pieceId}`) ?? 0));
  }
  const chunkTotal = total;
  const trackTotal = chunkTotal * audioWeight;
  for (const target of plan.audio) {
    total += trackTotal;
    done += trackTotal * trackShare(target, view, running);
  }
  for (const pieceId of extrasOf(plan).filter((id) => !isGivenUp(id, view.deadTasks))) {
    const kind = pieceId === imagesPieceId ? "images" : "text";
    const weight = chunkTotal * extraWeight;
    total += weight;
    done += weight * (made.has(pieceId) ? 1 : (running.get(`${kind} ${pieceId}`) ?? 0));
  }
  return total === 0 ? 0 : done / total;
}

// A track is one encode that reports chunk by chunk: whichever of the two says more is nearer.
function trackShare(target: AudioTarget, view: AssetView, running: ReadonlyMap<string, number>): number {
  const prefix = `audio-${String(target.track)}-`;
  const made = view.pieces.filter((piece) => piece.id.startsWith(prefix)).length;
  const reported = made / Math.max(1, view.asset.plan?.chunks.length ?? 1);
  const [heard] = [...running].filter(([name]) => name.startsWith(`audio ${prefix}`)).map(([, share]) => share);
  return Math.min(1, Math.max(reported, heard ?? 0));
}
