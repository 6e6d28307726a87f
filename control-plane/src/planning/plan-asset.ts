// What is next for one asset, by its state.
import { sourcePieceId, timelinePieceId } from "@vstream/core/ids.ts";
import { copiesOf, isLostForGood, openTask, piecesOfChunk } from "./asset-facts.ts";
import type { AssetFacts } from "./asset-facts.ts";
import { copiesWantedOn } from "./cluster.ts";
import type { Cluster } from "./cluster.ts";
import type { Decision } from "./decisions.ts";
import { failAsset, piecesLost, sourceLost, sourceTooLarge } from "./fail-asset.ts";
import { copiesEnough, isSourceOver } from "./keep-source.ts";
import { planLeftovers, planSurplus, planTrash } from "./plan-discard.ts";
import { planAwaitedNodes } from "./plan-awaited-nodes.ts";
import { planForced } from "./plan-drain.ts";
import { planEditions } from "./plan-editions.ts";
import { awaitSource, canFetchAgain, endFetch, planFetch } from "./plan-fetch.ts";
import { homesDecision, planHomes } from "./plan-homes.ts";
import { planLost, planMaking } from "./plan-making.ts";
import type { StepOutcome } from "./plan-making.ts";
import { planRelease } from "./plan-release.ts";
import { planCopies } from "./plan-repair.ts";
import { planSettle } from "./plan-settle.ts";

export function planAsset(facts: AssetFacts, cluster: Cluster): Decision[] {
  return [...planState(facts, cluster), ...planAwaitedNodes(facts, cluster), ...planForced(facts, cluster)];
}

function planState(facts: AssetFacts, cluster: Cluster): Decision[] {
  switch (facts.asset.state) {
    case "uploading":
      return planUploading(facts, cluster);
    case "processing":
    case "playable":
      return planMade(facts, cluster);
    case "ready":
      return planReady(facts, cluster);
    case "failed":
      return planLeftovers(facts, cluster);
    case "deleting":
      return planTrash(facts, cluster);
  }
}

function planUploading(facts: AssetFacts, cluster: Cluster): Decision[] {
  const { asset } = facts;
  if (!facts.pieces.has(sourcePieceId)) return planAwaiting(facts, cluster);
  if (canFetchAgain(facts, cluster)) return planAwaiting(facts, cluster);
  if (isLostForGood(facts, sourcePieceId, cluster)) return failAsset(facts, sourceLost(asset));
  const { maxSourceBytes } = cluster.settings;
  // An uploaded one was refused before it came. Nodes that know no limit of the cluster fetch by their own.
  if (asset.sourceUrl !== null && asset.sourceBytes > maxSourceBytes) {
    return failAsset(facts, sourceTooLarge(asset, maxSourceBytes));
  }
  const planned = planHomes(facts, cluster);
  const { homes } = planned;
  const copies = copiesOf(facts, sourcePieceId).filter((nodeId) => homes.includes(nodeId)).length;
  const isUploaded = copies >= copiesEnough(asset, sourcePieceId, copiesWantedOn(homes, asset, cluster));
  // What the source is can be found out while it is copied; and when it is refused, the copying ends too.
  const probing = asset.probe === null ? planMaking(facts, cluster) : nothingToMake;
  if (probing.kind === "failed") return failAsset(facts, probing.failure);
  return [
    ...homesDecision(facts, planned),
    ...probing.decisions,
    ...planCopies(facts, homes, cluster),
    ...endFetch(facts),
    ...(isUploaded ? [beginMaking(facts)] : []),
  ];
}

function planAwaiting(facts: AssetFacts, cluster: Cluster): Decision[] {
  if (cluster.at - awaitedSince(facts) > cluster.settings.uploadLimitMs) return failAsset(facts, uploadGivenUp);
  const fetching = planFetch(facts);
  if (fetching.kind === "failed") return failAsset(facts, fetching.failure);
  return [...homesDecision(facts, planHomes(facts, cluster)), ...fetching.decisions];
}

// Of a source that a node fetches: since its task was made, or tried again by somebody.
function awaitedSince(facts: AssetFacts): number {
  if (facts.asset.sourceUrl === null) return facts.asset.createdAt;
  return openTask(facts, { kind: "fetch", pieceId: sourcePieceId })?.createdAt ?? Infinity;
}

const nothingToMake: StepOutcome = { kind: "decided", decisions: [] };

function beginMaking({ asset }: AssetFacts): Decision {
  return { kind: "set-asset-state", assetId: asset.id, from: "uploading", to: "processing", error: null };
}

function planMade(facts: AssetFacts, cluster: Cluster): Decision[] {
  const making = planMaking(facts, cluster);
  if (making.kind === "failed") {
    return canFetchAgain(facts, cluster) ? [awaitSource(facts)] : failAsset(facts, making.failure);
  }
  const planned = planHomes(facts, cluster);
  const { homes } = planned;
  const release = planRelease(facts, homes, cluster);
  if (release.kind === "failed") return failAsset(facts, release.failure);
  return [
    ...homesDecision(facts, planned),
    ...making.decisions,
    ...planCopies(facts, homes, cluster),
    ...release.decisions,
    ...planEditions(facts, homes, cluster),
  ];
}

function planReady(facts: AssetFacts, cluster: Cluster): Decision[] {
  if (isBeyondRepair(facts)) return failAsset(facts, piecesLost(facts.asset));
  const planned = planHomes(facts, cluster);
  const { homes } = planned;
  const decisions = [
    ...homesDecision(facts, planned),
    ...planCopies(facts, homes, cluster),
    ...planLost(facts, cluster),
    ...planSurplus(facts, homes, cluster),
    ...planEditions(facts, homes, cluster),
    ...forgetTimeline(facts, cluster),
  ];
  return decisions.length > 0 ? decisions : planSettle(facts, cluster);
}

// What it is of is not kept any more: nothing can give it again, and it is not waited for.
function forgetTimeline(facts: AssetFacts, cluster: Cluster): Decision[] {
  const { asset, pieces } = facts;
  const isWanted = !isSourceOver(asset) || !pieces.has(timelinePieceId);
  if (isWanted || !isLostForGood(facts, timelinePieceId, cluster)) return [];
  const reason = "no copy of it is left, and its source is not kept";
  return [{ kind: "drop-piece", assetId: asset.id, pieceId: timelinePieceId, reason }];
}

// Of what viewers get, a piece is gone with every copy, also on nodes that are down, and so is the source that it could
// be made from.
function isBeyondRepair(facts: AssetFacts): boolean {
  const { plan } = facts.asset;
  const held = new Set(facts.view.replicas.filter(({ state }) => state !== "lost").map(({ pieceId }) => pieceId));
  if (plan === null || (held.has(sourcePieceId) && !isSourceOver(facts.asset))) return false;
  const gone = plan.chunks.flatMap(({ index }) => piecesOfChunk(facts.asset, index)).filter((id) => !held.has(id));
  // A node is asked whether it has one of them after all.
  const isBeingRead = facts.view.openTasks.some(
    ({ kind, discardPieceIds }) => kind === "verify" && discardPieceIds.some((pieceId) => gone.includes(pieceId)),
  );
  return gone.length > 0 && !isBeingRead;
}

const uploadGivenUp = {
  code: "upload_failed",
  message: "the source did not arrive in time",
  hint: "Ingest the file again: vsctl ingest FILE",
} as const;
