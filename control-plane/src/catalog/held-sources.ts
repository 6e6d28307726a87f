// Which assets still have their source.
import { sourcePieceId } from "@vstream/core/ids.ts";
import type { AssetId } from "@vstream/core/ids.ts";
import type { Db } from "./tables.ts";

/** Those of them whose source stands on a node that is up. */
export async function heldSources(db: Db, ids: readonly AssetId[]): Promise<ReadonlySet<AssetId>> {
  const rows = await db
    .selectFrom("replicas")
    .innerJoin("nodes", "nodes.id", "replicas.node_id")
    .select("replicas.asset_id")
    .distinct()
    .where("replicas.asset_id", "in", ids)
    .where("replicas.piece_id", "=", sourcePieceId)
    .where("replicas.state", "=", "verified")
    .where("nodes.copies_trusted", "=", 1)
    .where("nodes.health", "=", "up")
    .execute();
  return new Set(rows.map((row) => row.asset_id));
}
