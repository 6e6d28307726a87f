// What agents may give to players, from the catalog's rows.
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
import type { Manifest, Piece } from "@vstream/core/media.ts";
import { declaredRates } from "../planning/measure.ts";
import { assetRow } from "./assets.ts";
import { offeredText, readExtras } from "./extras.ts";
import { homesOf } from "./homes.ts";
import { toPiece } from "./pieces.ts";
import { planFromJson, probeFromJson, ratesFromJson } from "./stored-media.ts";
import type { AssetRow, Db } from "./tables.ts";

export async function getManifest(
  db: Db,
  { assetId, haveVersion }: { assetId: AssetId; haveVersion: number },
): Promise<Manifest | null> {
  const asset = await assetRow(db, assetId);
  if (asset === undefined || asset.probe === null || asset.plan === null || asset.released_chunks === 0) return null;
  const [probe, plan] = [probeFromJson(asset.probe), planFromJson(asset.plan)];
  const measured = asset.measured === null ? null : ratesFromJson(asset.measured);
  const rates = measured ?? declaredRates({ plan, probe, pieces: await releasedPieces(db, asset, { from: 0, to: 1 }) });
  const fromChunk = await chunksAt(db, asset, haveVersion);
  return {
    assetId,
    version: asset.manifest_version,
    title: asset.title,
    complete: measured !== null && asset.released_chunks === plan.chunks.length,
    probe,
    renditions: rates.renditions,
    audio: rates.audio,
    pieces: await releasedPieces(db, asset, { from: fromChunk, to: asset.released_chunks }),
    fromChunk,
    releasedChunks: asset.released_chunks,
    totalChunks: plan.chunks.length,
    homeNodeIds: (await homesOf(db, [assetId]))(assetId).homes,
    deleted: asset.state === "deleting",
    text: (await offeredText(db, [{ id: assetId, state: asset.state, plan }])).get(assetId) ?? [],
    extras: await readExtras(db, assetId),
  };
}

export async function listManifestVersions(
  db: Db,
  nodeId: NodeId,
): Promise<readonly { assetId: AssetId; version: number }[]> {
  return await db
    .selectFrom("asset_homes")
    .innerJoin("assets", "assets.id", "asset_homes.asset_id")
    .select(["assets.id as assetId", "assets.manifest_version as version"])
    .where("asset_homes.node_id", "=", nodeId)
    .where("assets.released_chunks", ">", 0)
    .orderBy("assets.id")
    .execute();
}

// A version that this catalog never had (it was restored from a backup) says nothing about what its owner holds.
async function chunksAt(db: Db, asset: AssetRow, version: number): Promise<number> {
  if (version > asset.manifest_version) return 0;
  const release = await db
    .selectFrom("releases")
    .select("released_chunks")
    .where("asset_id", "=", asset.id)
    .where("version", "<=", version)
    .orderBy("version", "desc")
    .limit(1)
    .executeTakeFirst();
  return release?.released_chunks ?? 0;
}

// In playing order, video before audio.
async function releasedPieces(db: Db, asset: AssetRow, chunks: { from: number; to: number }): Promise<Piece[]> {
  const rows = await db
    .selectFrom("pieces")
    .selectAll()
    .where("asset_id", "=", asset.id)
    .where("chunk", ">=", chunks.from)
    .where("chunk", "<", chunks.to)
    .orderBy("chunk")
    .orderBy("track")
    .execute();
  return rows.map(toPiece);
}
