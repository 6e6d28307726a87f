// A catalog on SQLite in a folder of its own, for tests.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@vstream/core/clock.ts";
import type { VsError } from "@vstream/core/errors.ts";
import { openLog } from "@vstream/core/log.ts";
import type { Catalog } from "../catalog.ts";
import type { CatalogUnderTest } from "../contract/under-test.ts";
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
  const folder = await testFolder();
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
