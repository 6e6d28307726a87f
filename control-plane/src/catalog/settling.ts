// Which assets planning has to look at: those with a row in `unsettled`. Every change to an asset's pieces, copies,
// tasks, homes or state calls unsettle, and so does every change of a node that is one of its homes,
// and the return of a node that has copies of it.
import { sql } from "kysely";
import type { AliasableExpression } from "kysely";
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
import { toJson } from "./json-column.ts";
import type { Db } from "./tables.ts";

export async function unsettle(db: Db, assetId: AssetId): Promise<void> {
  await db
    .insertInto("unsettled")
    .values({ asset_id: assetId, settle_step: 0 })
    .onConflict((row) => row.column("asset_id").doUpdateSet({ settle_step: 0 }))
    .execute();
}

/** All assets that the node is a home of. */
export async function unsettleHomesOf(db: Db, nodeId: NodeId): Promise<void> {
  await unsettleAll(db, db.selectFrom("asset_homes").select("asset_id").where("node_id", "=", nodeId));
}

/** All assets that the node has copies of, home or not: copies that are too many are only seen by looking. */
export async function unsettleHoldersOf(db: Db, nodeId: NodeId): Promise<void> {
  await unsettleAll(db, db.selectFrom("replicas").select("asset_id").distinct().where("node_id", "=", nodeId));
}

/** Assets with too few homes, with one that is to go or stands outside of their regions, or with copies that are not verified: a node may help them. */
export async function unsettleDegraded(db: Db): Promise<void> {
  const assets = db.selectFrom("assets").select("id as asset_id");
  const homes = db.selectFrom("asset_homes").select("asset_id");
  const copies = db.selectFrom("replicas").select("asset_id").distinct();
  // One after the other: for a union of them all assets would be read, to merge it in their order. And with literals,
  // so that the partial indexes are seen to cover them.
  await unsettleAll(db, assets.whereRef("home_count", "<", "replicas_wanted"));
  await unsettleAll(
    db,
    assets
      .where("extra_replicas", ">", (eb) => eb.lit(0))
      .where("home_count", "<", (eb) => eb("replicas_wanted", "+", eb.ref("extra_replicas"))),
  );
  await unsettleAll(
    db,
    homes.where("leaving", "=", (eb) => eb.lit(1)),
  );
  await unsettleAll(db, outsideOfRegions(db));
  await unsettleAll(db, copies.where("state", "<>", sql.lit("verified")));
}

// Regions stand in a row as JSON, which both engines look through as text: their names have no characters that it escapes.
function outsideOfRegions(db: Db) {
  return db
    .selectFrom("assets")
    .innerJoin("asset_homes", "asset_homes.asset_id", "assets.id")
    .innerJoin("nodes", "nodes.id", "asset_homes.node_id")
    .select("asset_homes.asset_id")
    .distinct()
    .where("assets.regions", "<>", sql.lit(toJson([])))
    .where(sql<boolean>`assets.regions not like '%"' || nodes.region || '"%'`)
    .where(sql<boolean>`assets.pins not like '%"' || nodes.id || '"%'`);
}

/**
 * One step of two towards settled. The snapshot behind the first decision may be older than a change that came
 * before it was applied; the snapshot behind the second is younger than the first step, and any change in between
 * has set the step back. So a change is never overlooked, at the price of one more tick.
 */
export async function settle(db: Db, assetId: AssetId, manifestVersion: number): Promise<void> {
  const current = await db
    .selectFrom("unsettled")
    .innerJoin("assets", "assets.id", "unsettled.asset_id")
    .select("settle_step")
    .where("asset_id", "=", assetId)
    .where("manifest_version", "=", manifestVersion)
    .executeTakeFirst();
  if (current === undefined) return;
  if (current.settle_step === 0) {
    await db.updateTable("unsettled").set({ settle_step: 1 }).where("asset_id", "=", assetId).execute();
  } else {
    await db.deleteFrom("unsettled").where("asset_id", "=", assetId).execute();
  }
}

async function unsettleAll(db: Db, ids: AliasableExpression<{ asset_id: AssetId }>): Promise<void> {
  await db
    .insertInto("unsettled")
    .columns(["asset_id", "settle_step"])
    .expression((eb) =>
      eb
        .selectFrom(ids.as("some"))
        .select(["some.asset_id", eb.lit(0).as("settle_step")])
        // Without a condition, ON CONFLICT would be read as that of a join.
        .where(sql<boolean>`1 = 1`),
    )
    .onConflict((row) => row.column("asset_id").doUpdateSet({ settle_step: 0 }))
    .execute();
}
