// Rungs in HEVC, which not every node can make: whether one can, and what becomes of a plan that nobody can go on with.
import type { Failure } from "@vstream/core/errors.ts";
import type { PieceId } from "@vstream/core/ids.ts";
import { videoPieceId } from "@vstream/core/ids.ts";
import { encodesHevc } from "@vstream/core/toolchain.ts";
import { ownPieces } from "./asset-facts.ts";
import type { AssetFacts } from "./asset-facts.ts";
import { needsHevc } from "./choose-toolchain.ts";
import { isDownForGood, isDownForTheHold, isLeaving } from "./cluster.ts";
import type { Cluster } from "./cluster.ts";
import type { Decision } from "./decisions.ts";

/** Whether a node makes it that takes work, or was away for less than the hold. */
export function canMakeHevc(cluster: Cluster): boolean {
  return cluster.nodes.some(
    (node) => encodesHevc(node.toolchain) && node.scheduling === "active" && !isDownForTheHold(node, cluster),
  );
}

export type LostHevc =
  | { readonly kind: "decided"; readonly decisions: readonly Decision[] }
  | { readonly kind: "failed"; readonly failure: Failure };

/**
 * Of a plan whose video in HEVC is not all there: before any of its video is made, nobody misses those rungs; later a
 * node that is cordoned is waited for, and only when there is none does the asset fail. null: it can be gone on with.
 */
export function planLostHevc(
  facts: AssetFacts,
  isMissing: (pieceId: PieceId) => boolean,
  cluster: Cluster,
): LostHevc | null {
  const { asset } = facts;
  const chunks = asset.plan?.chunks ?? [];
  const isAllThere = !chunks.some(({ index }) => isMissing(videoPieceId(index, asset.edition)));
  if (!needsHevc(facts) || isAllThere || canMakeHevc(cluster)) return null;
  if (!isBegun(facts)) {
    return { kind: "decided", decisions: [{ kind: "drop-hevc", assetId: asset.id, edition: asset.edition }] };
  }
  const isHoped = cluster.nodes.some(
    (node) => encodesHevc(node.toolchain) && !isLeaving(node) && !isDownForGood(node, cluster),
  );
  return isHoped ? null : { kind: "failed", failure: noEncoder(asset.id) };
}

function isBegun(facts: AssetFacts): boolean {
  const isLeased = facts.view.openTasks.some(({ kind, state }) => kind === "transcode" && state === "leased");
  return isLeased || ownPieces(facts).some(({ content }) => content.kind === "video");
}

function noEncoder(assetId: string): Failure {
  return {
    code: "no_node_available",
    message: `no node that takes work can make the rest of the rungs in HEVC of ${assetId}: none has libx265`,
    hint: "Start or uncordon a node whose ffmpeg has libx265 (vsctl nodes list); the asset then goes on by itself",
  };
}
