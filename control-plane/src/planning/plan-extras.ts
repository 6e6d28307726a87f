// Text and images: pieces that an asset can do without. They are made as soon as what they are made from is there: text
// of the source, or of files beside it, which need no more than the timeline; images of all the video once it is
// released and measured. What has no copy left is forgotten and made anew, since another build may give other bytes and
// nobody has the old ones; what died is given up.
import { imagesPieceIdIn, sourcePieceId, textPieceId, timelinePieceId, videoPieceId } from "@vstream/core/ids.ts";
import type { PieceId } from "@vstream/core/ids.ts";
import type { EncodePlan, TaskRecord } from "../catalog/records.ts";
import { copiesOf, extrasOf, isGivenUp, isExtra, openTask } from "./asset-facts.ts";
import type { AssetFacts } from "./asset-facts.ts";
import type { Decision } from "./decisions.ts";
import { cancelTasks, newTask } from "./new-task.ts";

// What viewers wait for goes first: the first chunk and its sound, of every asset.
const textRank = 1;

/**
 * @param lack isMissing: whether a piece has no copy, and none is waited for; isLost: whether there will be none, either
 */
export function planExtras(facts: AssetFacts, lack: ExtrasLack): Decision[] {
  const { isMissing, isLost } = lack;
  const { plan } = facts.asset;
  if (plan === null) return [];
  const missing = extrasOf(facts.asset).filter(isMissing);
  const wanted = missing.filter((pieceId) => !isGivenUp(pieceId, facts.view.deadTasks));
  const tasks = [...textTasks(facts, plan, { wanted, isMissing }), ...imagesTask(facts, plan, wanted)];
  // A copy that is only away is not thrown away as long as nothing could take its place.
  const isMadeAnew = (pieceId: PieceId): boolean =>
    tasks.some((decision) => decision.kind === "create-task" && decision.task.pieceId === pieceId);
  const forgotten = missing.filter((pieceId) => facts.pieces.has(pieceId) && (isLost(pieceId) || isMadeAnew(pieceId)));
  return [...cancelMoot(facts, isMissing), ...forgotten.map((pieceId) => forget(facts, pieceId)), ...tasks];
}

function forget({ asset }: AssetFacts, pieceId: PieceId): Decision {
  return { kind: "drop-piece", assetId: asset.id, pieceId, reason: "no copy of it is left" };
}

export interface ExtrasLack {
  readonly isMissing: (pieceId: PieceId) => boolean;
  readonly isLost: (pieceId: PieceId) => boolean;
}

interface Lack {
  readonly wanted: readonly PieceId[];
  readonly isMissing: (pieceId: PieceId) => boolean;
}

function textTasks(facts: AssetFacts, plan: EncodePlan, { wanted, isMissing }: Lack): Decision[] {
  if (isMissing(timelinePieceId)) return [];
  const hasSource = copiesOf(facts, sourcePieceId).length > 0;
  return plan.text
    .filter(({ origin }) => hasSource || origin === "file")
    .map(({ track }) => textPieceId(track))
    .filter((pieceId) => wanted.includes(pieceId) && openTask(facts, { kind: "text", pieceId }) === undefined)
    .map((pieceId) => newTask(facts.asset, { kind: "text", pieceId, rank: textRank }));
}

// It goes after every chunk: nobody waits for it alone.
function imagesTask(facts: AssetFacts, plan: EncodePlan, wanted: readonly PieceId[]): Decision[] {
  const { asset } = facts;
  const isEncoded = asset.measured !== null && asset.releasedChunks >= plan.chunks.length;
  const pieceId = imagesPieceIdIn(asset.edition);
  if (!isEncoded || !wanted.includes(pieceId)) return [];
  const task = { kind: "images", pieceId, rank: plan.chunks.length } as const;
  if (openTask(facts, task) !== undefined) return [];
  const isThere = plan.chunks.every(({ index }) => copiesOf(facts, videoPieceId(index, asset.edition)).length > 0);
  return isThere ? [newTask(asset, task)] : [];
}

// A node came back with what was about to be made again. Work that has begun goes on: its end is harmless.
function cancelMoot(facts: AssetFacts, isMissing: (pieceId: PieceId) => boolean): Decision[] {
  const isMoot = (task: TaskRecord): boolean =>
    isExtra(task) && task.state !== "leased" && task.pieceId !== "" && !isMissing(task.pieceId);
  return cancelTasks(facts.view.openTasks.filter(isMoot), "what it makes is there");
}
