// Whether chunks join: the frame before a chunk's first, as its own decoding saw it, is the last frame of the chunk
// before. Where it is not, one of the two was decoded from a bad start and is made again from further back.
import type { Failure } from "@vstream/core/errors.ts";
import { videoPieceId } from "@vstream/core/ids.ts";
import type { NodeId, PieceId } from "@vstream/core/ids.ts";
import type { VideoContent } from "@vstream/core/media.ts";
import { copiesOf } from "./asset-facts.ts";
import type { AssetFacts } from "./asset-facts.ts";
import type { Decision } from "./decisions.ts";
import { newTask } from "./new-task.ts";
import { fromFileStart } from "./pre-roll.ts";

export interface JointFindings {
  /** Leading chunks whose video is there and joins. */
  readonly provenChunks: number;
  /** A piece that is to be made again, at most one: what follows a bad joint is judged once it is good. */
  readonly remake: PieceId | null;
  readonly failure: Failure | null;
}

export function checkJoints(facts: AssetFacts): JointFindings {
  const chunks = facts.asset.plan?.chunks.length ?? 0;
  for (let chunk = facts.asset.releasedChunks; chunk < chunks; chunk += 1) {
    const content = videoOf(facts, chunk);
    if (content === null) return { provenChunks: chunk, remake: null, failure: null };
    if (chunk > 0 && content.joint.beforeFirst !== videoOf(facts, chunk - 1)?.joint.last) {
      return { provenChunks: chunk, ...remedyFor(chunk, facts) };
    }
  }
  return { provenChunks: chunks, remake: null, failure: null };
}

function videoOf(facts: AssetFacts, chunk: number): VideoContent | null {
  const content = facts.pieces.get(videoPieceId(chunk, facts.asset.edition))?.content;
  return content?.kind === "video" ? content : null;
}

/** The piece goes, and with it what nodes that are no homes hold of it; homes get the new one in its place. */
export function dropDecisions(pieceId: PieceId, facts: AssetFacts, homes: readonly NodeId[]): Decision[] {
  const { asset } = facts;
  const strays = copiesOf(facts, pieceId).filter((nodeId) => !homes.includes(nodeId));
  return [
    { kind: "drop-piece", assetId: asset.id, pieceId, reason: "it does not join its neighbour, and is made again" },
    ...strays.map((nodeId) => newTask(asset, { kind: "discard", pieceId: "", nodeId, discardPieceIds: [pieceId] })),
  ];
}

function remedyFor(chunk: number, facts: AssetFacts): Pick<JointFindings, "remake" | "failure"> {
  const { edition, releasedChunks } = facts.asset;
  const suspects = [chunk, chunk - 1]
    .filter((index) => index >= releasedChunks)
    .map((index) => videoPieceId(index, edition));
  const retried = suspects.find((pieceId) => facts.view.preRolls.get(pieceId) !== fromFileStart);
  if (retried === undefined) return { remake: null, failure: unprovable(chunk, facts) };
  return { remake: retried, failure: null };
}

function unprovable(chunk: number, facts: AssetFacts): Failure {
  return {
    code: "encode_mismatch",
    message: `chunks ${chunk - 1} and ${chunk} of ${facts.asset.id} do not join, even decoded from the file's start`,
    hint: "Write the source anew with another program, and ingest that",
  };
}
