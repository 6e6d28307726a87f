// Who holds an asset: for each node the verified copies that count.
import type { AssetId, NodeId, PieceId } from "@vstream/core/ids.ts";
import type { NodeCopies } from "./catalog.ts";
import type { Db } from "./tables.ts";

/** By node, its pieces in the order of their names. */
export async function listCopies(db: Db, assetId: AssetId): Promise<readonly NodeCopies[]> {
  const rows = await verifiedCopies(db, assetId).orderBy("replicas.piece_id").execute();
  const byNode = Map.groupBy(rows, (row) => row.nodeId);
  return [...byNode].sort(([one], [other]) => (one < other ? -1 : 1)).map(([nodeId, copies]) => sumUp(nodeId, copies));
}

function verifiedCopies(db: Db, assetId: AssetId) {
  return db
    .selectFrom("replicas")
    .innerJoin("nodes", "nodes.id", "replicas.node_id")
    .select(["replicas.node_id as nodeId", "replicas.piece_id as pieceId", "replicas.bytes"])
    .where("replicas.asset_id", "=", assetId)
    .where("replicas.state", "=", "verified")
    .where("nodes.copies_trusted", "=", 1);
}

function sumUp(nodeId: NodeId, copies: readonly { pieceId: PieceId; bytes: number }[]): NodeCopies {
  const bytes = copies.reduce((sum, copy) => sum + copy.bytes, 0);
  return { nodeId, pieceIds: copies.map((copy) => copy.pieceId), bytes };
}
