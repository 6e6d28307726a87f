// The first tables: assets with their pieces and copies, nodes, tasks, tokens, events.
import { sql } from "kysely";
import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";
import type { EngineTypes } from "./engine-types.ts";

export function firstTables(types: EngineTypes): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      const statements = [...assetTables(types), ...nodeTables(types), ...copyTables(types), ...workTables(types)];
      for (const statement of [...statements, ...accessTables(types)]) await sql.raw(statement).execute(db);
    },
  };
}

function assetTables({ integer, tableEnd, keyedTableEnd }: EngineTypes): string[] {
  return [
    `create table assets (
      id text primary key not null, title text not null, state text not null, labels text not null, external_id text,
      ladder text not null, replicas_wanted ${integer} not null, regions text not null, priority ${integer} not null,
      source_name text not null, source_sha256 text not null, source_bytes ${integer} not null,
      created_at ${integer} not null, playable_at ${integer}, ready_at ${integer}, deleted_at ${integer},
      state_before_delete text, home_count ${integer} not null, probe text, plan text,
      released_chunks ${integer} not null, manifest_version ${integer} not null, measured text, error text,
      search_text text not null
    ) ${tableEnd}`,
    "create unique index assets_by_external_id on assets (external_id) where external_id is not null",
    "create index assets_by_source on assets (source_sha256)",
    "create index assets_by_age on assets (created_at, id)",
    "create index assets_by_state on assets (state)",
    "create index assets_with_too_few_homes on assets (id) where home_count < replicas_wanted",
    `create table unsettled (
      asset_id text primary key not null references assets (id) on delete cascade, settle_step ${integer} not null
    ) ${keyedTableEnd}`,
    `create table releases (
      asset_id text not null references assets (id) on delete cascade,
      version ${integer} not null, released_chunks ${integer} not null, primary key (asset_id, version)
    ) ${keyedTableEnd}`,
    `create table labels (
      subject_id text not null, name text not null, value text not null, primary key (subject_id, name)
    ) ${keyedTableEnd}`,
    "create index labels_by_value on labels (name, value)",
    `create table tombstones (asset_id text primary key not null, forgotten_at ${integer} not null) ${keyedTableEnd}`,
  ];
}

function nodeTables({ integer, tableEnd, keyedTableEnd }: EngineTypes): string[] {
  return [
    `create table nodes (
      id text primary key not null, name text not null unique, region text not null, labels text not null,
      health text not null, health_since ${integer} not null, scheduling text not null, drain_deadline_at ${integer},
      on_deadline text not null, playback_url text not null, peer_url text not null, version text not null,
      ffmpeg_version text not null, toolchain text not null, encode_slots ${integer} not null,
      used_bytes ${integer} not null, capacity_bytes ${integer} not null, joined_at ${integer} not null,
      last_seen_at ${integer} not null, certificate_expires_at ${integer} not null, copies_trusted ${integer} not null
    ) ${tableEnd}`,
    `create table asset_homes (
      asset_id text not null references assets (id) on delete cascade,
      node_id text not null references nodes (id) on delete cascade,
      position ${integer} not null, primary key (asset_id, node_id)
    ) ${keyedTableEnd}`,
    "create index asset_homes_by_node on asset_homes (node_id)",
  ];
}

function copyTables({ integer, tableEnd, keyedTableEnd }: EngineTypes): string[] {
  return [
    `create table pieces (
      asset_id text not null references assets (id) on delete cascade, id text not null, kind text not null,
      chunk ${integer} not null, track ${integer} not null, content text not null, toolchain text not null,
      made_by text not null, bytes ${integer} not null, primary key (asset_id, id)
    ) ${tableEnd}`,
    "create index pieces_by_chunk on pieces (asset_id, chunk)",
    `create table replicas (
      asset_id text not null, piece_id text not null, node_id text not null references nodes (id) on delete cascade,
      state text not null, bytes ${integer} not null, verified_at ${integer},
      primary key (asset_id, piece_id, node_id),
      foreign key (asset_id, piece_id) references pieces (asset_id, id) on delete cascade
    ) ${keyedTableEnd}`,
    "create index replicas_by_node on replicas (node_id, asset_id)",
    "create index replicas_not_verified on replicas (asset_id) where state <> 'verified'",
    `create table dropped_copies (
      asset_id text not null references assets (id) on delete cascade, piece_id text not null,
      node_id text not null references nodes (id) on delete cascade, primary key (asset_id, piece_id, node_id)
    ) ${keyedTableEnd}`,
    "create index dropped_copies_by_node on dropped_copies (node_id)",
  ];
}

function workTables({ integer, countingKey, tableEnd }: EngineTypes): string[] {
  return [
    `create table tasks (
      id text primary key not null, kind text not null, asset_id text not null, piece_id text not null,
      discard_piece_ids text not null, node_id text, state text not null, attempt ${integer} not null,
      failures ${integer} not null, epoch ${integer} not null, priority ${integer} not null, rank ${integer} not null,
      pre_roll_keyframes ${integer} not null, not_before ${integer} not null, created_at ${integer} not null,
      started_at ${integer}, finished_at ${integer}, error text,
      reported_epoch ${integer}, reported_by text, reported_kind text
    ) ${tableEnd}`,
    "create index tasks_by_asset on tasks (asset_id, state)",
    "create index tasks_by_node on tasks (node_id, state)",
    "create index tasks_by_state on tasks (state)",
    "create index tasks_by_age on tasks (created_at, id)",
    "create index tasks_by_end on tasks (finished_at) where finished_at is not null",
    `create table task_logs (
      task_id text primary key not null references tasks (id) on delete cascade, lines text not null
    ) ${tableEnd}`,
    `create table events (
      id ${countingKey}, at ${integer} not null, kind text not null, subject text not null, actor text not null,
      message text not null
    ) ${tableEnd}`,
    "create index events_by_age on events (at)",
  ];
}

function accessTables({ integer, tableEnd }: EngineTypes): string[] {
  return [
    `create table identity (
      id ${integer} primary key not null check (id = 1), incarnation text not null, term ${integer} not null,
      created_at ${integer} not null
    ) ${tableEnd}`,
    `create table tokens (
      id text primary key not null, kind text not null, secret_sha256 text not null, name text not null,
      region text not null, role text not null, created_at ${integer} not null, expires_at ${integer} not null,
      used_at ${integer}, revoked_at ${integer}
    ) ${tableEnd}`,
  ];
}
