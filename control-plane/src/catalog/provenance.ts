// How pieces were made, for who asks.
import type { AssetId } from "@vstream/core/ids.ts";
import type { Piece } from "@vstream/core/media.ts";
import { fromJson } from "./json-column.ts";
import { toPiece } from "./pieces.ts";
import type { Db } from "./tables.ts";

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
