// What is still to be made of an asset: the probe, the plan, and a task for every chunk and audio track that is not
// there. What was made and then lost with its nodes is made again; the same plan gives the same bytes. Text and images,
// which an asset can do without, are planned in plan-extras.ts.
import { asVsError } from "@vstream/core/errors.ts";
import type { Failure } from "@vstream/core/errors.ts";
import { audioPieceId, audioTrackOf, sourcePieceId, timelinePieceId, videoPieceId } from "@vstream/core/ids.ts";
import type { PieceId } from "@vstream/core/ids.ts";
import type { Probe } from "@vstream/core/media.ts";
import type { EncodePlan, TaskRecord } from "../catalog/records.ts";
import { copiesOf, isLostForGood, isThereOrReturning, openTask, piecesOfChunk } from "./asset-facts.ts";
import type { AssetFacts } from "./asset-facts.ts";
import { chooseLadder } from "./choose-ladder.ts";
import { textTargetsFor } from "./choose-targets.ts";
import type { Cluster } from "./cluster.ts";
import type { Decision } from "./decisions.ts";
import { sourceLost, unexplained } from "./fail-asset.ts";
import { plainLadders } from "./ladder-forms.ts";
import { canMakeHevc, planLostHevc } from "./lost-hevc.ts";
import { lowestAlone } from "./lowest-first.ts";
import { cancelTasks, newTask } from "./new-task.ts";
import { planExtras } from "./plan-extras.ts";
import { preRollFor } from "./pre-roll.ts";
import { splitChunks } from "./split-chunks.ts";

export type StepOutcome =
  | { readonly kind: "decided"; readonly decisions: readonly Decision[] }
  | { readonly kind: "failed"; readonly failure: Failure };

/** How many chunks of one asset are queued or being encoded; the others follow as these end. */
export const openTranscodesPerAsset = 64;

export function planMaking(facts: AssetFacts, cluster: Cluster): StepOutcome {
  const { asset } = facts;
  const dead = deadMaking(facts);
  if (dead !== undefined) return { kind: "failed", failure: dead.error ?? unexplained(dead) };
  const isMissing = (pieceId: PieceId): boolean => !isThereOrReturning(facts, pieceId, cluster);
  const decisions = planTasks(facts, isMissing);
  const isStuck = decisions.length > 0 || facts.view.openTasks.some(makesSomething) || isUnfinished(facts, cluster);
  if (isStuck && isLostForGood(facts, sourcePieceId, cluster)) return { kind: "failed", failure: sourceLost(asset) };
  if (asset.plan !== null) {
    const lost = planLostHevc(facts, isMissing, cluster);
    if (lost !== null) return lost;
    const isLost = (pieceId: PieceId): boolean => isLostForGood(facts, pieceId, cluster);
    return { kind: "decided", decisions: [...decisions, ...planExtras(facts, { isMissing, isLost })] };
  }
  if (asset.probe === null) return { kind: "decided", decisions };
  return withPlan({ facts, probe: asset.probe, cluster }, decisions);
}

// Whether something of what viewers get was never made, or is gone.
function isUnfinished(facts: AssetFacts, cluster: Cluster): boolean {
  const { asset } = facts;
  const isGone = (pieceId: PieceId): boolean => isLostForGood(facts, pieceId, cluster);
  return asset.plan === null || asset.plan.chunks.some(({ index }) => piecesOfChunk(asset, index).some(isGone));
}

/** For an asset that is ready: only what no node can bring back, and only while what it is made from is there. */
export function planLost(facts: AssetFacts, cluster: Cluster): Decision[] {
  const isMissing = (pieceId: PieceId): boolean => isLostForGood(facts, pieceId, cluster);
  const isHopeless = copiesOf(facts, sourcePieceId).length === 0 || deadMaking(facts) !== undefined;
  const extras = planExtras(facts, { isMissing, isLost: isMissing });
  return [...(isHopeless ? [] : planTasks(facts, isMissing)), ...extras];
}

function planTasks(facts: AssetFacts, isMissing: (pieceId: PieceId) => boolean): Decision[] {
  const { plan, probe } = facts.asset;
  if (probe === null || isMissing(timelinePieceId)) return probeTask(facts);
  if (plan === null) return [];
  return [
    ...cancelMoot(facts, plan, isMissing),
    ...transcodeTasks(facts, plan, isMissing),
    ...audioTasks(facts, plan, isMissing),
  ];
}

