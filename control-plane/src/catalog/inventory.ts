// What a node really holds, held against what the catalog believes. After it the node's copies count again.
import type { ExpressionBuilder } from "kysely";
import type { AssetId, NodeId, PieceId } from "@vstream/core/ids.ts";
import { writeEvent } from "./events.ts";
import { requireNode, updateNode } from "./nodes.ts";
import { piecesOf } from "./pieces.ts";
import { markVerified } from "./replicas.ts";
import { unsettle, unsettleHoldersOf, unsettleHomesOf } from "./settling.ts";
import type { Db, Tables } from "./tables.ts";

/**
 * A copy reported so shortly before the inventory may be missing from it only because the node listed its store a
 * moment earlier; it is left alone.
 */
export const recentCopyMs = 10_000;

export interface Inventory {
  readonly nodeId: NodeId;
  readonly entries: readonly { assetId: AssetId; pieceIds: readonly PieceId[] }[];
  readonly at: number;
}

/** Assets that the node holds and that are forgotten or were never here are returned: to be swept. */
export async function recordInventory(db: Db, inventory: Inventory): Promise<AssetId[]> {
  const { nodeId, entries, at } = inventory;
  const node = await requireNode(db, nodeId);
  const unknown: AssetId[] = [];
  const seen = new Set<AssetId>();
  for (const { assetId, pieceIds } of entries) {
    seen.add(assetId);
    if (!(await compareAsset(db, { assetId, nodeId, held: new Set(pieceIds), at }))) unknown.push(assetId);
  }
  const lost = await loseUnlisted(db, { nodeId, seen, at });
  await updateNode(db, nodeId, { copies_trusted: 1 });
  if (node.copies_trusted === 0) {
    await unsettleHomesOf(db, nodeId);
    await unsettleHoldersOf(db, nodeId);
  }
  if (lost > 0) {
    const message = `${node.name} no longer holds anything of ${lost} asset(s) that it had copies of`;
    await writeEvent(db, { at, kind: "node.copies_lost", subject: node.name, actor: `node:${node.name}`, message });
  }
  return unknown;
}

interface Holding {
  readonly assetId: AssetId;
  readonly nodeId: NodeId;
  readonly held: ReadonlySet<PieceId>;
  readonly at: number;
}

// False: there is no such asset.
async function compareAsset(db: Db, holding: Holding): Promise<boolean> {
  const { assetId, nodeId, held, at } = holding;
  const copies = await db
    .selectFrom("replicas")
    .select(["piece_id", "state"])
    .where("asset_id", "=", assetId)
    .where("node_id", "=", nodeId)
    .execute();
  const verified = new Set(copies.filter((copy) => copy.state === "verified").map((copy) => copy.piece_id));
  if (copies.length === 0 && !(await assetExists(db, assetId))) return false;
  const found = await findPieces(db, { ...holding, held: without(held, verified) });
  await markVerified(db, { assetId, nodeId, pieces: found, at });
  const lost = await losePieces(db, { assetId, nodeId, pieceIds: [...without(verified, held)], at });
  if (found.length > 0 || lost) await unsettle(db, assetId);
  return true;
}

// A copy of a piece that was dropped is another piece under the same name.
async function findPieces(db: Db, { assetId, nodeId, held }: Holding) {
  if (held.size === 0) return [];
  const dropped = await db
    .selectFrom("dropped_copies")
    .select("piece_id")
    .where("asset_id", "=", assetId)
    .where("node_id", "=", nodeId)
    .execute();
  return await piecesOf(db, assetId, [...without(held, new Set(dropped.map((copy) => copy.piece_id)))]);
}

async function losePieces(
  db: Db,
  lost: { assetId: AssetId; nodeId: NodeId; pieceIds: readonly PieceId[]; at: number },
): Promise<boolean> {
  if (lost.pieceIds.length === 0) return false;
  const result = await db
    .updateTable("replicas")
    .set({ state: "lost" })
    .where("asset_id", "=", lost.assetId)
    .where("node_id", "=", lost.nodeId)
    .where("piece_id", "in", lost.pieceIds)
    .where(isNotRecent(lost.at))
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

// Copies of assets that the node did not list at all. Gives how many assets that concerns.
async function loseUnlisted(
  db: Db,
  { nodeId, seen, at }: { nodeId: NodeId; seen: ReadonlySet<AssetId>; at: number },
): Promise<number> {
  const believed = await db
    .selectFrom("replicas")
    .select("asset_id")
    .distinct()
    .where("node_id", "=", nodeId)
    .where("state", "=", "verified")
    .execute();
  let lost = 0;
  for (const { asset_id: assetId } of believed.filter((row) => !seen.has(row.asset_id))) {
    const result = await db
      .updateTable("replicas")
      .set({ state: "lost" })
      .where("asset_id", "=", assetId)
      .where("node_id", "=", nodeId)
      .where("state", "=", "verified")
      .where(isNotRecent(at))
      .executeTakeFirst();
    if (result.numUpdatedRows === 0n) continue;
    lost += 1;
    await unsettle(db, assetId);
  }
  return lost;
}

// By the wall clock, which may have been set back meanwhile: a copy of the future is none of a moment ago.
function isNotRecent(at: number) {
  return (eb: ExpressionBuilder<Tables, "replicas">) =>
    eb.or([eb("verified_at", "<", at - recentCopyMs), eb("verified_at", ">", at + recentCopyMs)]);
}

function without(all: ReadonlySet<PieceId>, those: ReadonlySet<PieceId>): Set<PieceId> {
  return new Set([...all].filter((pieceId) => !those.has(pieceId)));
}

async function assetExists(db: Db, assetId: AssetId): Promise<boolean> {
  return (await db.selectFrom("assets").select("id").where("id", "=", assetId).executeTakeFirst()) !== undefined;
}
