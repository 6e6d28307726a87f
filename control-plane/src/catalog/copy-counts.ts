// How many copies there are: by node and state, and of the piece that has the fewest.
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
import { nodesInDoubt } from "./nodes-in-doubt.ts";
import { countFewestPresent, hasPiecesApart } from "./present-copies.ts";
import type { ReplicaState } from "./records.ts";
import type { AssetRow, Db } from "./tables.ts";

/** Copies of one asset on one node in one state. */
export interface CopyGroup {
  readonly assetId: AssetId;
  readonly nodeId: NodeId;
  readonly state: ReplicaState;
  /** Verified, and on a node that is not down. */
  readonly counts: boolean;
  readonly copies: number;
  readonly bytes: number;
}

type Sized = Pick<AssetRow, "id" | "piece_count" | "last_edition" | "keep_source">;

export async function countCopies(db: Db, ids: readonly AssetId[]): Promise<CopyGroup[]> {
  const groups = db
    .selectFrom("replicas")
    .select((eb) => [
      "asset_id",
      "node_id",
      "state",
      eb.fn.countAll<number>().as("copies"),
      eb.fn.sum<number>("bytes").as("bytes"),
    ])
    .where("asset_id", "in", ids)
    .groupBy(["asset_id", "node_id", "state"]);
  // The nodes only then: for each group, not for each copy.
  const rows = await db
    .selectFrom(groups.as("groups"))
    .innerJoin("nodes", "nodes.id", "groups.node_id")
    .select(["groups.asset_id as assetId", "groups.node_id as nodeId", "groups.copies", "groups.bytes"])
    .select(["groups.state", "nodes.copies_trusted", "nodes.health"])
    .execute();
  return rows.map(({ copies_trusted: trusted, health, ...group }) => {
    const isVerified = group.state === "verified";
    const state = isVerified && trusted === 0 ? "suspect" : group.state;
    return { ...group, state, counts: isVerified && trusted === 1 && health !== "down" };
  });
}

/**
 * Fewest verified copies of any piece, on nodes that are not down; by asset. 0 for one without pieces.
 * @param groups countCopies of these assets
 */
export async function fewestByGroups(
  db: Db,
  assets: readonly Sized[],
  groups: ReadonlyMap<AssetId, readonly CopyGroup[]>,
): Promise<ReadonlyMap<AssetId, number>> {
  const fewest = new Map<AssetId, number>();
  const scattered: Sized[] = [];
  for (const asset of assets) {
    const counting = (groups.get(asset.id) ?? []).filter((group) => group.counts);
    // A node that has all pieces adds one to each; only where one has some of them it is open to which.
    if (counting.every((group) => group.copies === asset.piece_count)) fewest.set(asset.id, counting.length);
    else scattered.push(asset);
  }
  for (const [id, copies] of await countFewest(db, scattered)) fewest.set(id, copies);
  return fewest;
}

/** The same, counted piece by piece; of one that was encoded anew, only those that players get now. */
export async function countFewest(db: Db, assets: readonly Sized[]): Promise<ReadonlyMap<AssetId, number>> {
  const mixed = assets.filter(hasPiecesApart).map(({ id }) => id);
  const plain = await countFewestOfAll(
    db,
    assets.filter((asset) => !hasPiecesApart(asset)),
  );
  return new Map([...plain, ...(await countFewestPresent(db, mixed))]);
}

async function countFewestOfAll(db: Db, assets: readonly Sized[]): Promise<ReadonlyMap<AssetId, number>> {
  if (assets.length === 0) return new Map();
  const ids = assets.map((asset) => asset.id);
  // In the order of the table's key, so that nothing has to be sorted.
  const held = db
    .selectFrom("replicas")
    .select((eb) => ["asset_id", "piece_id", eb.fn.countAll<number>().as("copies")])
    .where("asset_id", "in", ids)
    .where("state", "=", "verified")
    .where("node_id", "not in", nodesInDoubt(db))
    .groupBy(["asset_id", "piece_id"]);
  const rows = await db
    .selectFrom(held.as("held"))
    .select((eb) => ["asset_id", eb.fn.countAll<number>().as("pieces"), eb.fn.min("copies").as("fewest")])
    .groupBy("asset_id")
    .execute();
  const byAsset = new Map(rows.map((row) => [row.asset_id, row]));
  return new Map(
    assets.map(({ id, piece_count: pieces }) => {
      const row = byAsset.get(id);
      return [id, row?.pieces === pieces ? row.fewest : 0];
    }),
  );
}
