// Whether something would be lost with a node: the last guard before it is called drained, or removed.
import type { NodeId } from "@vstream/core/ids.ts";
import { pieceIsOver } from "./kept-editions.ts";
import type { Db } from "./tables.ts";

/**
 * Whether the node holds a copy of which there is no other that counts: verified, on a node that is neither down nor to
 * be emptied. Its own copies count also while it is down, because they may be all that is left. Of assets that failed
 * or are being deleted, nothing is missed, nor are a source that is not kept any more and editions that are over.
 */
export async function hasLastCopy(db: Db, nodeId: NodeId): Promise<boolean> {
  const last = await db
    .selectFrom("replicas as own")
    .innerJoin("assets", "assets.id", "own.asset_id")
    .innerJoin("pieces", (join) =>
      join.onRef("pieces.asset_id", "=", "own.asset_id").onRef("pieces.id", "=", "own.piece_id"),
    )
    .select("own.asset_id")
    .where("own.node_id", "=", nodeId)
    .where("own.state", "=", "verified")
    .where("assets.state", "not in", ["failed", "deleting"])
    .where((eb) => eb.not(pieceIsOver))
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom("replicas as other")
            .innerJoin("nodes", "nodes.id", "other.node_id")
            .select("other.node_id")
            .whereRef("other.asset_id", "=", "own.asset_id")
            .whereRef("other.piece_id", "=", "own.piece_id")
            .where("other.node_id", "<>", nodeId)
            .where("other.state", "=", "verified")
            .where("nodes.copies_trusted", "=", 1)
            .where("nodes.health", "<>", "down")
            .where("nodes.scheduling", "in", ["active", "cordoned"]),
        ),
      ),
    )
    .limit(1)
    .executeTakeFirst();
  return last !== undefined;
}
