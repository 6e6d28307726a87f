// What evening out and demand ask: which assets may move from a node, how many are moving, which have copies beyond
// those wanted.
import { sql } from "kysely";
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
import type { MovableAsset } from "./records.ts";
import { homesOf } from "./homes.ts";
import { fromJson } from "./json-column.ts";
import { pinnedTo } from "./pins.ts";
import type { Db } from "./tables.ts";

/** The most assets that one call of listExtraReplicas gives. */
export const extrasPerCall = 5_000;

/**
 * Not those that are pinned to the node, nor those with a home that is leaving already.
 * @param query limit: at most so many, those that take most
 */
export async function listMovable(
  db: Db,
  { nodeId, limit }: { nodeId: NodeId; limit: number },
): Promise<readonly MovableAsset[]> {
  const largest = await movableFrom(db, nodeId).limit(limit).execute();
  const ids = largest.map((row) => row.id);
  if (ids.length === 0) return [];
  const rows = await db
    .selectFrom("assets")
    .select(["id", "title", "regions", "pins"])
    .where("id", "in", ids)
    .execute();
  const byId = new Map(rows.map((row) => [row.id, row]));
  const homes = await homesOf(db, ids);
  return largest.flatMap(({ id, bytes }) => {
    const row = byId.get(id);
    if (row === undefined) return [];
    const [regions, pins] = [fromJson(row.regions), fromJson(row.pins)];
    return [{ assetId: id, title: row.title, bytes, homes: homes(id).homes, regions, pins }];
  });
}

export async function countMoves(db: Db): Promise<number> {
  const { moves } = await leaving(db)
    .select((eb) => eb.fn.count<number>("asset_id").distinct().as("moves"))
    .executeTakeFirstOrThrow();
  return moves;
}

/** Assets that are failed or being deleted are left out. By id, at most extrasPerCall. */
export async function listExtraReplicas(
  db: Db,
): Promise<readonly { readonly assetId: AssetId; readonly extraReplicas: number }[]> {
  return await db
    .selectFrom("assets")
    .select(["id as assetId", "extra_replicas as extraReplicas"])
    .where("extra_replicas", ">", (eb) => eb.lit(0))
    .where("state", "not in", ["failed", "deleting"])
    .orderBy("id")
    .limit(extrasPerCall)
    .execute();
}

// From an index alone, without the rows themselves.
function movableFrom(db: Db, nodeId: NodeId) {
  return (
    db
      .selectFrom("asset_homes")
      .innerJoin("assets", "assets.id", "asset_homes.asset_id")
      .select(["assets.id", "assets.piece_bytes as bytes"])
      .where("asset_homes.node_id", "=", nodeId)
      // As an expression, so that the node's homes are looked up, not all assets that are ready.
      .where(sql<boolean>`coalesce(assets.state, '') = 'ready'`)
      .where("assets.id", "not in", db.selectFrom("unsettled").select("asset_id"))
      .where("assets.id", "not in", leaving(db).select("asset_id"))
      .where("assets.id", "not in", pinnedTo(db, nodeId))
      .orderBy("assets.piece_bytes", "desc")
      .orderBy("assets.id")
  );
}

// Literals, here and below, so that the partial indexes are seen to cover them.
function leaving(db: Db) {
  return db.selectFrom("asset_homes").where("leaving", "=", (eb) => eb.lit(1));
}
