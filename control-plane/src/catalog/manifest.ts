// What agents may give to players, from the catalog's rows.
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
import type { Manifest, ManifestEdition, Piece, Probe } from "@vstream/core/media.ts";
import { declaredRates, measureRates } from "../planning/measure.ts";
import { assetRow } from "./assets.ts";
import { offeredText, readExtras } from "./extras.ts";
import { homesOf } from "./homes.ts";
import { toPiece } from "./pieces.ts";
import type { EncodePlan } from "./records.ts";
import {
  nextEditionFromJson,
  planFromJson,
  previousEditionsFromJson,
  probeFromJson,
  ratesFromJson,
} from "./stored-media.ts";
import type { AssetRow, Db } from "./tables.ts";

/** More than any asset has: their numbers have five digits. */
const mostChunks = 100_000;

/** @param query edition: the one that is being made, as if it were the present one; left out: the present one */
export async function getManifest(
  db: Db,
  query: { assetId: AssetId; haveVersion: number; edition?: number },
): Promise<Manifest | null> {
  const { assetId, haveVersion, edition } = query;
  const asset = await assetRow(db, assetId);
  if (asset === undefined || asset.probe === null || asset.plan === null || asset.released_chunks === 0) return null;
  const [probe, plan] = [probeFromJson(asset.probe), planFromJson(asset.plan)];
  const common = await commonOf(db, asset, { probe, plan });
  if (edition !== undefined && edition !== asset.edition) return await nextManifest(db, asset, common, edition);
  const measured = asset.measured === null ? null : ratesFromJson(asset.measured);
  const rates = measured ?? declaredRates({ plan, probe, pieces: await chunkPieces(db, asset, { from: 0, to: 1 }) });
  const fromChunk = await chunksAt(db, asset, haveVersion);
  return {
    ...common,
    previous: await readPrevious(db, asset, fromChunk === 0 ? "whole" : "numbers"),
    complete: measured !== null && asset.released_chunks === plan.chunks.length,
    renditions: rates.renditions,
    audio: rates.audio,
    pieces: await chunkPieces(db, asset, { from: fromChunk, to: asset.released_chunks }),
    fromChunk,
    releasedChunks: asset.released_chunks,
    extras: await readExtras(db, asset),
  };
}

type Common = Omit<
  Manifest,
  "complete" | "renditions" | "audio" | "pieces" | "fromChunk" | "releasedChunks" | "extras" | "previous"
>;

async function commonOf(
  db: Db,
  asset: AssetRow,
  { probe, plan }: { readonly probe: Probe; readonly plan: EncodePlan },
): Promise<Common> {
  const { id } = asset;
  return {
    assetId: id,
    version: asset.manifest_version,
    title: asset.title,
    probe,
    totalChunks: plan.chunks.length,
    homeNodeIds: (await homesOf(db, [id]))(id).homes,
    deleted: asset.state === "deleting",
    text: (await offeredText(db, [{ id, state: asset.state, plan }])).get(id) ?? [],
    edition: asset.edition,
  };
}

// For who makes images of it or checks it: nobody is given it to play.
async function nextManifest(db: Db, asset: AssetRow, common: Common, edition: number): Promise<Manifest | null> {
  const next = asset.next_edition === null ? null : nextEditionFromJson(asset.next_edition);
  if (next?.edition !== edition || next.plan === null) return null;
  const { plan } = next;
  const totalChunks = plan.chunks.length;
  const pieces = await chunkPieces(db, { id: asset.id, edition }, { from: 0, to: totalChunks });
  const isWhole = pieces.length === totalChunks * (1 + plan.audio.length);
  return {
    ...common,
    complete: isWhole,
    ...(isWhole ? measureRates : declaredRates)({ plan, probe: common.probe, pieces }),
    pieces: isWhole ? pieces : [],
    fromChunk: 0,
    releasedChunks: isWhole ? totalChunks : 0,
    totalChunks,
    edition,
    previous: [],
    extras: await readExtras(db, { id: asset.id, edition }),
  };
}

// Who has a version of the present edition has all that came before it: adopting an edition begins at the first chunk.
async function readPrevious(db: Db, asset: AssetRow, extent: "whole" | "numbers"): Promise<ManifestEdition[]> {
  const previous: ManifestEdition[] = [];
  for (const { edition, measured } of previousEditionsFromJson(asset.previous_editions)) {
    if (extent === "numbers") {
      previous.push({ edition, renditions: [], audio: [], pieces: [] });
      continue;
    }
    const chunks = await chunkPieces(db, { id: asset.id, edition }, { from: 0, to: mostChunks });
    const images = (await readExtras(db, { id: asset.id, edition })).filter(({ content }) => content.kind === "images");
    previous.push({ edition, ...measured, pieces: [...chunks, ...images] });
  }
  return previous;
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
async function chunkPieces(
  db: Db,
  { id, edition }: Pick<AssetRow, "id" | "edition">,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<Piece[]> {
  const rows = await db
    .selectFrom("pieces")
    .selectAll()
    .where("asset_id", "=", id)
    .where("edition", "=", edition)
    .where("chunk", ">=", from)
    .where("chunk", "<", to)
    .orderBy("chunk")
    .orderBy("track")
    .execute();
  return rows.map(toPiece);
}
