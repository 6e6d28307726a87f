// Opening the catalog on SQLite: one at a time, and only a file that is whole and known.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { copyFile, open, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import type { TokenId } from "@vstream/core/ids.ts";
import { aList, anAsset } from "../contract/builders.ts";
import { openConnection } from "./connection.ts";
import { testFolder } from "./test-catalog.ts";
import type { TestFolder } from "./test-catalog.ts";

describe("opening the catalog on SQLite", () => {
  let folder: TestFolder;
  beforeEach(async () => {
    folder = await testFolder();
  });
  afterEach(async () => {
    await folder[Symbol.asyncDispose]();
  });

  describe("one control plane at a time", () => {
    it("refuses a second opener, and lets it in when the first has closed", async () => {
      const first = await folder.open();
      await assert.rejects(folder.open(), { code: "catalog_locked", exitCode: 6 });
      await first[Symbol.asyncDispose]();
      const second = await folder.open();
      assert.equal(second.identity.term, 2);
      await second[Symbol.asyncDispose]();
    });

    it("refuses a second process, and is free with all that was acknowledged when that is killed with -9", async () => {
      const { child, tokenId } = await startHolder(folder.path);
      await assert.rejects(folder.open(), { code: "catalog_locked" });
      child.kill("SIGKILL");
      await once(child, "exit");
      await using catalog = await folder.open();
      assert.equal((await catalog.queries.getToken(tokenId))?.id, tokenId);
    });
  });

  describe("a file that is not what it should be", () => {
    let template: TestFolder;
    before(async () => {
      template = await testFolder();
      await using catalog = await template.open();
      await Promise.all(Array.from({ length: 50 }, async () => await catalog.commands.createAsset(anAsset())));
    });
    after(async () => {
      await template[Symbol.asyncDispose]();
    });
    beforeEach(async () => {
      await copyFile(template.path, folder.path);
    });

    async function assertDamaged(): Promise<void> {
      await assert.rejects(folder.open(), (error: { code: string; hint: string }) => {
        assert.equal(error.code, "catalog_damaged");
        assert.match(error.hint, /backup/);
        return true;
      });
    }

    it("is refused when its bytes are random", async () => {
      await writeFile(folder.path, randomBytes(100_000));
      await assertDamaged();
    });

    it("is refused when it was cut off", async () => {
      const { size } = await stat(folder.path);
      await truncate(folder.path, Math.floor(size / 2));
      await assertDamaged();
    });

    it("is refused when it is empty: a new catalog in its place would have every store swept", async () => {
      await truncate(folder.path, 0);
      await assertDamaged();
    });

    it("is refused when pages of it were overwritten", async () => {
      await scribble(folder.path, 3 * 4096);
      await assertDamaged();
    });

    it("is refused when it belongs to another program", async () => {
      await rm(folder.path);
      const other = new Database(folder.path);
      other.exec("create table notes (text text)");
      other.close();
      await assertDamaged();
    });

    it("is refused when only its log is left", async () => {
      await rm(folder.path);
      await writeFile(`${folder.path}-wal`, "rest");
      await assertDamaged();
    });

    it("is refused, untouched, when a newer version wrote it", async () => {
      const newer = new Database(folder.path);
      newer.exec("insert into kysely_migration (name, timestamp) values ('9999-of-the-future', '2030-01-01')");
      newer.close();
      const before = await readFile(folder.path);
      await assert.rejects(folder.open(), { code: "catalog_newer" });
      assert.deepEqual(await readFile(folder.path), before);
    });

    it("can be opened again after each refusal, when the reason is gone", async () => {
      const whole = await readFile(folder.path);
      await writeFile(folder.path, randomBytes(100_000));
      await assertDamaged();
      await writeFile(folder.path, whole);
      await using catalog = await folder.open();
      const { items } = await catalog.queries.listAssets({ ...aList({ limit: 100 }), search: "" });
      assert.equal(items.length, 50);
    });
  });

  it("says that there is no folder", async () => {
    const gone = await testFolder();
    await gone[Symbol.asyncDispose]();
    await assert.rejects(gone.open(), { code: "data_folder_unusable" });
  });

  it("starts anew after a crash while the file was being made", async () => {
    await writeFile(`${folder.path}.new`, "half a file");
    await using catalog = await folder.open();
    assert.equal(catalog.identity.term, 1);
    assert.equal(existsSync(`${folder.path}.new`), false);
  });

  it("writes each commit through to the disk, on every connection", async () => {
    await using _catalog = await folder.open();
    for (const mode of ["read", "write"] as const) {
      const sqlite = openConnection(folder.path, mode);
      assert.equal(sqlite.pragma("synchronous", { simple: true }), 2, mode);
      assert.equal(sqlite.pragma("journal_mode", { simple: true }), "wal", mode);
      assert.equal(sqlite.pragma("foreign_keys", { simple: true }), 1, mode);
      sqlite.close();
    }
  });
});

async function startHolder(path: string): Promise<{ child: ChildProcess; tokenId: TokenId }> {
  const program = fileURLToPath(new URL("./hold-catalog.ts", import.meta.url));
  const child = spawn(process.execPath, [program, path], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return { child, tokenId: line.toString().trim() as TokenId };
}

async function scribble(path: string, from: number): Promise<void> {
  await using file = await open(path, "r+");
  const { size } = await file.stat();
  await file.write(randomBytes(size - from), 0, size - from, from);
}
