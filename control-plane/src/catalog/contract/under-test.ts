// The catalog that a group of contract tests runs on.
import type { Kysely } from "kysely";
import type { Catalog } from "../catalog.ts";

/** An engine's catalog in a place of its own. */
export interface CatalogUnderTest extends AsyncDisposable {
  readonly catalog: Catalog;
  /** Closes it and opens the same one again. */
  reopen(): Promise<Catalog>;
}

export type OpenCatalog = () => Promise<CatalogUnderTest>;

/**
 * Makes a catalog as it was made when that migration was the last one, has it filled, and opens it as catalogs are
 * opened today.
 */
export type OpenOldCatalog = <Tables>(
  lastMigration: string,
  fill: (db: Kysely<Tables>) => Promise<void>,
) => Promise<CatalogUnderTest>;

/** For a group of tests that share a catalog: opened before the first, closed after the last. */
export function sharedCatalog(open: OpenCatalog): () => Catalog {
  let opened: CatalogUnderTest | null = null;
  before(async () => {
    opened = await open();
  });
  after(async () => {
    await opened?.[Symbol.asyncDispose]();
  });
  return () => {
    if (opened === null) throw new Error("the catalog is not open");
    return opened.catalog;
  };
}
