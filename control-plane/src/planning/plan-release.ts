// What a player may be given: leading chunks whose video joins and whose every piece stands on a home. With the first
// the asset is playable; with the last it is measured; with enough copies of everything it is ready.
import { sourcePieceId, textPieceId, timelinePieceId } from "@vstream/core/ids.ts";
import type { NodeId, PieceId } from "@vstream/core/ids.ts";
import type { AssetRecord, EncodePlan } from "../catalog/records.ts";
import { copiesOf, isLostForGood, piecesOfChunk, plannedPieces } from "./asset-facts.ts";
import type { AssetFacts } from "./asset-facts.ts";
import { checkJoints, dropDecisions } from "./check-joints.ts";
import { copiesWantedOn } from "./cluster.ts";
import type { Cluster } from "./cluster.ts";
import type { Decision } from "./decisions.ts";
import { measureRates } from "./measure.ts";
import type { StepOutcome } from "./plan-making.ts";

export function planRelease(facts: AssetFacts, homes: readonly NodeId[], cluster: Cluster): StepOutcome {
  const { asset } = facts;
  if (asset.plan === null) return { kind: "decided", decisions: [] };
  const joints = checkJoints(facts);
  if (joints.failure !== null) return { kind: "failed", failure: joints.failure };
  const released = releasable(facts, homes, joints.provenChunks);
  return {
    kind: "decided",
    decisions: [
      ...(joints.remake === null ? [] : dropDecisions(joints.remake, facts, homes)),
      ...releaseDecisions(asset, released),
      ...finishDecisions(facts, homes, cluster),
    ],
  };
}

function releasable(facts: AssetFacts, homes: readonly NodeId[], provenChunks: number): number {
  const { plan, releasedChunks } = facts.asset;
  if (plan === null) return releasedChunks;
  let released = releasedChunks;
  const standsOnHome = (pieceId: PieceId): boolean => copiesOf(facts, pieceId).some((nodeId) => homes.includes(nodeId));
  while (released < provenChunks && piecesOfChunk(plan, released).every(standsOnHome)) released += 1;
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
function finishDecisions(facts: AssetFacts, homes: readonly NodeId[], cluster: Cluster): Decision[] {
  const { asset } = facts;
  const { plan, probe } = asset;
  if (plan === null || probe === null || asset.releasedChunks < plan.chunks.length) return [];
  if (asset.measured === null) {
    const measured = measureRates({ plan, probe, pieces: [...facts.pieces.values()] });
    return [{ kind: "set-measured", assetId: asset.id, measured }];
  }
  const isDone = asset.state === "playable" && hasAllCopies(facts, plan, { homes, cluster });
  return isDone ? [stateDecision(asset, "ready")] : [];
}

function hasAllCopies(
  facts: AssetFacts,
  plan: EncodePlan,
  { homes, cluster }: { homes: readonly NodeId[]; cluster: Cluster },
): boolean {
  const wanted = copiesWantedOn(homes, facts.asset, cluster);
  // What is encoded whole plays without its source, even if that was lost meanwhile, and without what only the source
  // could give again: the timeline, and text.
  const isSourceLost = isLostForGood(facts, sourcePieceId, cluster);
  const dispensable = [sourcePieceId, timelinePieceId, ...plan.text.map(({ track }) => textPieceId(track))];
  const isPointless = (pieceId: PieceId): boolean =>
    isSourceLost && dispensable.includes(pieceId) && isLostForGood(facts, pieceId, cluster);
  const pieces = plannedPieces(facts.view).filter((pieceId) => !isPointless(pieceId));
  return pieces.every(
    (pieceId) => copiesOf(facts, pieceId).filter((nodeId) => homes.includes(nodeId)).length >= wanted,
  );
}

function stateDecision(asset: AssetRecord, to: "playable" | "ready"): Decision {
  return { kind: "set-asset-state", assetId: asset.id, from: asset.state, to, error: null };
}
