// The assets' table: rows as records, making an asset, and changing one.
import { VsError } from "@vstream/core/errors.ts";
import type { AssetId } from "@vstream/core/ids.ts";
import type { AssetRecord } from "./records.ts";
import type { CreateAssetOutcome, NewAsset, SameAsset } from "./catalog.ts";
import { writeEvent } from "./events.ts";
import { checkNodes, homesOf, writeHomes } from "./homes.ts";
import type { Homes } from "./homes.ts";
import { fromJson, fromJsonOrNull, toJson } from "./json-column.ts";
import { setLabels } from "./labels.ts";
import { searchText } from "./search-text.ts";
import { unsettle } from "./settling.ts";
import {
  nextEditionFromJson,
  planFromJson,
  previousEditionsFromJson,
  probeFromJson,
  ratesFromJson,
} from "./stored-media.ts";
import { addSubtitleFiles } from "./subtitle-files.ts";
import type { AssetRow, AssetsTable, Db } from "./tables.ts";

export async function createAsset(db: Db, asset: NewAsset): Promise<CreateAssetOutcome> {
  const existing = await findExisting(db, asset);
  if (existing !== null) return { kind: "existing", asset: existing };
  await checkNodes(db, asset.pins);
  await freeExternalId(db, asset);
  await db.insertInto("assets").values(newRow(asset)).execute();
  await addSubtitleFiles(db, asset.id, asset.subtitleFiles);
  await setLabels(db, asset.id, asset.labels);
  await writeHomes(db, asset.id, { homes: asset.homes, reasons: asset.homeReasons });
  await unsettle(db, asset.id);
  const message = `"${asset.title}" was created from ${asset.sourceName}`;
  await writeEvent(db, { at: asset.at, kind: "asset.created", subject: asset.id, actor: asset.actor, message });
  return { kind: "created", asset: await requireAsset(db, asset.id) };
}

/** The asset that a new one with the same external id, or of the same bytes, would be. */
export async function findExisting(db: Db, wanted: SameAsset): Promise<AssetRecord | null> {
  const row = (await findByExternalId(db, wanted)) ?? (await findBySource(db, wanted));
  return row === undefined ? null : await recordOf(db, row);
}

export async function assetRow(db: Db, id: AssetId): Promise<AssetRow | undefined> {
  return await db.selectFrom("assets").selectAll().where("id", "=", id).executeTakeFirst();
}

/** @throws VsError asset_not_found */
export async function requireAssetRow(db: Db, id: AssetId): Promise<AssetRow> {
  const row = await assetRow(db, id);
  if (row !== undefined) return row;
  throw new VsError("asset_not_found", `there is no asset ${id}`, { hint: "See the assets with: vsctl assets list" });
}

/** @throws VsError asset_not_found */
export async function requireAsset(db: Db, id: AssetId): Promise<AssetRecord> {
  return await recordOf(db, await requireAssetRow(db, id));
}

/** Changes an asset's own columns; with `visible`, so that players see it: the manifest gets a new version. */
export async function changeAsset(
  db: Db,
  id: AssetId,
  changes: Partial<AssetsTable>,
  visible: "visible" | "unseen" = "unseen",
): Promise<void> {
  const change = db.updateTable("assets").set(changes).where("id", "=", id);
  const withVersion = change.set((eb) => ({ manifest_version: eb("manifest_version", "+", 1) }));
  await (visible === "visible" ? withVersion : change).execute();
  await unsettle(db, id);
}

/** Rows as records, in their order. */
export async function assetRecords(db: Db, rows: readonly AssetRow[]): Promise<AssetRecord[]> {
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.id);
  const homes = await homesOf(db, ids);
  const unsettled = await db.selectFrom("unsettled").select("asset_id").where("asset_id", "in", ids).execute();
  const open = new Set(unsettled.map((row) => row.asset_id));
  return rows.map((row) => toRecord(row, { ...homes(row.id), settled: !open.has(row.id) }));
}

async function recordOf(db: Db, row: AssetRow): Promise<AssetRecord> {
  const [record] = await assetRecords(db, [row]);
  if (record === undefined) throw new VsError("internal", `asset ${row.id} gave no record`);
  return record;
}

const goneStates = ["failed", "deleting"] as const;

