// The cluster at a glance.
import { sql } from "kysely";
import { sourcePieceId } from "@vstream/core/ids.ts";
import type { AssetId } from "@vstream/core/ids.ts";
import type { CatalogCounts } from "./catalog.ts";
import { countFewest } from "./copy-counts.ts";
import { nodesInDoubt } from "./nodes-in-doubt.ts";
import type { AssetRow, Db, Tables } from "./tables.ts";

export async function counts(db: Db): Promise<CatalogCounts> {
  const space = await db
    .selectFrom("nodes")
    .select((eb) => [
      eb.fn.coalesce(eb.fn.sum<number>("used_bytes"), eb.lit(0)).as("storedBytes"),
      eb.fn.coalesce(eb.fn.sum<number>("capacity_bytes"), eb.lit(0)).as("capacityBytes"),
    ])
    .executeTakeFirstOrThrow();
  return {
    nodesByHealth: await countBy(db, "nodes", "health"),
    assetsByState: await countBy(db, "assets", "state"),
    tasksByState: await countBy(db, "tasks", "state"),
    ...space,
    degradedAssets: await countDegraded(db),
  };
}

async function countBy(db: Db, table: keyof Tables, column: "health" | "state"): Promise<Record<string, number>> {
  const counted = sql<{ value: string; n: number }>`
    select ${sql.ref(column)} as value, count(*) as n from ${sql.table(table)} group by ${sql.ref(column)}`;
  const { rows } = await counted.execute(db);
  return Object.fromEntries(rows.map((row) => [row.value, row.n]));
}

// Ready assets of which some piece has fewer verified copies than wanted. Only those for which an index says that it
// may be so are counted out.
async function countDegraded(db: Db): Promise<number> {
  const rows = await db
    .selectFrom("assets")
    .select(["id", "replicas_wanted", "piece_count", "last_edition", "keep_source"])
    .where("state", "=", "ready")
    .where((eb) =>
      eb.or([
        eb("id", "in", eb.selectFrom("assets").select("id").whereRef("home_count", "<", "replicas_wanted")),
        // A literal, so that the partial index is seen to cover it.
        eb("id", "in", eb.selectFrom("replicas").select("asset_id").where("state", "<>", sql.lit("verified"))),
        eb("id", "in", eb.selectFrom("unsettled").select("asset_id")),
        eb("id", "in", homesInDoubt(db)),
      ]),
    )
    .execute();
  let degraded = 0;
  for (const batch of batches(rows)) {
    // Where a home is down, its source tells at once; only what has enough of that has to be counted piece by piece.
    const sources = await countSources(db, batch);
    const open = batch.filter(
      (row) => row.keep_source !== "always" || (sources.get(row.id) ?? 0) >= row.replicas_wanted,
    );
    const fewest = await countFewest(db, open);
    const whole = open.filter((row) => (fewest.get(row.id) ?? 0) >= row.replicas_wanted);
    degraded += batch.length - whole.length;
  }
  return degraded;
}

async function countSources(db: Db, assets: readonly Pick<AssetRow, "id">[]): Promise<ReadonlyMap<AssetId, number>> {
  const rows = await db
    .selectFrom("replicas")
    .select((eb) => ["asset_id", eb.fn.countAll<number>().as("copies")])
    .where(
      "asset_id",
      "in",
      assets.map(({ id }) => id),
    )
    .where("piece_id", "=", sourcePieceId)
    .where("state", "=", "verified")
    .where("node_id", "not in", nodesInDoubt(db))
    .groupBy("asset_id")
    .execute();
  return new Map(rows.map((row) => [row.asset_id, row.copies]));
}

function homesInDoubt(db: Db) {
  return db.selectFrom("asset_homes").select("asset_homes.asset_id").where("node_id", "in", nodesInDoubt(db));
}

// Below the engines' limits of values in one statement.
const batchSize = 500;

function batches<Row>(rows: readonly Row[]): Row[][] {
  return Array.from({ length: Math.ceil(rows.length / batchSize) }, (_, batch) =>
    rows.slice(batch * batchSize, (batch + 1) * batchSize),
  );
}
