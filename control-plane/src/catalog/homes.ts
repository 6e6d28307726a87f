// The nodes that are to hold a whole asset, in serving order, each with the reason for it; one that was moved from is
// leaving until its copies stand elsewhere. All writing of homes is here, because assets.home_count has to follow.
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
import { VsError } from "@vstream/core/errors.ts";
import type { AssetRecord } from "./records.ts";
import type { AssetHomesTable, Db } from "./tables.ts";

/** What a record says of its homes. */
export type Homes = Pick<AssetRecord, "homes" | "leavingHomes" | "homeReasons">;
type Reasons = AssetRecord["homeReasons"];

/** Longest reason that is kept, in characters. */
export const homeReasonLength = 500;

/**
 * These are the homes from now on. One that was a home before keeps its reason, and leaves if it was leaving.
 * @throws VsError node_not_found when one of the homes is not a node (any more)
 */
export async function writeHomes(
  db: Db,
  assetId: AssetId,
  { homes, reasons }: { homes: readonly NodeId[]; reasons: Reasons },
): Promise<void> {
  await checkNodes(db, homes);
  const before = new Map((await homeRows(db, [assetId])).map((row) => [row.node_id, row]));
  const rows = [...new Set(homes)].map((nodeId, position): AssetHomesTable => {
    const kept = before.get(nodeId);
    if (kept !== undefined) return { ...kept, position };
    return newHome(assetId, { nodeId, position, reason: reasons[nodeId] });
  });
  await db.deleteFrom("asset_homes").where("asset_id", "=", assetId).execute();
  if (rows.length > 0) await db.insertInto("asset_homes").values(rows).execute();
  await countHomesOf(db, assetId);
}

/** `to` becomes the last home and `from` is leaving. The caller has checked that both are nodes. */
export async function moveHome(
  db: Db,
  assetId: AssetId,
  { from, to, reason }: { from: NodeId; to: NodeId; reason: string },
): Promise<void> {
  const last = Math.max(-1, ...(await homeRows(db, [assetId])).map((row) => row.position));
  await db
    .insertInto("asset_homes")
    .values(newHome(assetId, { nodeId: to, position: last + 1, reason }))
    .execute();
  await db
    .updateTable("asset_homes")
    .set({ leaving: 1 })
    .where("asset_id", "=", assetId)
    .where("node_id", "=", from)
    .execute();
  await countHomesOf(db, assetId);
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

/** Of each asset, also of one that has none. */
export async function homesOf(db: Db, assetIds: readonly AssetId[]): Promise<(assetId: AssetId) => Homes> {
  const byAsset = Map.groupBy(await homeRows(db, assetIds), (row) => row.asset_id);
  return (assetId) => {
    const rows = byAsset.get(assetId) ?? [];
    const reasons = rows.filter((row) => row.reason !== "").map((row) => [row.node_id, row.reason]);
    return {
      homes: rows.map((row) => row.node_id),
      leavingHomes: rows.filter((row) => row.leaving === 1).map((row) => row.node_id),
      homeReasons: Object.fromEntries(reasons) as Reasons,
    };
  };
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

/** @throws VsError node_not_found when one of them is not a node (any more) */
export async function checkNodes(db: Db, nodeIds: readonly NodeId[]): Promise<void> {
  const missing = await findMissing(db, nodeIds);
  if (missing === undefined) return;
  throw new VsError("node_not_found", `there is no node ${missing}`, { hint: "See the nodes with: vsctl nodes list" });
}

/** The first of them that is not a node (any more). */
export async function findMissing(db: Db, nodeIds: readonly NodeId[]): Promise<NodeId | undefined> {
  if (nodeIds.length === 0) return undefined;
  const rows = await db.selectFrom("nodes").select("id").where("id", "in", nodeIds).execute();
  return nodeIds.find((id) => !rows.some((row) => row.id === id));
}

function newHome(
  assetId: AssetId,
  home: { nodeId: NodeId; position: number; reason: string | undefined },
): AssetHomesTable {
  const reason = (home.reason ?? "").slice(0, homeReasonLength);
  return { asset_id: assetId, node_id: home.nodeId, position: home.position, leaving: 0, reason };
}

async function homeRows(db: Db, assetIds: readonly AssetId[]): Promise<AssetHomesTable[]> {
  if (assetIds.length === 0) return [];
  return await db.selectFrom("asset_homes").selectAll().where("asset_id", "in", assetIds).orderBy("position").execute();
}

async function countHomesOf(db: Db, assetId: AssetId): Promise<void> {
  await db
    .updateTable("assets")
    .set((eb) => ({
      home_count: eb
        .selectFrom("asset_homes")
        .select((one) => one.fn.countAll<number>().as("n"))
        .where("asset_id", "=", assetId)
        .$asScalar()
        .$notNull(),
    }))
    .where("id", "=", assetId)
    .execute();
}
