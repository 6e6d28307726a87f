// The copies' table: which node holds which piece. A copy that is wanted has no row.
import { sql } from "kysely";
import { bytesOf } from "@vstream/core/media.ts";
import type { Piece } from "@vstream/core/media.ts";
import type { AssetId, NodeId, PieceId } from "@vstream/core/ids.ts";
import type { ReplicaState } from "./records.ts";
import type { Db, ReplicasTable } from "./tables.ts";

/** A copy's state as others see it, in a query that joins replicas and nodes under these names. */
export const replicaState = sql<ReplicaState>`case
  when replicas.state = 'verified' and nodes.copies_trusted = 0 then 'suspect' else replicas.state end`;

export interface Copies {
  readonly assetId: AssetId;
  readonly nodeId: NodeId;
  readonly pieces: readonly Pick<Piece, "id" | "content">[];
  readonly at: number;
}

/** The pieces exist, and stand on the node whole and checked. */
export async function markVerified(db: Db, { assetId, nodeId, pieces, at }: Copies): Promise<void> {
  if (pieces.length === 0) return;
  const rows = pieces.map((piece) => ({
    asset_id: assetId,
    piece_id: piece.id,
    node_id: nodeId,
    state: "verified" as const,
    bytes: bytesOf(piece.content),
    verified_at: at,
  }));
  await db
    .insertInto("replicas")
    .values(rows)
    .onConflict((row) =>
      row.columns(["asset_id", "piece_id", "node_id"]).doUpdateSet({ state: "verified", verified_at: at }),
    )
    .execute();
  const ids = pieces.map((piece) => piece.id);
  await forgetDropped(db, { assetId, nodeId, pieceIds: ids });
}

/** A node began to copy a piece that exists. A copy that is verified stays so. */
export async function markCopying(db: Db, assetId: AssetId, pieceId: PieceId, nodeId: NodeId): Promise<void> {
  await db
    .insertInto("replicas")
    .columns(["asset_id", "piece_id", "node_id", "state", "bytes", "verified_at"])
    .expression((eb) =>
      eb
        .selectFrom("pieces")
        .select([
          "asset_id",
          "id as piece_id",
          eb.val(nodeId).as("node_id"),
          eb.val("copying" as const).as("state"),
          "bytes",
          eb.lit(null).as("verified_at"),
        ])
        .where("asset_id", "=", assetId)
        .where("id", "=", pieceId),
    )
    .onConflict((row) =>
      row
        .columns(["asset_id", "piece_id", "node_id"])
        .doUpdateSet({ state: "copying" })
        .where("replicas.state", "<>", "verified"),
    )
    .execute();
}

/** The copying ended without a copy. */
export async function unmarkCopying(db: Db, assetId: AssetId, pieceId: PieceId, nodeId: NodeId): Promise<void> {
  await db
    .deleteFrom("replicas")
    .where("asset_id", "=", assetId)
    .where("piece_id", "=", pieceId)
    .where("node_id", "=", nodeId)
    .where("state", "=", "copying")
    .execute();
}

/** The node has deleted these pieces; an empty list: all of the asset. */
export async function removeCopies(
  db: Db,
  gone: { assetId: AssetId; nodeId: NodeId; pieceIds: readonly PieceId[] },
): Promise<void> {
  const rows = db.deleteFrom("replicas").where("asset_id", "=", gone.assetId).where("node_id", "=", gone.nodeId);
  await (gone.pieceIds.length === 0 ? rows : rows.where("piece_id", "in", gone.pieceIds)).execute();
  await forgetDropped(db, gone);
}

/** The node has these no more, or not whole. Gives those that were taken for verified until now. */
export async function loseCopies(
  db: Db,
  gone: { assetId: AssetId; nodeId: NodeId; pieceIds: readonly PieceId[] },
): Promise<PieceId[]> {
  if (gone.pieceIds.length === 0) return [];
  const lost = await db
    .updateTable("replicas")
    .set({ state: "lost" })
    .where("asset_id", "=", gone.assetId)
    .where("node_id", "=", gone.nodeId)
    .where("piece_id", "in", gone.pieceIds)
    .where("state", "=", "verified")
    .returning("piece_id")
    .execute();
  return lost.map((row) => row.piece_id);
}

/** Those of the pieces that the node had and is taken to have lost; not what it was asked to delete. */
export async function lostAmong(
  db: Db,
  asked: { assetId: AssetId; nodeId: NodeId; pieceIds: readonly PieceId[] },
): Promise<PieceId[]> {
  if (asked.pieceIds.length === 0) return [];
  const lost = await db
    .selectFrom("replicas")
    .select("piece_id")
    .where("asset_id", "=", asked.assetId)
    .where("node_id", "=", asked.nodeId)
    .where("piece_id", "in", asked.pieceIds)
    .where("state", "=", "lost")
    .orderBy("piece_id")
    .execute();
  return lost.map((copy) => copy.piece_id);
}

/** As last reported; null: there is none. */
export async function copyState(
  db: Db,
  { assetId, pieceId, nodeId }: { assetId: AssetId; pieceId: PieceId; nodeId: NodeId },
): Promise<ReplicasTable["state"] | null> {
  const row = await db
    .selectFrom("replicas")
    .select("state")
    .where("asset_id", "=", assetId)
    .where("piece_id", "=", pieceId)
    .where("node_id", "=", nodeId)
    .executeTakeFirst();
  return row?.state ?? null;
}

/** Whether a node that is not down has a verified copy. */
export async function hasLiveCopy(db: Db, assetId: AssetId, pieceId: PieceId): Promise<boolean> {
  const row = await db
    .selectFrom("replicas")
    .innerJoin("nodes", "nodes.id", "replicas.node_id")
    .select("replicas.node_id")
    .where("replicas.asset_id", "=", assetId)
    .where("replicas.piece_id", "=", pieceId)
    .where("replicas.state", "=", "verified")
    .where("nodes.health", "<>", "down")
    .executeTakeFirst();
  return row !== undefined;
}

/** Those of the pieces of which a node that is not down has a verified copy. */
export async function heldAmong(
  db: Db,
  asked: { assetId: AssetId; pieceIds: readonly PieceId[] },
): Promise<ReadonlySet<PieceId>> {
  if (asked.pieceIds.length === 0) return new Set();
  const held = await db
    .selectFrom("replicas")
    .innerJoin("nodes", "nodes.id", "replicas.node_id")
    .select("replicas.piece_id")
    .distinct()
    .where("replicas.asset_id", "=", asked.assetId)
    .where("replicas.piece_id", "in", asked.pieceIds)
    .where("replicas.state", "=", "verified")
    .where("nodes.health", "<>", "down")
    .execute();
  return new Set(held.map((copy) => copy.piece_id));
}

async function forgetDropped(
  db: Db,
  gone: { assetId: AssetId; nodeId: NodeId; pieceIds: readonly PieceId[] },
): Promise<void> {
  const rows = db.deleteFrom("dropped_copies").where("asset_id", "=", gone.assetId).where("node_id", "=", gone.nodeId);
  await (gone.pieceIds.length === 0 ? rows : rows.where("piece_id", "in", gone.pieceIds)).execute();
}