async function findByExternalId(db: Db, { externalId }: SameAsset): Promise<AssetRow | undefined> {
  if (externalId === null) return undefined;
  return await db
    .selectFrom("assets")
    .selectAll()
    .where("external_id", "=", externalId)
    .where("state", "not in", goneStates)
    .executeTakeFirst();
}

// An external id belongs to one asset only: one that failed or is in the trash gives it up to its successor.
async function freeExternalId(db: Db, { externalId }: SameAsset): Promise<void> {
  if (externalId === null) return;
  await db
    .updateTable("assets")
    .set({ external_id: null })
    .where("external_id", "=", externalId)
    .where("state", "in", goneStates)
    .execute();
}

async function findBySource(db: Db, asset: SameAsset): Promise<AssetRow | undefined> {
  if (asset.force || asset.sourceSha256 === null) return undefined;
  return await db
    .selectFrom("assets")
    .selectAll()
    .where("source_sha256", "=", asset.sourceSha256)
    .where("state", "not in", goneStates)
    .orderBy("created_at")
    .executeTakeFirst();
}

function newRow(asset: NewAsset): AssetsTable {
  return {
    id: asset.id,
    title: asset.title,
    state: "uploading",
    labels: toJson(asset.labels),
    external_id: asset.externalId,
    ladder: asset.ladder,
    replicas_wanted: asset.replicasWanted,
    regions: toJson(asset.regions),
    priority: asset.priority,
    source_name: asset.sourceName,
    source_sha256: asset.sourceSha256 ?? "",
    source_bytes: asset.sourceBytes,
    created_at: asset.at,
    playable_at: null,
    ready_at: null,
    deleted_at: null,
    state_before_delete: null,
    home_count: 0,
    probe: null,
    plan: null,
    released_chunks: 0,
    manifest_version: 1,
    measured: null,
    error: null,
    search_text: searchText(asset),
    pins: toJson(asset.pins),
    extra_replicas: 0,
    piece_count: 0,
    piece_bytes: 0,
    piece_version: 0,
    source_url: asset.sourceUrl ?? "",
    allow_damaged: asset.allowDamaged ? 1 : 0,
    force: asset.force ? 1 : 0,
    keep_source: asset.keepSource,
    duplicate_of: null,
    subtitle_files: toJson(asset.subtitleFiles.map(({ name, language }, number) => ({ number, name, language }))),
    check_report: null,
    edition: 0,
    next_edition: null,
    last_edition: 0,
    previous_editions: toJson([]),
    reencode_error: null,
  };
}

function toRecord(row: AssetRow, beside: Homes & Pick<AssetRecord, "settled">): AssetRecord {
  return {
    id: row.id,
    title: row.title,
    state: row.state,
    labels: fromJson(row.labels),
    externalId: row.external_id,
    ladder: row.ladder,
    replicasWanted: row.replicas_wanted,
    regions: fromJson(row.regions),
    priority: row.priority,
    sourceName: row.source_name,
    sourceSha256: row.source_sha256 === "" ? null : row.source_sha256,
    sourceBytes: row.source_bytes,
    sourceUrl: row.source_url === "" ? null : row.source_url,
    allowDamaged: row.allow_damaged === 1,
    keepSource: row.keep_source,
    duplicateOf: row.duplicate_of,
    subtitleFiles: fromJson(row.subtitle_files),
    createdAt: row.created_at,
    playableAt: row.playable_at,
    readyAt: row.ready_at,
    deletedAt: row.deleted_at,
    stateBeforeDelete: row.state_before_delete,
    pins: fromJson(row.pins),
    extraReplicas: row.extra_replicas,
    probe: row.probe === null ? null : probeFromJson(row.probe),
    plan: row.plan === null ? null : planFromJson(row.plan),
    edition: row.edition,
    nextEdition: row.next_edition === null ? null : nextEditionFromJson(row.next_edition),
    previousEditions: previousEditionsFromJson(row.previous_editions),
    reencodeError: fromJsonOrNull(row.reencode_error),
    check: fromJsonOrNull(row.check_report),
    releasedChunks: row.released_chunks,
    manifestVersion: row.manifest_version,
    measured: row.measured === null ? null : ratesFromJson(row.measured),
    error: fromJsonOrNull(row.error),
    ...beside,
  };
}
