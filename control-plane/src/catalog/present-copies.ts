// How the copies stand of assets that were encoded anew, or do not keep their source: of what players get now, without
// the editions that are beside it. Looks at each piece, so it is asked for these assets only.
import { sql } from "kysely";
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
import { nodesInDoubt } from "./nodes-in-doubt.ts";
import type { ReplicaState } from "./records.ts";
import { isSourceApart } from "./source-keeping.ts";
import type { AssetRow, Db } from "./tables.ts";

/** Whether it may have pieces that do not count: of another edition than the present one, or a source to be discarded. */
export function hasPiecesApart(asset: Pick<AssetRow, "last_edition" | "keep_source">): boolean {
  return asset.last_edition > 0 || asset.keep_source !== "always";
}

/** Fewest verified copies of any piece, on nodes that are not down; by asset. */
export async function countFewestPresent(db: Db, ids: readonly AssetId[]): Promise<ReadonlyMap<AssetId, number>> {
  if (ids.length === 0) return new Map();
  const held = presentPieces(db, ids)
    .leftJoin("replicas", (join) =>
      join
        .onRef("replicas.asset_id", "=", "pieces.asset_id")
        .onRef("replicas.piece_id", "=", "pieces.id")
        .on("replicas.state", "=", "verified")
        .on("replicas.node_id", "not in", nodesInDoubt(db)),
    )
    .select((eb) => ["pieces.asset_id", eb.fn.count<number>("replicas.node_id").as("copies")])
    .groupBy(["pieces.asset_id", "pieces.id"]);
  const rows = await db
    .selectFrom(held.as("held"))
    .select((eb) => ["asset_id", eb.fn.min("copies").as("fewest")])
    .groupBy("asset_id")
    .execute();
  return new Map(rows.map((row) => [row.asset_id, row.fewest]));
}

export interface PresentCopies {
  readonly pieces: number;
  readonly groups: readonly { readonly nodeId: NodeId; readonly state: ReplicaState; readonly copies: number }[];
}

/** How many pieces there are, and how many copies in each state on each node; by asset. */
export async function countPresentCopies(
  db: Db,
  ids: readonly AssetId[],
): Promise<ReadonlyMap<AssetId, PresentCopies>> {
  if (ids.length === 0) return new Map();
  const pieces = await presentPieces(db, ids)
    .select((eb) => ["pieces.asset_id", eb.fn.countAll<number>().as("pieces")])
    .groupBy("pieces.asset_id")
    .execute();
  const groups = await presentPieces(db, ids)
    .innerJoin("replicas", (join) =>
      join.onRef("replicas.asset_id", "=", "pieces.asset_id").onRef("replicas.piece_id", "=", "pieces.id"),
    )
    .innerJoin("nodes", "nodes.id", "replicas.node_id")
    .select((eb) => [
      "replicas.asset_id as assetId",
      "replicas.node_id as nodeId",
      sql<ReplicaState>`case when replicas.state = 'verified' and nodes.copies_trusted = 0 then 'suspect'
        else replicas.state end`.as("state"),
      eb.fn.countAll<number>().as("copies"),
    ])
    .groupBy(["replicas.asset_id", "replicas.node_id", "replicas.state", "nodes.copies_trusted"])
    .execute();
  const byAsset = Map.groupBy(groups, (group) => group.assetId);
  return new Map(pieces.map((row) => [row.asset_id, { pieces: row.pieces, groups: byAsset.get(row.asset_id) ?? [] }]));
}

function presentPieces(db: Db, ids: readonly AssetId[]) {
  return db
    .selectFrom("pieces")
    .innerJoin("assets", "assets.id", "pieces.asset_id")
    .where("pieces.asset_id", "in", ids)
    .where((eb) =>
      eb.or([
        eb("pieces.edition", "=", eb.ref("assets.edition")),
        eb("pieces.kind", "not in", ["video", "audio", "images"]),
      ]),
    )
    .where((eb) => eb.not(isSourceApart));
}
