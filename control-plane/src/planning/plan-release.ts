// What a player may be given: leading chunks whose video joins and whose every piece stands on a home. With the first
// the asset is playable; with the last it is measured; checked, and with enough copies of everything, it is ready.
import { sourcePieceId, textPieceId, timelinePieceId } from "@vstream/core/ids.ts";
import type { NodeId, PieceId } from "@vstream/core/ids.ts";
import type { AssetRecord, EncodePlan } from "../catalog/records.ts";
import { copiesOf, isLostForGood, ownPieces, piecesOfChunk, plannedPieces } from "./asset-facts.ts";
import type { AssetFacts } from "./asset-facts.ts";
import { checkJoints, dropDecisions } from "./check-joints.ts";
import { copiesWantedOn } from "./cluster.ts";
import type { Cluster } from "./cluster.ts";
import type { Decision } from "./decisions.ts";
import { measureRates } from "./measure.ts";
import { planCheck } from "./plan-check.ts";
import type { CheckStep } from "./plan-check.ts";
import type { StepOutcome } from "./plan-making.ts";

export function planRelease(facts: AssetFacts, homes: readonly NodeId[], cluster: Cluster): StepOutcome {
  const { asset } = facts;
  if (asset.plan === null) return { kind: "decided", decisions: [] };
  const joints = checkJoints(facts);
  if (joints.failure !== null) return { kind: "failed", failure: joints.failure };
  const released = releasable(facts, homes, joints.provenChunks);
  const finish = planFinish(facts, homes, cluster);
  if (finish.kind === "failed") return finish;
  return {
    kind: "decided",
    decisions: [
      ...(joints.remake === null ? [] : dropDecisions(joints.remake, facts, homes)),
      ...releaseDecisions(asset, released),
      ...finish.decisions,
    ],
  };
}

function releasable(facts: AssetFacts, homes: readonly NodeId[], provenChunks: number): number {
  const { plan, releasedChunks } = facts.asset;
  if (plan === null) return releasedChunks;
  let released = releasedChunks;
  const standsOnHome = (pieceId: PieceId): boolean => copiesOf(facts, pieceId).some((nodeId) => homes.includes(nodeId));
  while (released < provenChunks && piecesOfChunk(facts.asset, released).every(standsOnHome)) released += 1;
  return released;
}

function releaseDecisions(asset: AssetRecord, releasedChunks: number): Decision[] {
  const release: Decision = { kind: "release-chunks", assetId: asset.id, releasedChunks };
  const playable = stateDecision(asset, "playable");
  return [
    ...(releasedChunks > asset.releasedChunks ? [release] : []),
    ...(releasedChunks > 0 && asset.state === "processing" ? [playable] : []),
  ];
}

// Each step looks at what the catalog has, not at what was decided a line above: a decision may come to nothing.
function planFinish(facts: AssetFacts, homes: readonly NodeId[], cluster: Cluster): StepOutcome {
  const { asset } = facts;
  const { plan, probe } = asset;
  const nothing: StepOutcome = { kind: "decided", decisions: [] };
  if (plan === null || probe === null || asset.releasedChunks < plan.chunks.length) return nothing;
  if (asset.measured === null) {
    const measured = measureRates({ plan, probe, pieces: ownPieces(facts) });
    return { kind: "decided", decisions: [{ kind: "set-measured", assetId: asset.id, measured }] };
  }
  if (asset.state !== "playable" || hasMoreToCome(asset)) return nothing;
  const pieces = piecesWanted(facts, plan, cluster);
  const wanted = copiesWantedOn(homes, asset, cluster);
  const isCovered = pieces.every(
    (pieceId) => copiesOf(facts, pieceId).filter((nodeId) => homes.includes(nodeId)).length >= wanted,
  );
  const check = wasReady(asset) ? passed : planCheck(facts, { pieces, homes, isCovered });
  if (check.kind === "failed") return check;
  if (check.kind === "open") return { kind: "decided", decisions: check.decisions };
  return isCovered ? { kind: "decided", decisions: [stateDecision(asset, "ready")] } : nothing;
}

const passed: CheckStep = { kind: "passed" };

// What was published is not held against rules that came later: an old encode stays what it was. An edition that is
// made beside it is new.
function wasReady({ readyAt, edition, nextEdition }: AssetRecord): boolean {
  return readyAt !== null && nextEdition?.edition !== edition;
}

// What plays is only the first part of it.
function hasMoreToCome({ edition, nextEdition }: AssetRecord): boolean {
  return nextEdition !== null && nextEdition.edition !== edition;
}

function piecesWanted(facts: AssetFacts, plan: EncodePlan, cluster: Cluster): PieceId[] {
  // A source that goes then is not waited for. What is encoded whole plays without, also if it was lost meanwhile, and
  // without what only the source could give again: the timeline, and text.
  const isSourceLost = isLostForGood(facts, sourcePieceId, cluster);
  const dispensable = [sourcePieceId, timelinePieceId, ...plan.text.map(({ track }) => textPieceId(track))];
  const isPointless = (pieceId: PieceId): boolean =>
    (pieceId === sourcePieceId && facts.asset.keepSource !== "always") ||
    (isSourceLost && dispensable.includes(pieceId) && isLostForGood(facts, pieceId, cluster));
  return plannedPieces(facts.view).filter((pieceId) => !isPointless(pieceId));
}

function stateDecision(asset: AssetRecord, to: "playable" | "ready"): Decision {
  return { kind: "set-asset-state", assetId: asset.id, from: asset.state, to, error: null };
}
