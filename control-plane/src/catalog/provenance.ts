// What ffmpeg was told for each piece. Kept beside the pieces, since planning and players never ask for it; it goes with
// the piece.
import type { AssetId } from "@vstream/core/ids.ts";
import type { Piece } from "@vstream/core/media.ts";
import { fromJson, toJson } from "./json-column.ts";
import { toPiece } from "./pieces.ts";
import type { Db } from "./tables.ts";

/** Of pieces that were just stored. */
export async function writeProvenance(db: Db, assetId: AssetId, pieces: readonly Piece[]): Promise<void> {
  const rows = pieces.flatMap(({ id, arguments: told = [] }) =>
    told.length === 0 ? [] : [{ asset_id: assetId, piece_id: id, arguments: toJson(told) }],
  );
  if (rows.length > 0) await db.insertInto("provenance").values(rows).execute();
}

/** All pieces of an asset by their ids, each with what ffmpeg was told, where that was kept. */
export async function getProvenance(db: Db, assetId: AssetId): Promise<readonly Piece[]> {
  const rows = await db
    .selectFrom("pieces")
    .leftJoin("provenance", (join) =>
      join.onRef("provenance.asset_id", "=", "pieces.asset_id").onRef("provenance.piece_id", "=", "pieces.id"),
    )
    .select(["pieces.id", "pieces.content", "pieces.toolchain", "pieces.made_by", "provenance.arguments"])
    .where("pieces.asset_id", "=", assetId)
    .orderBy("pieces.id")
    .execute();
  return rows.map(({ arguments: told, ...row }) => ({
    ...toPiece(row),
    ...(told === null ? {} : { arguments: fromJson(told) }),
  }));
}
