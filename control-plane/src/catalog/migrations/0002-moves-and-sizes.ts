// Zones, why an asset has the homes that it has and which of them are to go, pins and extra copies; how large an asset
// is, kept in its row; what verifications found; and an index for each order and filter of the lists, so that they cost the same however many
// assets there are.
import { sql } from "kysely";
import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";
import type { EngineTypes } from "./engine-types.ts";

export function movesAndSizes(types: EngineTypes): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      for (const statement of [...newColumns(types), ...newTables(types), ...newIndexes()])
        await sql.raw(statement).execute(db);
    },
  };
}

function newColumns({ integer }: EngineTypes): string[] {
  return [
    "alter table nodes add column zone text not null default ''",
    `alter table asset_homes add column leaving ${integer} not null default 0`,
    "alter table asset_homes add column reason text not null default ''",
    "alter table assets add column pins text not null default '[]'",
    `alter table assets add column extra_replicas ${integer} not null default 0`,
    `alter table assets add column piece_count ${integer} not null default 0`,
    `alter table assets add column piece_bytes ${integer} not null default 0`,
    `alter table assets add column piece_version ${integer} not null default 0`,
    "alter table tasks add column findings text",
    `update assets set
      piece_count = (select count(*) from pieces where pieces.asset_id = assets.id),
      piece_bytes = (select coalesce(sum(pieces.bytes), 0) from pieces where pieces.asset_id = assets.id)`,
  ];
}

// Not a column of pieces: adding one would read the whole of a table that holds gigabytes. Pieces of before have no row.
function newTables({ integer, keyedTableEnd }: EngineTypes): string[] {
  return [
    `create table piece_versions (
      asset_id text not null, piece_id text not null, version ${integer} not null, primary key (asset_id, piece_id),
      foreign key (asset_id, piece_id) references pieces (asset_id, id) on delete cascade
    ) ${keyedTableEnd}`,
  ];
}

// A list reads one index from end to end at worst, never the rows, which are large: what it filters by is in each.
function newIndexes(): string[] {
  return [
    "create index assets_by_state_and_age on assets (state, created_at, id)",
    "drop index assets_by_state",
    "drop index assets_by_age",
    "create index assets_in_order_of_age on assets (created_at, id, state)",
    "create index assets_in_order_of_title on assets (title, id, state)",
    "create index assets_in_order_of_state on assets (state, id)",
    "create index assets_in_order_of_priority on assets (priority, id, state)",
    "create index assets_in_order_of_size on assets (source_bytes, id, state)",
    "create index assets_by_text on assets (search_text, id)",
    "create index assets_with_pins on assets (id) where pins <> '[]'",
    "create index assets_with_extra_copies on assets (id) where extra_replicas > 0",
    "create index asset_homes_leaving on asset_homes (asset_id) where leaving = 1",
    "create index tasks_by_state_and_age on tasks (state, created_at, id)",
    "drop index tasks_by_state",
    "create index tasks_copied on tasks (kind, state, finished_at) where kind = 'replicate' and state = 'succeeded'",
  ];
}
