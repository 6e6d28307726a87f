// Sources that are not kept for ever, as the catalog's rows say it; planning/keep-source.ts says the same of records.
import { sql } from "kysely";
import { sourcePieceId } from "@vstream/core/ids.ts";
import { isSourceOver } from "../planning/keep-source.ts";
import type { AssetRow } from "./tables.ts";

/** Whether the asset's source is wanted nowhere any more. */
export function hasSourceOver(asset: Pick<AssetRow, "keep_source" | "ready_at" | "next_edition">): boolean {
  const { keep_source: keepSource, ready_at: readyAt, next_edition: nextEdition } = asset;
  return isSourceOver({ keepSource, readyAt, nextEdition });
}

/** The same in a query that reads assets under this name. */
export const sourceIsOver = sql<boolean>`(
  assets.keep_source <> 'always' and assets.ready_at is not null and assets.next_edition is null)`;

/** A source that not every home is to hold, in a query that also reads pieces: its copies say nothing of the asset's. */
export const isSourceApart = sql<boolean>`(
  pieces.id = ${sourcePieceId} and (assets.keep_source = 'never' or ${sourceIsOver}))`;
