// What lists show of assets beside their own rows: how their copies stand.
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
import { assetRecords, assetRow } from "./assets.ts";
import type { AssetSummary } from "./catalog.ts";
import type { AssetRecord, ReplicaState } from "./records.ts";
import { replicaState } from "./replicas.ts";
import type { AssetRow, Db } from "./tables.ts";

export async function getAsset(db: Db, id: AssetId): Promise<AssetSummary | null> {
  const row = await assetRow(db, id);
  if (row === undefined) return null;
  const [summary] = await summarize(db, [row]);
  return summary ?? null;
}

export async function summarize(db: Db, rows: readonly AssetRow[]): Promise<AssetSummary[]> {
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.id);
  const assets = await assetRecords(db, rows);
  const copies = Map.groupBy(await countCopies(db, ids), (group) => group.assetId);
  const pieces = await countPieces(db, ids);
  return assets.map((asset) => {
    const groups = copies.get(asset.id) ?? [];
    const { piecesDone, fewestCopies } = pieces.get(asset.id) ?? { piecesDone: 0, fewestCopies: 0 };
    const verified = groups.filter((group) => group.state === "verified");
    const storedBytes = verified.reduce((sum, group) => sum + group.bytes, 0);
    return { asset, replicas: stateOfHomes(asset, groups, piecesDone), fewestCopies, storedBytes, piecesDone };
  });
}

/** Fewest verified copies of any piece, on nodes that are not down; by asset. Assets without pieces are left out. */
export async function countPieces(db: Db, ids: readonly AssetId[]) {
  const rows = await db
    .selectFrom((eb) =>
      eb
        .selectFrom("pieces")
        .select((one) => [
          "pieces.asset_id",
          one
            .selectFrom("replicas")
            .innerJoin("nodes", "nodes.id", "replicas.node_id")
            .select((count) => count.fn.countAll<number>().as("n"))
            .whereRef("replicas.asset_id", "=", "pieces.asset_id")
            .whereRef("replicas.piece_id", "=", "pieces.id")
            .where("replicas.state", "=", "verified")
            .where("nodes.copies_trusted", "=", 1)
            .where("nodes.health", "<>", "down")
            .$asScalar()
            .$notNull()
            .as("copies"),
        ])
        .where("pieces.asset_id", "in", ids)
        .as("held"),
    )
    .select((eb) => [
      "held.asset_id",
      eb.fn.countAll<number>().as("piecesDone"),
      eb.fn.min("held.copies").as("fewestCopies"),
    ])
    .groupBy("held.asset_id")
    .execute();
  return new Map(
    rows.map(({ asset_id: assetId, piecesDone, fewestCopies }) => [assetId, { piecesDone, fewestCopies }]),
  );
}

interface CopyGroup {
  readonly assetId: AssetId;
  readonly nodeId: NodeId;
  readonly state: ReplicaState;
  readonly copies: number;
  readonly bytes: number;
}

async function countCopies(db: Db, ids: readonly AssetId[]): Promise<CopyGroup[]> {
  return await db
    .selectFrom("replicas")
    .innerJoin("nodes", "nodes.id", "replicas.node_id")
    .select((eb) => [
      "replicas.asset_id as assetId",
      "replicas.node_id as nodeId",
      replicaState.as("state"),
      eb.fn.countAll<number>().as("copies"),
      eb.fn.sum<number>("replicas.bytes").as("bytes"),
    ])
    .where("replicas.asset_id", "in", ids)
    .groupBy(["replicas.asset_id", "replicas.node_id", replicaState])
    .execute();
}

// From worst to best. A home that has no row for one of the pieces wants it.
const worstFirst: readonly ReplicaState[] = ["lost", "suspect", "wanted", "copying", "verified"];

function stateOfHomes(asset: AssetRecord, groups: readonly CopyGroup[], pieces: number): AssetSummary["replicas"] {
  return asset.homes.map((nodeId) => {
    const here = groups.filter((group) => group.nodeId === nodeId);
    const states = new Set(here.map((group) => group.state));
    const copies = here.reduce((sum, group) => sum + group.copies, 0);
    if (copies < pieces || pieces === 0) states.add("wanted");
    return { nodeId, state: worstFirst.find((state) => states.has(state)) ?? "wanted" };
  });
}
