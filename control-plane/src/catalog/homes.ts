// The nodes that are to hold a whole asset, in serving order. All writing of homes is here, because assets.home_count
// has to follow.
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
import { VsError } from "@vstream/core/errors.ts";
import type { Db } from "./tables.ts";

/** @throws VsError node_not_found when one of the homes is not a node (any more) */
export async function writeHomes(db: Db, assetId: AssetId, homes: readonly NodeId[]): Promise<void> {
  await checkNodes(db, homes);
  await db.deleteFrom("asset_homes").where("asset_id", "=", assetId).execute();
  const rows = [...new Set(homes)].map((nodeId, position) => ({ asset_id: assetId, node_id: nodeId, position }));
  if (rows.length > 0) await db.insertInto("asset_homes").values(rows).execute();
  await db.updateTable("assets").set({ home_count: rows.length }).where("id", "=", assetId).execute();
}

/** For a node that goes: it is no asset's home any more. A player sees that, so the manifests get a new version. */
export async function forgetHome(db: Db, nodeId: NodeId): Promise<void> {
  const concerned = db.selectFrom("asset_homes").select("asset_id").where("node_id", "=", nodeId);
  await db
    .updateTable("assets")
    .set((eb) => ({
      home_count: eb("home_count", "-", 1),
      manifest_version: eb("manifest_version", "+", 1),
    }))
    .where("id", "in", concerned)
    .execute();
  await db.deleteFrom("asset_homes").where("node_id", "=", nodeId).execute();
}

export async function homesOf(db: Db, assetIds: readonly AssetId[]): Promise<ReadonlyMap<AssetId, NodeId[]>> {
  const homes = new Map<AssetId, NodeId[]>(assetIds.map((id) => [id, []]));
  if (assetIds.length === 0) return homes;
  const rows = await db
    .selectFrom("asset_homes")
    .select(["asset_id", "node_id"])
    .where("asset_id", "in", assetIds)
    .orderBy("position")
    .execute();
  for (const row of rows) homes.get(row.asset_id)?.push(row.node_id);
  return homes;
}

export async function isHome(db: Db, assetId: AssetId, nodeId: NodeId): Promise<boolean> {
  const row = await db
    .selectFrom("asset_homes")
    .select("position")
    .where("asset_id", "=", assetId)
    .where("node_id", "=", nodeId)
    .executeTakeFirst();
  return row !== undefined;
}

export async function countHomes(db: Db): Promise<ReadonlyMap<NodeId, number>> {
  const rows = await db
    .selectFrom("asset_homes")
    .select((eb) => ["node_id", eb.fn.countAll<number>().as("assets")])
    .groupBy("node_id")
    .execute();
  return new Map(rows.map((row) => [row.node_id, row.assets]));
}

async function checkNodes(db: Db, nodeIds: readonly NodeId[]): Promise<void> {
  if (nodeIds.length === 0) return;
  const rows = await db.selectFrom("nodes").select("id").where("id", "in", nodeIds).execute();
  const missing = nodeIds.find((id) => !rows.some((row) => row.id === id));
  if (missing === undefined) return;
  throw new VsError("node_not_found", `there is no node ${missing}`, { hint: "See the nodes with: vsctl nodes list" });
}
