// For measurements: fills a catalog's file, which nobody has open, with ready assets of a film's length, each with two
// copies, as if they had been ingested long ago. Straight into the tables: by its commands it would take an hour.
import { createHash } from "node:crypto";
import Database from "better-sqlite3";
import {
  audioPieceId,
  imagesPieceId,
  newId,
  sourcePieceId,
  textPieceId,
  timelinePieceId,
  videoPieceId,
} from "@vstream/core/ids.ts";
import type { AssetId, NodeId, PieceId, Sha256 } from "@vstream/core/ids.ts";
import { bytesOf } from "@vstream/core/media.ts";
import type { Keyframe, ObjectRef, PieceContent, RenditionSegments } from "@vstream/core/media.ts";
import { aPlan, aProbe, aRichPlan } from "../contract/builders.ts";
import { toJson } from "../json-column.ts";
import type { MeasuredRates } from "../records.ts";
import { contentToJson } from "../stored-media.ts";
import type { AssetRow, PieceRow, Tables } from "../tables.ts";
import type { Sqlite } from "./connection.ts";

const chunkCount = 19;
const segmentsPerChunk = 5;
const replicas = 2;
const rungNames = ["1080p", "720p", "480p", "360p"];

/** What each node holds afterwards, as its inventory would say. */
export type FilledHoldings = Map<NodeId, { readonly assetId: AssetId; readonly pieceIds: readonly PieceId[] }[]>;

/** The nodes must be in the catalog. 20,000 assets take about 20 s and 2 GB. */
export function fillCatalog(path: string, wanted: { assets: number; nodeIds: readonly NodeId[] }): FilledHoldings {
  const sqlite = new Database(path, { fileMustExist: true });
  try {
    // Nothing is lost that could not be made again.
    sqlite.pragma("synchronous = off");
    sqlite.pragma("cache_size = -200000");
    return sqlite.transaction(() => fill(sqlite, wanted))();
  } finally {
    sqlite.pragma("wal_checkpoint(truncate)");
    sqlite.close();
  }
}

function fill(sqlite: Sqlite, { assets, nodeIds }: { assets: number; nodeIds: readonly NodeId[] }): FilledHoldings {
  const holdings: FilledHoldings = new Map(nodeIds.map((nodeId) => [nodeId, []]));
  const pieces = somePieces();
  const insert = insertions(sqlite);
  const firstAt = Date.now() - assets * 1_000;
  for (let index = 0; index < assets; index += 1) {
    const asset = anAssetRow(index, firstAt + index * 1_000, pieces);
    const homes = homesOf(index, nodeIds);
    insert.asset(asset);
    insert.label({ subject_id: asset.id, name: "show", value: `s${String(index % 50)}` });
    homes.forEach((nodeId, position) => {
      insert.home({ asset_id: asset.id, node_id: nodeId, position, leaving: 0, reason: "has the most room" });
      holdings.get(nodeId)?.push({ assetId: asset.id, pieceIds: pieces.map(({ id }) => id) });
    });
    for (const piece of pieces) {
      insert.piece({ ...piece, asset_id: asset.id });
      for (const nodeId of homes) insert.replica(aReplica(asset, piece, nodeId));
    }
  }
  return holdings;
}

function aReplica(asset: AssetRow, piece: PieceRow, nodeId: NodeId): Tables["replicas"] {
  const { id, bytes } = piece;
  const verifiedAt = asset.created_at;
  return { asset_id: asset.id, piece_id: id, node_id: nodeId, state: "verified", bytes, verified_at: verifiedAt };
}

// Each node beside one of another place in the list, so that what two nodes share is little.
function homesOf(index: number, nodeIds: readonly NodeId[]): NodeId[] {
  const first = index % nodeIds.length;
  const step = 1 + ((index * 7) % Math.max(1, nodeIds.length - 1));
  const places = Array.from({ length: Math.min(replicas, nodeIds.length) }, (_, copy) => first + copy * step);
  return places.flatMap((place) => nodeIds[place % nodeIds.length] ?? []);
}

function insertions(sqlite: Sqlite) {
  const into = <Name extends "assets" | "labels" | "asset_homes" | "pieces" | "replicas">(table: Name) => {
    const columns = sqlite.prepare<[string], { name: string }>("select name from pragma_table_info(?)").all(table);
    const names = columns.map(({ name }) => name);
    const values = names.map((name) => `@${name}`).join(", ");
    const statement = sqlite.prepare(`insert into ${table} (${names.join(", ")}) values (${values})`);
    return (row: Tables[Name]): void => {
      statement.run(row);
    };
  };
  return {
    asset: into("assets"),
    label: into("labels"),
    home: into("asset_homes"),
    piece: into("pieces"),
    replica: into("replicas"),
  };
}