function withPlan(
  { facts, probe, cluster }: { facts: AssetFacts; probe: Probe; cluster: Cluster },
  decisions: readonly Decision[],
): StepOutcome {
  const { id, ladder, subtitleFiles } = facts.asset;
  const { ladders } = cluster.settings;
  try {
    // What no node can make would be waited for in vain.
    const whole = {
      ...chooseLadder(ladder, probe, canMakeHevc(cluster) ? ladders : plainLadders(ladders)),
      text: textTargetsFor(probe.text, subtitleFiles),
      chunks: splitChunks(probe.segments, cluster.settings.maxChunkSegments),
    };
    const lowest = isFirst(facts) ? lowestAlone(whole, probe, cluster) : null;
    const parts = lowest === null ? { plan: whole } : { plan: lowest, next: whole };
    return { kind: "decided", decisions: [...decisions, { kind: "set-plan", assetId: id, ...parts }] };
  } catch (thrown) {
    return { kind: "failed", failure: asVsError(thrown).toFailure() };
  }
}

// Not an edition that takes the place of one that plays.
function isFirst({ asset }: AssetFacts): boolean {
  return asset.edition === 0 && asset.nextEdition === null;
}

function probeTask(facts: AssetFacts): Decision[] {
  if (copiesOf(facts, sourcePieceId).length === 0) return [];
  if (openTask(facts, { kind: "probe", pieceId: timelinePieceId }) !== undefined) return [];
  return [newTask(facts.asset, { kind: "probe", pieceId: timelinePieceId })];
}

function transcodeTasks(facts: AssetFacts, plan: EncodePlan, isMissing: (pieceId: PieceId) => boolean): Decision[] {
  const open = facts.view.openTasks.filter((task) => task.kind === "transcode");
  const queued = new Set(open.map((task) => task.pieceId));
  const { edition } = facts.asset;
  return plan.chunks
    .map((chunk) => ({ rank: chunk.index, pieceId: videoPieceId(chunk.index, edition) }))
    .filter(({ pieceId }) => isMissing(pieceId) && !queued.has(pieceId))
    .slice(0, Math.max(0, openTranscodesPerAsset - open.length))
    .map(({ rank, pieceId }) =>
      newTask(facts.asset, { kind: "transcode", pieceId, rank, preRollKeyframes: preRollFor(pieceId, facts) }),
    );
}

// One encode makes all pieces of a track; it is named for the first.
function audioTasks(facts: AssetFacts, plan: EncodePlan, isMissing: (pieceId: PieceId) => boolean): Decision[] {
  const { edition } = facts.asset;
  return plan.audio
    .filter(({ track }) => plan.chunks.some((chunk) => isMissing(audioPieceId(track, chunk.index, edition))))
    .map(({ track }) => audioPieceId(track, 0, edition))
    .filter((pieceId) => openTask(facts, { kind: "audio", pieceId }) === undefined)
    .map((pieceId) => newTask(facts.asset, { kind: "audio", pieceId }));
}

// A node came back with what was about to be made again. Work that has begun goes on: its end is harmless.
function cancelMoot(facts: AssetFacts, plan: EncodePlan, isMissing: (pieceId: PieceId) => boolean): Decision[] {
  const { edition } = facts.asset;
  const isMoot = (task: TaskRecord): boolean => {
    if (task.state === "leased" || task.pieceId === "") return false;
    if (task.kind === "probe" || task.kind === "transcode") return !isMissing(task.pieceId);
    if (task.kind !== "audio") return false;
    const track = audioTrackOf(task.pieceId);
    return track !== null && !plan.chunks.some(({ index }) => isMissing(audioPieceId(track, index, edition)));
  };
  return cancelTasks(facts.view.openTasks.filter(isMoot), "what it makes is there");
}

/** The task that the making failed with. A probe belongs to all editions: one that died long ago holds up none while its timeline stands. */
export function deadMaking(facts: AssetFacts): TaskRecord | undefined {
  const isProbed = facts.asset.probe !== null && copiesOf(facts, timelinePieceId).length > 0;
  return facts.view.deadTasks.find((task) => makesSomething(task) && !(task.kind === "probe" && isProbed));
}

/** Whether the task makes a piece without which the asset is none. */
export function makesSomething(task: TaskRecord): boolean {
  return task.kind === "probe" || task.kind === "transcode" || task.kind === "audio";
}
