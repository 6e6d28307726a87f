// Files of subtitles that come to an asset which is there: each becomes a track behind those that were planned.
import { VsError } from "@vstream/core/errors.ts";
import { timelinePieceId } from "@vstream/core/ids.ts";
import { mostSubtitleFiles } from "@vstream/core/subtitle-file.ts";
import { fileTargets } from "../planning/choose-targets.ts";
import type { NewSubtitleFile } from "./catalog.ts";
import { isSourceOver } from "../planning/keep-source.ts";
import { toJson } from "./json-column.ts";
import type { AssetRecord, EncodePlan } from "./records.ts";
import { addSubtitleFiles } from "./subtitle-files.ts";
import type { AssetsTable, Db } from "./tables.ts";

export interface LateSubtitles {
  /** For people. */
  readonly said: string;
  readonly columns: Partial<AssetsTable>;
  readonly isSeen: boolean;
}

/**
 * Stores the files. What is still to be written is in `columns`: plans with the new tracks, where there are plans; an
 * asset without one is planned with the files that it has by then. Text belongs to no edition, so that of the edition
 * which is being made gets the same ones.
 * @throws VsError invalid_argument for too many files or tracks; conflict when nothing is left that they could be cut by
 */
export async function addLateSubtitles(
  db: Db,
  asset: AssetRecord,
  files: readonly NewSubtitleFile[],
): Promise<LateSubtitles | null> {
  if (files.length === 0) return null;
  const present = asset.subtitleFiles.length;
  if (present + files.length > mostSubtitleFiles) {
    const found = `asset ${asset.id} would have ${present + files.length} files of subtitles`;
    throw new VsError("invalid_argument", found, { hint: `At most ${mostSubtitleFiles} can be given` });
  }
  await requireTimeline(db, asset);
  const added = await addSubtitleFiles(db, asset.id, files);
  const targets = asset.plan === null ? [] : fileTargets(added, asset.plan.text);
  if (asset.plan !== null && targets.length < added.length) {
    throw new VsError(
      "invalid_argument",
      `asset ${asset.id} has no room for ${added.length} more tracks of subtitles`,
      {
        hint: "Ingest its source anew, with only those that are needed: vsctl ingest FILE --force --subtitle LANG=FILE",
      },
    );
  }
  const withText = (plan: EncodePlan): EncodePlan => ({ ...plan, text: [...plan.text, ...targets] });
  const next = asset.nextEdition;
  const nextPlan = next === null || next.plan === null ? null : withText(next.plan);
  return {
    said: `subtitles added: ${added.map(({ name }) => name).join(", ")}`,
    columns: {
      subtitle_files: toJson([...asset.subtitleFiles, ...added]),
      plan: asset.plan === null ? null : toJson(withText(asset.plan)),
      next_edition: next === null ? null : toJson({ ...next, plan: nextPlan }),
    },
    isSeen: asset.plan !== null,
  };
}

// Text is cut as the video is, which the timeline says; only a source that is kept could give another.
async function requireTimeline(db: Db, asset: AssetRecord): Promise<void> {
  if (!isSourceOver(asset)) return;
  const timeline = db
    .selectFrom("pieces")
    .select("id")
    .where("asset_id", "=", asset.id)
    .where("id", "=", timelinePieceId);
  if ((await timeline.executeTakeFirst()) !== undefined) return;
  throw new VsError(
    "conflict",
    `asset ${asset.id} can get no more subtitles: its timeline is lost, and its source was not kept`,
    {
      hint: "Ingest its source anew with them: vsctl ingest FILE --force --subtitle LANG=FILE",
    },
  );
}
