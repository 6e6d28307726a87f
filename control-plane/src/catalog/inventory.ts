// What a node really holds, held against what the catalog believes. After it the node's copies count again.
import type { ExpressionBuilder } from "kysely";
import type { AssetId, NodeId, PieceId } from "@vstream/core/ids.ts";
import { writeEvent } from "./events.ts";
import { requireNode, updateNode } from "./nodes.ts";
import { piecesOf } from "./pieces.ts";
import { markVerified } from "./replicas.ts";
import { unsettle, unsettleHoldersOf, unsettleHomesOf } from "./settling.ts";
import type { Db, Tables } from "./tables.ts";
import { checkCopies } from "./verification.ts";

/**
 * A copy reported so shortly before the inventory may be missing from it only because the node had no answer yet; it
 * goes on counting, and the node is asked to read it. One that is being emptied is asked nothing, and so is believed.
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
  const isLeaving = node.scheduling === "draining" || node.scheduling === "drained";
  const sparedMs = isLeaving ? 0 : recentCopyMs;
  const unknown: AssetId[] = [];
  const seen = new Set<AssetId>();
  for (const { assetId, pieceIds } of entries) {
    seen.add(assetId);
    const holding = { assetId, nodeId, held: new Set(pieceIds), at, sparedMs };
    if (!(await compareAsset(db, holding))) unknown.push(assetId);
  }
  const lost = await loseUnlisted(db, { nodeId, seen, at, sparedMs });
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

/** Of one asset. */
interface Look {
  readonly assetId: AssetId;
  readonly nodeId: NodeId;
  readonly at: number;
  /** Copies that are verified for at most as long are not lost. */
  readonly sparedMs: number;
}

interface Holding extends Look {
  readonly held: ReadonlySet<PieceId>;
}

// False: there is no such asset.
async function compareAsset(db: Db, holding: Holding): Promise<boolean> {
  const { assetId, nodeId, held, at, sparedMs } = holding;
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
  const lost = await losePieces(db, { assetId, nodeId, at, sparedMs }, [...without(verified, held)]);
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

async function losePieces(db: Db, look: Look, pieceIds: readonly PieceId[]): Promise<boolean> {
  if (pieceIds.length === 0) return false;
  const result = await db
    .updateTable("replicas")
    .set({ state: "lost" })
    .where("asset_id", "=", look.assetId)
    .where("node_id", "=", look.nodeId)
    .where("piece_id", "in", pieceIds)
    .where(isNotSpared(look))
    .executeTakeFirst();
  await checkSpared(db, look, (pieceId) => pieceIds.includes(pieceId));
  return result.numUpdatedRows > 0n;
}

async function checkSpared(db: Db, look: Look, isUnlisted: (pieceId: PieceId) => boolean): Promise<void> {
  const verified = await db
    .selectFrom("replicas")
    .select("piece_id")
    .where("asset_id", "=", look.assetId)
    .where("node_id", "=", look.nodeId)
    .where("state", "=", "verified")
    .orderBy("piece_id")
    .execute();
  await checkCopies(db, { ...look, pieceIds: verified.map((copy) => copy.piece_id).filter(isUnlisted) });
}

// Copies of assets that the node did not list at all. Gives how many assets that concerns.
async function loseUnlisted(
  db: Db,
  { seen, ...around }: Omit<Look, "assetId"> & { readonly seen: ReadonlySet<AssetId> },
): Promise<number> {
  const { nodeId } = around;
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
      .where(isNotSpared({ ...around, assetId }))
      .executeTakeFirst();
    await checkSpared(db, { ...around, assetId }, () => true);
    if (result.numUpdatedRows === 0n) continue;
    lost += 1;
    await unsettle(db, assetId);
  }
  return lost;
}

// By the wall clock, which may have been set back meanwhile: a copy of the future is none of a moment ago.
function isNotSpared({ at, sparedMs }: Look) {
  return (eb: ExpressionBuilder<Tables, "replicas">) =>
    eb.or([eb("verified_at", "<", at - sparedMs), eb("verified_at", ">", at + sparedMs)]);
}

function without(all: ReadonlySet<PieceId>, those: ReadonlySet<PieceId>): Set<PieceId> {
  return new Set([...all].filter((pieceId) => !those.has(pieceId)));
}

async function assetExists(db: Db, assetId: AssetId): Promise<boolean> {
  return (await db.selectFrom("assets").select("id").where("id", "=", assetId).executeTakeFirst()) !== undefined;
}
