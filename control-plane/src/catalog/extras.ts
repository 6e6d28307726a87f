// Text and images of assets: the pieces that an asset can do without, and which of them were given up.
import { textPieceId } from "@vstream/core/ids.ts";
import type { AssetId, PieceId } from "@vstream/core/ids.ts";
import type { Piece, TextTarget } from "@vstream/core/media.ts";
import { toPiece } from "./pieces.ts";
import type { AssetRecord } from "./records.ts";
import type { AssetRow, Db } from "./tables.ts";

/** Text, and the images of the edition; in the order of their names. */
export async function readExtras(db: Db, { id, edition }: Pick<AssetRow, "id" | "edition">): Promise<Piece[]> {
  const rows = await db
    .selectFrom("pieces")
    .selectAll()
    .where("asset_id", "=", id)
    // No chunk is an index away; what has none is little.
    .where("chunk", "=", -1)
    .where((eb) => eb.or([eb("kind", "=", "text"), eb.and([eb("kind", "=", "images"), eb("edition", "=", edition)])]))
    .orderBy("id")
    .execute();
  return rows.map(toPiece);
}

/**
 * The tracks of text that the asset has or is still to get: without those that were given up, and, once it is ready,
 * without those that are not there.
 */
export async function offeredText(
  db: Db,
  assets: readonly Pick<AssetRecord, "id" | "plan" | "state">[],
): Promise<ReadonlyMap<AssetId, readonly TextTarget[]>> {
  const planned = assets.flatMap(({ id, state, plan }) => {
    return plan === null || plan.text.length === 0 ? [] : [{ id, state, text: plan.text }];
  });
  if (planned.length === 0) return new Map();
  const ids = planned.map(({ id }) => id);
  const [there, givenUp] = [await textThere(db, ids), await textGivenUp(db, ids)];
  return new Map(
    planned.map(({ id, state, text }) => {
      const isOffered = ({ track }: TextTarget): boolean => {
        const name = nameOf(id, textPieceId(track));
        return there.has(name) || (state !== "ready" && !givenUp.has(name));
      };
      return [id, text.filter(isOffered)];
    }),
  );
}

async function textThere(db: Db, ids: readonly AssetId[]): Promise<ReadonlySet<string>> {
  const rows = await db
    .selectFrom("pieces")
    .select(["asset_id", "id"])
    .where("asset_id", "in", ids)
    .where("chunk", "=", -1)
    .where("kind", "=", "text")
    .execute();
  return new Set(rows.map((row) => nameOf(row.asset_id, row.id)));
}

async function textGivenUp(db: Db, ids: readonly AssetId[]): Promise<ReadonlySet<string>> {
  const rows = await db
    .selectFrom("tasks")
    .select(["asset_id", "piece_id"])
    .where("asset_id", "in", ids)
    .where("state", "=", "dead")
    .where("kind", "=", "text")
    .execute();
  return new Set(rows.map((row) => nameOf(row.asset_id, row.piece_id)));
}

function nameOf(assetId: AssetId, pieceId: PieceId | ""): string {
  return `${assetId} ${pieceId}`;
}
