// The catalog's file before its first use: made whole or not at all, checked for damage, brought to this version.
import { closeSync, existsSync, fsyncSync, openSync, realpathSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import Database from "better-sqlite3";
import { sql } from "kysely";
import { Migrator } from "kysely/migration";
import { VsError } from "@vstream/core/errors.ts";
import { createIdentity } from "../identity.ts";
import { sqliteTypes } from "../migrations/engine-types.ts";
import { migrationsFor } from "../migrations/migrations.ts";
import type { Db } from "../tables.ts";
import { queriesOn } from "./connection.ts";
import type { Sqlite } from "./connection.ts";
import { damaged, fromSqlite } from "./sqlite-errors.ts";

/** "vstr": marks the file as ours. */
export const applicationId = 0x76737472;

/**
 * Of a file larger than this only the tables are checked at each start that do not grow with the assets, or the start
 * would take seconds (0.4 s at this size, 5 s at 20,000 assets without their pieces). Damage elsewhere ends the program
 * when it is read.
 */
export const wholeCheckBytes = 32 * 1024 * 1024;

/** The tables that grow with the number of assets, and what goes with them. */
const growingTables = [
  ...["assets", "asset_homes", "labels", "releases", "pieces", "piece_versions", "replicas", "dropped_copies"],
  ...["tasks", "task_logs", "events", "unsettled", "tombstones"],
];

/** The same name for one file, by whatever way it is reached. @throws VsError data_folder_unusable */
export function canonicalPath(path: string): string {
  try {
    return existsSync(path) ? realpathSync(path) : join(realpathSync(dirname(path)), basename(path));
  } catch (cause) {
    throw new VsError("data_folder_unusable", `there is no folder ${dirname(path)}`, {
      hint: "Create it, writable for the control plane's user",
      cause,
    });
  }
}

/** Makes the file under another name first, so that a crash leaves either none or a whole one. */
export async function createMissing(path: string, at: number): Promise<void> {
  if (existsSync(path)) return;
  if (existsSync(`${path}-wal`)) throw damaged(`${path} is gone, though its log ${path}-wal is there`);
  const unfinished = `${path}.new`;
  for (const rest of [unfinished, `${unfinished}-journal`]) rmSync(rest, { force: true });
  const sqlite = openNew(unfinished);
  try {
    sqlite.pragma("synchronous = FULL");
    sqlite.pragma(`application_id = ${applicationId}`);
    await migrate(queriesOn(sqlite));
    await createIdentity(queriesOn(sqlite), at);
  } finally {
    sqlite.close();
  }
  renameSync(unfinished, path);
  syncFolder(dirname(path));
}

/** @throws VsError catalog_damaged */
export function checkWhole(sqlite: Sqlite): void {
  try {
    if (sqlite.pragma("application_id", { simple: true }) !== applicationId) {
      throw damaged(`${sqlite.name} is not a catalog of vstream`);
    }
    const tables = sizeOf(sqlite) <= wholeCheckBytes ? [""] : smallTables(sqlite).map((name) => `('${name}')`);
    for (const table of tables) {
      const verdict = sqlite.pragma(`quick_check${table}`, { simple: true });
      if (verdict !== "ok") throw damaged(String(verdict));
    }
  } catch (thrown) {
    throw fromSqlite(thrown);
  }
}

/** All that is new to it at once, or nothing: whatever ends this midway. @throws VsError catalog_newer */
export async function bringUpToDate(db: Db): Promise<void> {
  const known = Object.keys(migrationsFor(sqliteTypes));
  const { rows } = await sql<{ name: string }>`select name from kysely_migration`.execute(db);
  const unknown = rows.find((row) => !known.includes(row.name));
  if (unknown !== undefined) {
    throw new VsError("catalog_newer", `the catalog was written by a newer vstream (it has ${unknown.name})`, {
      hint: "Start that version or a newer one, or put a backup from before the upgrade in its place",
    });
  }
  await migrate(db);
}

// In one transaction, begun here: for SQLite the migrator begins none, and a crash between two statements would leave a
// file that neither this version nor the one before could use.
async function migrate(db: Db): Promise<void> {
  const provider = { getMigrations: () => Promise.resolve(migrationsFor(sqliteTypes)) };
  try {
    await sql`begin immediate`.execute(db);
    const { error } = await new Migrator({ db, provider }).migrateToLatest();
    if (error !== undefined) throw fromSqlite(error);
    await sql`commit`.execute(db);
  } catch (thrown) {
    // It may be rolled back already, when the disk is full; whoever closes the connection ends it in any case.
    await sql`rollback`.execute(db).catch(() => undefined);
    throw fromSqlite(thrown);
  }
}

function openNew(path: string): Sqlite {
  try {
    return new Database(path);
  } catch (thrown) {
    throw fromSqlite(thrown);
  }
}

function sizeOf(sqlite: Sqlite): number {
  return Number(sqlite.pragma("page_count", { simple: true })) * Number(sqlite.pragma("page_size", { simple: true }));
}

function smallTables(sqlite: Sqlite): string[] {
  return sqlite
    .prepare<[], { name: string }>("select name from sqlite_schema where type = 'table'")
    .all()
    .map((table) => table.name)
    .filter((name) => !growingTables.includes(name));
}

function syncFolder(path: string): void {
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
