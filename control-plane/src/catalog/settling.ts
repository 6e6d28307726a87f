// Which assets planning has to look at: those with a row in `unsettled`. Every change to an asset's pieces, copies,
// tasks, homes or state calls unsettle, and so does every change of a node that is one of its homes,
// and the return of a node that has copies of it.
import { sql } from "kysely";
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
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
  await db
    .insertInto("unsettled")
    .columns(["asset_id", "settle_step"])
    .expression((eb) =>
      eb
        .selectFrom("asset_homes")
        .select(["asset_id", eb.lit(0).as("settle_step")])
        .where("node_id", "=", nodeId),
    )
    .onConflict((row) => row.column("asset_id").doUpdateSet({ settle_step: 0 }))
    .execute();
}

/** All assets that the node has copies of, home or not: copies that are too many are only seen by looking. */
export async function unsettleHoldersOf(db: Db, nodeId: NodeId): Promise<void> {
  await db
    .insertInto("unsettled")
    .columns(["asset_id", "settle_step"])
    .expression((eb) =>
      eb
        .selectFrom("replicas")
        .select(["asset_id", eb.lit(0).as("settle_step")])
        .distinct()
        .where("node_id", "=", nodeId),
    )
    .onConflict((row) => row.column("asset_id").doUpdateSet({ settle_step: 0 }))
    .execute();
}

/** Assets with too few homes, or with copies that are not verified: another node may help them. */
export async function unsettleDegraded(db: Db): Promise<void> {
  await db
    .insertInto("unsettled")
    .columns(["asset_id", "settle_step"])
    .expression((eb) =>
      eb
        .selectFrom("assets")
        .select(["id as asset_id", eb.lit(0).as("settle_step")])
        .whereRef("home_count", "<", "replicas_wanted")
        .union(
          eb
            .selectFrom("replicas")
            .select(["asset_id", eb.lit(0).as("settle_step")])
            .distinct()
            // A literal, so that the partial index is seen to cover it.
            .where("state", "<>", sql.lit("verified")),
        ),
    )
    .onConflict((row) => row.column("asset_id").doUpdateSet({ settle_step: 0 }))
    .execute();
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
