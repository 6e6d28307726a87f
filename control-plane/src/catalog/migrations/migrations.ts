// Every migration, by a name that sorts in order. Only ever appended to: a catalog out there has run the others.
// An explicit map, so that a bundle holds them.
import type { Migration } from "kysely/migration";
import type { EngineTypes } from "./engine-types.ts";
import { firstTables } from "./0001-first-tables.ts";
import { movesAndSizes } from "./0002-moves-and-sizes.ts";
import { sourcesAndEditions } from "./0003-sources-and-editions.ts";

export function migrationsFor(types: EngineTypes): Record<string, Migration> {
  return {
    "0001-first-tables": firstTables(types),
    "0002-moves-and-sizes": movesAndSizes(types),
    "0003-sources-and-editions": sourcesAndEditions(types),
  };
}