function anAssetRow(index: number, at: number, pieces: readonly PieceRow[]): AssetRow {
  const id = newId("asset", at);
  const title = `Episode ${String(index)} of the ${["news", "film", "sport", "kids"][index % 4] ?? ""} show`;
  const sourceName = `clip-${String(index)}.mp4`;
  const chunks = Array.from({ length: chunkCount }, (_, chunk) => {
    return { index: chunk, firstSegment: chunk * segmentsPerChunk, segmentCount: segmentsPerChunk };
  });
  const rungs = rungNames.flatMap((name) => aPlan.rungs.slice(0, 1).map((rung) => ({ ...rung, name })));
  return {
    ...{ id, title, state: "ready", labels: toJson({ show: `s${String(index % 50)}` }), external_id: null },
    ...{ ladder: "default", replicas_wanted: replicas, regions: toJson([]), priority: 0, source_name: sourceName },
    ...{ source_sha256: hashOf(sourceName), source_bytes: 5e8, created_at: at, playable_at: at, ready_at: at },
    ...{ deleted_at: null, state_before_delete: null, home_count: replicas, error: null },
    ...{ probe: toJson(aProbe), plan: toJson({ ...aRichPlan, rungs, chunks }), released_chunks: chunkCount },
    ...{ manifest_version: chunkCount + 2, measured: toJson(ratesOf(rungs)), pins: toJson([]), extra_replicas: 0 },
    search_text: `${title}\n${sourceName}\n${id}`.toLowerCase(),
    piece_count: pieces.length,
    piece_bytes: pieces.reduce((sum, { bytes }) => sum + bytes, 0),
    piece_version: 0,
    ...{
      source_url: "",
      allow_damaged: 0,
      force: 0,
      keep_source: "always",
      duplicate_of: null,
      subtitle_files: toJson([]),
    },
    ...{ check_report: null, edition: 0, next_edition: null, last_edition: 0, previous_editions: toJson([]) },
    reencode_error: null,
  };
}

function ratesOf(rungs: readonly MeasuredRates["renditions"][number]["rung"][]): MeasuredRates {
  const rates = { bandwidthBps: 5e6, averageBandwidthBps: 4e6, codecs: "avc1.64001e", frameRate: 24 };
  return { renditions: rungs.map((rung) => ({ rung, ...rates })), audio: [] };
}

// The same for every asset, so that filling takes little; a catalog does not notice.
function somePieces(): PieceRow[] {
  const chunks = Array.from({ length: chunkCount }, (_, chunk) => chunk);
  return [
    pieceRow(sourcePieceId, {
      kind: "source",
      source: object("s", 5e8),
      blockList: object("b", 2e4),
      blockBytes: 2 ** 20,
    }),
    pieceRow(timelinePieceId, { kind: "timeline", timeline: object("t", 5e4) }),
    ...chunks.map((chunk) => pieceRow(videoPieceId(chunk), videoOf(chunk))),
    ...chunks.map((chunk) => pieceRow(audioPieceId(0, chunk), audioOf(chunk))),
    ...[0, 1].map((track) => pieceRow(textPieceId(track), textOf(track))),
    pieceRow(imagesPieceId, someImages()),
  ];
}

function videoOf(chunk: number): PieceContent {
  const joint = { beforeFirst: "1".repeat(32), last: "2".repeat(32) };
  const renditions = rungNames.map((rung) => segmentsOf(`${rung} ${String(chunk)}`, rung, 6e5));
  return { kind: "video", chunk, frames: 720, timeScale: 24_000, renditions, joint };
}

function audioOf(chunk: number): PieceContent {
  const rendition = segmentsOf(`audio ${String(chunk)}`, "audio-0", 1e5);
  return { kind: "audio", track: 0, chunk, timeScale: 48_000, rendition };
}

function segmentsOf(name: string, rung: string, bytes: number): RenditionSegments {
  const segments = Array.from({ length: segmentsPerChunk }, (_, index) => {
    const keyframes = rung.startsWith("audio") ? [] : groupsOf(bytes);
    const times = { durationTicks: 144_000, startTicks: index * 144_000 };
    return { object: object(`${name} ${String(index)}`, bytes), ...times, keyframes };
  });
  return { rung, init: object(`${rung} init`, 700), codecs: "avc1.64001e", segments };
}

// Of two seconds each.
function groupsOf(bytes: number): Keyframe[] {
  const share = Math.floor(bytes / 3);
  return [0, 1, 2].map((at) => ({ offset: at * share, bytes: Math.floor(share / 4), durationTicks: 48_000 }));
}

function textOf(track: number): PieceContent {
  const chunks = Array.from({ length: chunkCount }, (_, chunk) =>
    object(`text ${String(track)} ${String(chunk)}`, 500),
  );
  return { kind: "text", track, chunks };
}

function someImages(): PieceContent {
  const image = (name: string, bytes: number) => ({ object: object(name, bytes), width: 1280, height: 720 });
  const sheets = Array.from({ length: 4 }, (_, at) => image(`sheet ${String(at)}`, 2e5));
  const sizes = { columns: 8, rows: 8, width: 160, height: 90, intervalMs: 3_000, thumbnails: 190 };
  return { kind: "images", poster: image("poster", 1e5), sheets, ...sizes };
}

function pieceRow(id: PieceId, content: PieceContent): PieceRow {
  const chunk = "chunk" in content ? content.chunk : -1;
  const track = "track" in content ? content.track : -1;
  const common = { asset_id: "" as AssetId, toolchain: "hollow", made_by: "", edition: 0 } as const;
  return { ...common, id, kind: content.kind, chunk, track, content: contentToJson(content), bytes: bytesOf(content) };
}

function object(name: string, bytes: number): ObjectRef {
  return { sha256: hashOf(name), bytes };
}

function hashOf(name: string): Sha256 {
  return createHash("sha256").update(name).digest("hex") as Sha256;
}
