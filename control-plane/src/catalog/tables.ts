// The tables as kysely knows them; migrations/ makes them. Flags are 0 or 1, instants milliseconds since the epoch.
import type { Generated, Kysely, Selectable } from "kysely";
import type { Failure } from "@vstream/core/errors.ts";
import type { AssetId, NodeId, PieceId, Sha256, TaskId, TokenId } from "@vstream/core/ids.ts";
import type { CheckReport, PieceContent, TaskKind } from "@vstream/core/media.ts";
import type { VerifyFindings } from "./catalog.ts";
import type { Json } from "./json-column.ts";
import type {
  AssetState,
  KeepSource,
  NodeHealth,
  ReplicaState,
  Role,
  Scheduling,
  SubtitleFileRecord,
  TaskState,
} from "./records.ts";
import type {
  StoredContent,
  StoredNextEdition,
  StoredPlan,
  StoredPreviousEdition,
  StoredProbe,
  StoredRates,
} from "./stored-media.ts";

/** What every command and query runs on: inside a transaction that the engine has begun. */
export type Db = Kysely<Tables>;

export interface Tables {
  identity: { id: number; incarnation: string; term: number; created_at: number };
  assets: AssetsTable;
  asset_homes: AssetHomesTable;
  /** For filters; the labels to be shown stand in the asset's or node's own row. */
  labels: { subject_id: AssetId | NodeId; name: string; value: string };
  /** Assets that planning has to look at. settle_step: see settling.ts. */
  unsettled: { asset_id: AssetId; settle_step: number };
  /** Which manifest version released how many chunks. */
  releases: { asset_id: AssetId; version: number; released_chunks: number };
  pieces: PiecesTable;
  /** Its asset's piece_version from which on a piece is there; none: it was there before versions were kept. */
  piece_versions: { asset_id: AssetId; piece_id: PieceId; version: number };
  replicas: ReplicasTable;
  /** Copies of dropped pieces that a node may still hold: its inventory must not bring them back. */
  dropped_copies: { asset_id: AssetId; piece_id: PieceId; node_id: NodeId };
  nodes: NodesTable;
  tasks: TasksTable;
  task_logs: { task_id: TaskId; lines: Json<readonly string[]> };
  tokens: TokensTable;
  events: EventsTable;
  /** Assets that were forgotten: nothing may bring them back. */
  tombstones: { asset_id: AssetId; forgotten_at: number };
  /** The content in base64. */
  subtitle_files: { asset_id: AssetId; number: number; name: string; content: string };
  /** What ffmpeg was told for each piece: a line for each run. */
  provenance: { asset_id: AssetId; piece_id: PieceId; arguments: Json<readonly string[]> };
}

export interface AssetsTable {
  id: AssetId;
  title: string;
  state: AssetState;
  labels: Json<Readonly<Record<string, string>>>;
  external_id: string | null;
  ladder: string;
  replicas_wanted: number;
  regions: Json<readonly string[]>;
  priority: number;
  source_name: string;
  /** Empty: not known yet. */
  source_sha256: Sha256 | "";
  source_bytes: number;
  created_at: number;
  playable_at: number | null;
  ready_at: number | null;
  deleted_at: number | null;
  state_before_delete: AssetState | null;
  /** How many rows it has in asset_homes; kept here for an index of what has too few. */
  home_count: number;
  probe: Json<StoredProbe> | null;
  plan: Json<StoredPlan> | null;
  released_chunks: number;
  manifest_version: number;
  measured: Json<StoredRates> | null;
  error: Json<Failure> | null;
  /** See search-text.ts. */
  search_text: string;
  pins: Json<readonly NodeId[]>;
  extra_replicas: number;
  /** How many rows it has in pieces, and the sum of their bytes; pieces.ts keeps them. */
  piece_count: number;
  piece_bytes: number;
  /** One more at each change of its pieces. */
  piece_version: number;
  /** Empty: the source is uploaded. */
  source_url: string;
  allow_damaged: 0 | 1;
  /** 1: it is made although the same bytes are there already. */
  force: 0 | 1;
  keep_source: KeepSource;
  duplicate_of: AssetId | null;
  subtitle_files: Json<readonly SubtitleFileRecord[]>;
  check_report: Json<CheckReport> | null;
  edition: number;
  next_edition: Json<StoredNextEdition> | null;
  /** The highest number that was given to an edition, whatever became of it: no number is given twice. */
  last_edition: number;
  previous_editions: Json<readonly StoredPreviousEdition[]>;
  reencode_error: Json<Failure> | null;
}

export interface AssetHomesTable {
  asset_id: AssetId;
  node_id: NodeId;
  position: number;
  /** 1: it goes once its copies stand on the others. */
  leaving: 0 | 1;
  /** Empty: none was kept. */
  reason: string;
}

export interface PiecesTable {
  asset_id: AssetId;
  id: PieceId;
  kind: PieceContent["kind"];
  /** -1 where there is none. */
  chunk: number;
  track: number;
  content: Json<StoredContent>;
  toolchain: string;
  made_by: NodeId | "";
  bytes: number;
  /** 0 also for what belongs to every one: the source, the timeline, text. */
  edition: number;
}

export interface ReplicasTable {
  asset_id: AssetId;
  piece_id: PieceId;
  node_id: NodeId;
  /** As last reported: `wanted` has no row, and `suspect` follows from the node's copies_trusted. */
  state: Exclude<ReplicaState, "wanted" | "suspect">;
  bytes: number;
  verified_at: number | null;
}

export interface NodesTable {
  id: NodeId;
  name: string;
  region: string;
  zone: string;
  labels: Json<Readonly<Record<string, string>>>;
  health: NodeHealth;
  health_since: number;
  scheduling: Scheduling;
  drain_deadline_at: number | null;
  on_deadline: "hold" | "force";
  playback_url: string;
  peer_url: string;
  version: string;
  ffmpeg_version: string;
  toolchain: string;
  encode_slots: number;
  used_bytes: number;
  capacity_bytes: number;
  joined_at: number;
  last_seen_at: number;
  certificate_expires_at: number;
  /** 0 from the moment that it is down until its next inventory: meanwhile its verified copies are suspect. */
  copies_trusted: number;
}

export interface TasksTable {
  id: TaskId;
  kind: TaskKind;
  asset_id: AssetId;
  piece_id: PieceId | "";
  discard_piece_ids: Json<readonly PieceId[]>;
  node_id: NodeId | null;
  state: TaskState;
  attempt: number;
  failures: number;
  epoch: number;
  priority: number;
  rank: number;
  pre_roll_keyframes: number;
  not_before: number;
  created_at: number;
  started_at: number | null;
  finished_at: number | null;
  error: Json<Failure> | null;
  /** The last end that was accepted, so that its repetition is accepted too. */
  reported_epoch: number | null;
  reported_by: NodeId | null;
  reported_kind: "succeeded" | "failed" | null;
  /** Of a verification that succeeded. */
  findings: Json<VerifyFindings> | null;
}

export interface TokensTable {
  id: TokenId;
  kind: "node" | "user";
  secret_sha256: Sha256;
  name: string;
  region: string;
  role: Role | "";
  created_at: number;
  expires_at: number;
  used_at: number | null;
  revoked_at: number | null;
}

export interface EventsTable {
  id: Generated<number>;
  at: number;
  kind: string;
  subject: string;
  actor: string;
  message: string;
}

export type AssetRow = Selectable<AssetsTable>;
export type PieceRow = Selectable<PiecesTable>;
export type NodeRow = Selectable<NodesTable>;
export type TaskRow = Selectable<TasksTable>;
export type TokenRow = Selectable<TokensTable>;
