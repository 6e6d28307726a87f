// Whether something would be lost with a node: the last guard before it is called drained, or removed.
import { sourcePieceId } from "@vstream/core/ids.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import { sourceIsOver } from "./source-keeping.ts";
import type { Db } from "./tables.ts";

/**
 * Whether the node holds a copy of which there is no other that counts: verified, on a node that is neither down nor to
 * be emptied. Its own copies count also while it is down, because they may be all that is left. Of assets that failed
 * or are being deleted, nothing is missed, nor is a source that is not kept any more.
 */
export async function hasLastCopy(db: Db, nodeId: NodeId): Promise<boolean> {
  const last = await db
    .selectFrom("replicas as own")
    .innerJoin("assets", "assets.id", "own.asset_id")
    .select("own.asset_id")
    .where("own.node_id", "=", nodeId)
    .where("own.state", "=", "verified")
    .where("assets.state", "not in", ["failed", "deleting"])
    .where((eb) => eb.not(eb("own.piece_id", "=", sourcePieceId).and(sourceIsOver)))
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
