// How far before a chunk's first frame its decoding starts, in keyframes. One is enough for nearly every file;
// a joint that does not prove is tried from further back, last from the start of the file (0).
import type { PieceId } from "@vstream/core/ids.ts";
import { copiesOf } from "./asset-facts.ts";
import type { AssetFacts } from "./asset-facts.ts";

// Intra-refresh streams needed 4; an FLV with a wrong index needed the start.
const preRolls = [1, 2, 4, 8, 16, 0];
const firstPreRoll = 1;

/** The last one there is: from the start of the file. */
export const fromFileStart = 0;

/**
 * For the next encode of a video piece: as before when the piece is known and only its copies are lost, since the
 * bytes must be the same; the next further one when the piece was dropped.
 */
export function preRollFor(pieceId: PieceId, facts: AssetFacts): number {
  const last = facts.view.preRolls.get(pieceId);
  if (last === undefined) return firstPreRoll;
  const isKnown = facts.pieces.has(pieceId) || copiesOf(facts, pieceId).length > 0;
  return isKnown ? last : (preRolls[preRolls.indexOf(last) + 1] ?? fromFileStart);
}
