// Bringing a catalog to this version: whatever ends it midway, the next start finds it as it was, and goes on.
import assert from "node:assert/strict";
import { copyFile } from "node:fs/promises";
import type { Database as Sqlite } from "better-sqlite3";
import { fillOldCatalog, oldContent, oldMigration } from "../contract/old-catalog.ts";
import { viewOf } from "../contract/steps.ts";
import { migrationsFor } from "../migrations/migrations.ts";
import { sqliteTypes } from "../migrations/engine-types.ts";
import { bringUpToDate } from "./catalog-file.ts";
import { openConnection, queriesOn } from "./connection.ts";
import { makeOldCatalog, testFolder } from "./test-catalog.ts";
import type { TestFolder } from "./test-catalog.ts";

describe("bringing a catalog up to date", () => {
  let old: TestFolder;
  let folder: TestFolder;
  beforeEach(async () => {
    [old, folder] = [await testFolder(), await testFolder()];
    await makeOldCatalog(old.path, oldMigration, fillOldCatalog);
  });
  afterEach(async () => {
    await old[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  it("leaves it as it was when the program dies at any statement, and succeeds the next time", async () => {
    await copyFile(old.path, folder.path);
    const last = await dyingAt(Infinity);
    assert.ok(last > 30, `${last} statements`);
    for (let death = 1; death <= last; death += 1) {
      await copyFile(old.path, folder.path);
      await assert.rejects(dyingAt(death), /dead/, `at statement ${death}`);
      assert.deepEqual(appliedIn(folder.path), [oldMigration], `at statement ${death}`);
      assert.equal(columnsOf(folder.path, "assets").includes("pins"), false, `at statement ${death}`);
      await dyingAt(Infinity);
      assert.deepEqual(appliedIn(folder.path), Object.keys(migrationsFor(sqliteTypes)), `after ${death}`);
    }
    await using catalog = await folder.open();
    const { asset, pieces } = await viewOf(catalog, oldContent.assetId);
    assert.deepEqual([asset.homes, asset.pins], [[oldContent.nodeId], []]);
    assert.deepEqual(pieces, oldContent.pieces);
  }).timeout(60_000);

  // Gives how many statements there were. From that one on nothing is executed any more, as when the process is killed.
  async function dyingAt(statement: number): Promise<number> {
    const sqlite = openConnection(folder.path, "write");
    let count = 0;
    const mortal = {
      prepare(text: string) {
        count += 1;
        if (count >= statement) throw new Error("dead");
        return sqlite.prepare(text);
      },
    };
    try {
      await bringUpToDate(queriesOn(mortal as unknown as Sqlite));
    } finally {
      sqlite.close();
    }
    return count;
  }
});

function appliedIn(path: string): string[] {
  return read<{ name: string }>(path, "select name from kysely_migration order by name").map(({ name }) => name);
}

function columnsOf(path: string, table: string): string[] {
  return read<{ name: string }>(path, `select name from pragma_table_info('${table}')`).map(({ name }) => name);
}

function read<Row>(path: string, query: string): Row[] {
  const sqlite = openConnection(path, "read");
  try {
    return sqlite.prepare<[], Row>(query).all();
  } finally {
    sqlite.close();
  }
}
