// Whether there is a copy that work can begin from: one that stays.
import { sql } from "kysely";
import type { AssetId, PieceId } from "@vstream/core/ids.ts";
import { toJson } from "./json-column.ts";
import type { Db } from "./tables.ts";

/** Whether a node that is not down has a verified copy, and was not told to delete it. */
export async function hasStayingCopy(db: Db, assetId: AssetId, pieceId: PieceId): Promise<boolean> {
  const named = sql<boolean>`tasks.discard_piece_ids like ${`%${JSON.stringify(pieceId)}%`}`;
  const row = await db
    .selectFrom("replicas")
    .innerJoin("nodes", "nodes.id", "replicas.node_id")
    .select("replicas.node_id")
    .where("replicas.asset_id", "=", assetId)
    .where("replicas.piece_id", "=", pieceId)
    .where("replicas.state", "=", "verified")
    .where("nodes.health", "<>", "down")
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom("tasks")
            .select("tasks.id")
            .where("tasks.asset_id", "=", assetId)
            .where("tasks.kind", "=", "discard")
            .where("tasks.state", "=", "leased")
            .whereRef("tasks.node_id", "=", "replicas.node_id")
            // One that names nothing is of all that the node has.
            .where((task) => task.or([task("tasks.discard_piece_ids", "=", toJson([])), named])),
        ),
      ),
    )
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}
