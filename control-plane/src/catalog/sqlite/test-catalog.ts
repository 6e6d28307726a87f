// A catalog on SQLite in a folder of its own, for tests.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import type { Kysely } from "kysely";
import { Migrator } from "kysely/migration";
import { systemClock } from "@vstream/core/clock.ts";
import type { VsError } from "@vstream/core/errors.ts";
import { openLog } from "@vstream/core/log.ts";
import type { Catalog } from "../catalog.ts";
import type { CatalogUnderTest } from "../contract/under-test.ts";
import { createIdentity } from "../identity.ts";
import { sqliteTypes } from "../migrations/engine-types.ts";
import { migrationsFor } from "../migrations/migrations.ts";
import { applicationId } from "./catalog-file.ts";
import { queriesOn } from "./connection.ts";
import { openSqliteCatalog } from "./open-catalog.ts";

export interface TestFolder extends AsyncDisposable {
  readonly path: string;
  open(onFatal?: (error: VsError) => void): Promise<Catalog>;
}

/** A folder with the path of a catalog that is not there yet. */
export async function testFolder(): Promise<TestFolder> {
  const folder = await mkdtemp(join(tmpdir(), "vstream-catalog-"));
  const path = join(folder, "catalog.db");
  const { log } = openLog({ program: "test", level: "silent" });
  return {
    path,
    open: async (onFatal) =>
      await openSqliteCatalog({ path, clock: systemClock, log, ...(onFatal === undefined ? {} : { onFatal }) }),
    async [Symbol.asyncDispose]() {
      await rm(folder, { recursive: true });
    },
  };
}

export async function openTestCatalog(): Promise<CatalogUnderTest> {
  return await openIn(await testFolder());
}

export async function openOldTestCatalog<Tables>(
  lastMigration: string,
  fill: (db: Kysely<Tables>) => Promise<void>,
): Promise<CatalogUnderTest> {
  const folder = await testFolder();
  await makeOldCatalog(folder.path, lastMigration, fill);
  return await openIn(folder);
}

/** A catalog's file as it was made when that migration was the last one. */
export async function makeOldCatalog<Tables>(
  path: string,
  lastMigration: string,
  fill: (db: Kysely<Tables>) => Promise<void>,
): Promise<void> {
  const sqlite = new Database(path);
  sqlite.pragma(`application_id = ${applicationId}`);
  const db = queriesOn(sqlite);
  const { error } = await new Migrator({ db, provider: migrationsUpTo(lastMigration) }).migrateToLatest();
  if (error !== undefined) throw error as Error;
  await createIdentity(db, systemClock.now());
  // Its tables are older than those that the type names.
  await fill(db as unknown as Kysely<Tables>);
  sqlite.close();
}

async function openIn(folder: TestFolder): Promise<CatalogUnderTest> {
  let catalog = await folder.open();
  return {
    get catalog() {
      return catalog;
    },
    async reopen() {
      await catalog[Symbol.asyncDispose]();
      catalog = await folder.open();
      return catalog;
    },
    async [Symbol.asyncDispose]() {
      await catalog[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

function migrationsUpTo(last: string) {
  const known = Object.entries(migrationsFor(sqliteTypes)).filter(([name]) => name <= last);
  return { getMigrations: () => Promise.resolve(Object.fromEntries(known)) };
}
