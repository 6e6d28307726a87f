// A connection to the catalog's file, with the settings that its promises rest on, each read back.
import Database from "better-sqlite3";
import { Kysely, SqliteDialect } from "kysely";
import type { SqliteDatabase, SqliteStatement } from "kysely";
import { VsError } from "@vstream/core/errors.ts";
import type { Db, Tables } from "../tables.ts";
import { fromSqlite } from "./sqlite-errors.ts";

export type Sqlite = Database.Database;

/** How long a statement waits for another connection's lock; only a backup tool could hold one. */
const busyTimeoutMs = 5_000;

/** The write-ahead log is cut back to this after a peak. */
const logLimitBytes = 64 * 1024 * 1024;

/** As many prepared statements are kept; those with lists of values differ by their length. */
const statementLimit = 500;

/** @throws VsError data_folder_unusable, catalog_damaged */
export function openConnection(path: string, mode: "read" | "write"): Sqlite {
  try {
    const sqlite = new Database(path, { readonly: mode === "read", fileMustExist: true, timeout: busyTimeoutMs });
    if (mode === "write") expectSetting(sqlite, "journal_mode", "wal");
    // better-sqlite3 is built with NORMAL for WAL, on every new connection: acknowledged commits would not survive a
    // power cut.
    expectSetting(sqlite, "synchronous", 2);
    expectSetting(sqlite, "foreign_keys", 1);
    sqlite.pragma(`journal_size_limit = ${logLimitBytes}`);
    return sqlite;
  } catch (thrown) {
    throw fromSqlite(thrown);
  }
}

/** A query builder on that connection, which keeps prepared statements. Whoever opened the connection closes it. */
export function queriesOn(sqlite: Sqlite): Db {
  return new Kysely<Tables>({ dialect: new SqliteDialect({ database: keepStatements(sqlite) }) });
}

function expectSetting(sqlite: Sqlite, name: string, value: string | number): void {
  sqlite.pragma(`${name} = ${value}`);
  const actual = sqlite.pragma(name, { simple: true });
  if (actual === value) return;
  throw new VsError("data_folder_unusable", `the catalog's ${name} is ${String(actual)} and cannot be made ${value}`, {
    hint: "Put the control plane's data folder on a local file system",
  });
}

function keepStatements(sqlite: Sqlite): SqliteDatabase {
  const statements = new Map<string, SqliteStatement>();
  return {
    prepare(text) {
      const kept = statements.get(text);
      if (kept !== undefined) return kept;
      const [oldest] = statements.keys();
      if (statements.size >= statementLimit && oldest !== undefined) statements.delete(oldest);
      const statement = sqlite.prepare(text);
      statements.set(text, statement);
      return statement;
    },
    close() {
      statements.clear();
    },
  };
}
