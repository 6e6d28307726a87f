// Files of subtitles that were given beside a source: what they say is read by the tasks that turn them into tracks.
import type { AssetId } from "@vstream/core/ids.ts";
import type { CatalogQueries, NewSubtitleFile } from "./catalog.ts";
import type { SubtitleFileRecord } from "./records.ts";
import type { Db } from "./tables.ts";

/** Numbered after those that the asset has. */
export async function addSubtitleFiles(
  db: Db,
  assetId: AssetId,
  files: readonly NewSubtitleFile[],
): Promise<SubtitleFileRecord[]> {
  if (files.length === 0) return [];
  const { present } = await db
    .selectFrom("subtitle_files")
    .select((eb) => eb.fn.countAll<number>().as("present"))
    .where("asset_id", "=", assetId)
    .executeTakeFirstOrThrow();
  const numbered = files.map((file, index) => ({ ...file, number: present + index }));
  const rows = numbered.map(({ number, name, content }) => ({ asset_id: assetId, number, name, content }));
  await db.insertInto("subtitle_files").values(rows).execute();
  return numbered.map(({ number, name, language }) => ({ number, name, language }));
}

/** null: there is no such asset, or it has no such file. */
export async function getSubtitleFile(
  db: Db,
  { assetId, number }: Parameters<CatalogQueries["getSubtitleFile"]>[0],
): Promise<Pick<NewSubtitleFile, "name" | "content"> | null> {
  const row = await db
    .selectFrom("subtitle_files")
    .select(["name", "content"])
    .where("asset_id", "=", assetId)
    .where("number", "=", number)
    .executeTakeFirst();
  return row ?? null;
}
