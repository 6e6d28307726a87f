// Makes the thumbnails of a video: small pictures in even steps, on sheets.
import { VsError } from "@vstream/core/errors.ts";
import { sheetArguments } from "./images-args.ts";
import { jpegSize } from "./images-jpeg.ts";
import { durationMsOf, KeyPictures } from "./images-keys.ts";
import type { KeyPicture, PictureSource } from "./images-keys.ts";
import { planThumbnails, sheetColumns, sheetRows, thumbnailMs, thumbnailSize } from "./images-plan.ts";
import type { Size, ThumbnailPlan } from "./images-plan.ts";
import { runOnPictures } from "./images-run.ts";
import type { ImageTools } from "./images-run.ts";

/** A JPEG file in memory. */
export interface ImageBytes extends Size {
  readonly bytes: Buffer;
}

export interface Thumbnails {
  readonly columns: number;
  readonly rows: number;
  /** Of one thumbnail. */
  readonly size: Size;
  readonly plan: ThumbnailPlan;
}

export interface SheetWork extends ImageTools {
  readonly source: PictureSource;
  /** Wished; a multiple of it is taken when there would be too many. */
  readonly intervalMs: number;
  /** Called in order, a call at a time. @param count how many there will be */
  readonly onSheet: (sheet: ImageBytes, count: number) => Promise<void>;
}

/**
 * A thumbnail for each step: the picture that can be decoded by itself at that time, or the last before it.
 * @throws VsError encode_mismatch; what runOnPictures, reading a segment and onSheet throw
 */
export async function makeSheets(work: SheetWork): Promise<Thumbnails> {
  const keys = new KeyPictures(work.source);
  const plan = planThumbnails(durationMsOf(work.source), work.intervalMs);
  const size = thumbnailSize(work.source);
  const init = await work.source.readInit();
  for (const [sheet, count] of plan.sheets.entries()) {
    const form = { thumbnail: size, columns: sheetColumns, rows: Math.ceil(count / sheetColumns) };
    const pictures = picturesOf(keys, plan, sheet);
    const bytes = await runOnPictures(work, { init, pictures }, (run) => sheetArguments(run, form));
    const made = jpegSize(bytes);
    if (made.width !== form.columns * size.width || made.height !== form.rows * size.height) {
      throw new VsError("encode_mismatch", `ffmpeg wrote a sheet of ${made.width}x${made.height}`);
    }
    await work.onSheet({ ...made, bytes }, plan.sheets.length);
  }
  return { columns: sheetColumns, rows: sheetRows, size, plan };
}

async function* picturesOf(keys: KeyPictures, plan: ThumbnailPlan, sheet: number): AsyncGenerator<KeyPicture> {
  for (let place = 0; place < (plan.sheets[sheet] ?? 0); place += 1) {
    yield await keys.at(thumbnailMs(plan, sheet, place));
  }
}
