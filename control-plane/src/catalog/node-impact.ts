// What depends on a node: the copies that it holds, and how many others there are of each.
import { sql } from "kysely";
import { sourcePieceId } from "@vstream/core/ids.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import type { AssetImpact, NodeImpact } from "./catalog.ts";
import { pieceIsOver } from "./kept-editions.ts";
import type { Db } from "./tables.ts";

/** The newest copies, by which the pace of the next ones is judged. */
const judgedCopies = 200;

export async function getNodeImpact(db: Db, { nodeId, limit }: { nodeId: NodeId; limit: number }): Promise<NodeImpact> {
  const held = heldBy(db, nodeId);
  const totals = await db
    .selectFrom(held.as("held"))
    .select((eb) => [
      eb.fn.countAll<number>().as("assets"),
      sql<number>`coalesce(sum(case when fewest_elsewhere = 0 then 1 else 0 end), 0)`.as("assetsOnlyHere"),
      sql<number>`coalesce(sum(bytes_held), 0)`.as("bytesHeld"),
      sql<number>`coalesce(sum(bytes_to_copy), 0)`.as("bytesToCopy"),
    ])
    .executeTakeFirstOrThrow();
  const items: AssetImpact[] = await db
    .selectFrom(held.as("held"))
    .select([
      "asset_id as assetId",
      "title",
      "state",
      "fewest_elsewhere as fewestCopiesElsewhere",
      "bytes_to_copy as bytesToCopy",
    ])
    .orderBy("fewest_elsewhere")
    .orderBy("bytes_to_copy", "desc")
    .orderBy("asset_id")
    .limit(limit)
    .execute();
  return { ...totals, copyBytesPerSecond: await paceOfCopies(db), items };
}

// A line for each asset that is still wanted. What is about to be taken from a node is no copy to count on.
function heldBy(db: Db, nodeId: NodeId) {
  const copies = db
    .selectFrom("replicas as own")
    .innerJoin("assets", "assets.id", "own.asset_id")
    .innerJoin("pieces", (join) =>
      join.onRef("pieces.asset_id", "=", "own.asset_id").onRef("pieces.id", "=", "own.piece_id"),
    )
    .select((eb) => [
      "own.asset_id",
      "own.bytes",
      "assets.title",
      "assets.state",
      // Of a source that is never kept, one is enough.
      eb
        .case()
        .when(eb("own.piece_id", "=", sourcePieceId).and("assets.keep_source", "=", "never"))
        .then(1)
        .else(eb.ref("assets.replicas_wanted"))
        .end()
        .as("replicas_wanted"),
      eb
        .selectFrom("replicas as other")
        .innerJoin("nodes", "nodes.id", "other.node_id")
        .select((one) => one.fn.countAll<number>().as("n"))
        .whereRef("other.asset_id", "=", "own.asset_id")
        .whereRef("other.piece_id", "=", "own.piece_id")
        .where("other.node_id", "<>", nodeId)
        .where("other.state", "=", "verified")
        .where("nodes.copies_trusted", "=", 1)
        .where("nodes.health", "<>", "down")
        .where("nodes.scheduling", "in", ["active", "cordoned"])
        .$asScalar()
        .$notNull()
        .as("elsewhere"),
    ])
    .where("own.node_id", "=", nodeId)
    .where("own.state", "=", "verified")
    .where("assets.state", "not in", ["deleting", "failed"])
    .where((eb) => eb.not(pieceIsOver));
  return db
    .selectFrom(copies.as("copies"))
    .select([
      "asset_id",
      "title",
      "state",
      sql<number>`min(elsewhere)`.as("fewest_elsewhere"),
      sql<number>`sum(bytes)`.as("bytes_held"),
      sql<number>`sum(case when elsewhere < replicas_wanted then bytes else 0 end)`.as("bytes_to_copy"),
    ])
    .groupBy(["asset_id", "title", "state"]);
}

async function paceOfCopies(db: Db): Promise<number | null> {
  const newest = db
    .selectFrom("tasks")
    .innerJoin("pieces", (join) =>
      join.onRef("pieces.asset_id", "=", "tasks.asset_id").onRef("pieces.id", "=", "tasks.piece_id"),
    )
    .select(["pieces.bytes", sql<number>`tasks.finished_at - tasks.started_at`.as("ms")])
    // Literals, so that the partial index is seen to give them in this order.
    .where("tasks.kind", "=", sql.lit("replicate"))
    .where("tasks.state", "=", sql.lit("succeeded"))
    .where("tasks.started_at", "is not", null)
    .orderBy("tasks.finished_at", "desc")
    .limit(judgedCopies);
  const { bytes, ms } = await db
    .selectFrom(newest.as("newest"))
    .select([sql<number>`coalesce(sum(bytes), 0)`.as("bytes"), sql<number>`coalesce(sum(ms), 0)`.as("ms")])
    .executeTakeFirstOrThrow();
  return ms <= 0 || bytes <= 0 ? null : (bytes / ms) * 1000;
}
