// Where a source comes from and how long it is kept, what was allowed and found, the edition that is made beside the
// present one; subtitle files given beside a source, and what each piece was made with. A search finds external ids and
// labels too.
import { sql } from "kysely";
import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";
import type { EngineTypes } from "./engine-types.ts";

export function sourcesAndEditions(types: EngineTypes): Migration {
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      for (const statement of [...newColumns(types), ...newTables(types)]) await sql.raw(statement).execute(db);
      await rewriteSearchText(db);
    },
  };
}

interface Searched {
  readonly assets: Readonly<Record<"id" | "title" | "source_name" | "labels" | "search_text", string>> & {
    readonly external_id: string | null;
  };
}

/** Assets that are read at a time. */
const rowsAtOnce = 1000;

async function rewriteSearchText(db: Kysely<Searched>): Promise<void> {
  for (let after = ""; ;) {
    const rows = await db
      .selectFrom("assets")
      .select(["id", "title", "source_name", "external_id", "labels"])
      .where("id", ">", after)
      .orderBy("id")
      .limit(rowsAtOnce)
      .execute();
    for (const { id, title, source_name, external_id, labels } of rows) {
      const pairs = Object.entries(JSON.parse(labels) as Record<string, string>);
      const lines = [title, source_name, id, external_id ?? "", ...pairs.map(([name, value]) => `${name}=${value}`)];
      const text = lines.filter((line) => line !== "").join("\n");
      await db.updateTable("assets").set({ search_text: text.toLowerCase() }).where("id", "=", id).execute();
    }
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.id;
  }
}

function newColumns({ integer }: EngineTypes): string[] {
  return [
    "alter table assets add column source_url text not null default ''",
    `alter table assets add column allow_damaged ${integer} not null default 0`,
    `alter table assets add column force ${integer} not null default 0`,
    "alter table assets add column keep_source text not null default 'always'",
    "alter table assets add column duplicate_of text",
    "alter table assets add column subtitle_files text not null default '[]'",
    "alter table assets add column check_report text",
    `alter table assets add column edition ${integer} not null default 0`,
    "alter table assets add column next_edition text",
    `alter table assets add column last_edition ${integer} not null default 0`,
    "alter table assets add column previous_editions text not null default '[]'",
    "create index assets_with_previous_editions on assets (id) where previous_editions <> '[]'",
    "create index assets_in_regions on assets (id) where regions <> '[]'",
    "alter table assets add column reencode_error text",
    `alter table pieces add column edition ${integer} not null default 0`,
  ];
}

function newTables({ integer, tableEnd }: EngineTypes): string[] {
  return [
    `create table subtitle_files (
      asset_id text not null references assets (id) on delete cascade, number ${integer} not null,
      name text not null, content text not null, primary key (asset_id, number)
    ) ${tableEnd}`,
    `create table provenance (
      asset_id text not null, piece_id text not null, arguments text not null, primary key (asset_id, piece_id),
      foreign key (asset_id, piece_id) references pieces (asset_id, id) on delete cascade
    ) ${tableEnd}`,
  ];
}
