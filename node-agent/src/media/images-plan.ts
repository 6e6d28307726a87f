// Pure: which pictures of a video are shown beside it: thumbnails in even steps, how they lie on sheets, and which
// pictures are looked at for the poster.

export const sheetColumns = 10;
export const sheetRows = 10;
const perSheet = sheetColumns * sheetRows;
/** More thumbnails than this are not made: the steps get wider instead. */
const thumbnailLimit = 100 * perSheet;
/** The longer side of a thumbnail. */
const thumbnailPixels = 160;
/** Pictures looked at in one go. */
const candidateLimit = 12;

/** Parts of the duration in which a poster is looked for, one after the other, until one has a good picture. */
export const posterBands = [
  { from: 0.05, to: 0.3 },
  { from: 0, to: 1 },
] as const;

export interface ThumbnailPlan {
  readonly intervalMs: number;
  /** Thumbnails on each sheet: all but the last are full. */
  readonly sheets: readonly number[];
  readonly thumbnails: number;
}

/** @param intervalMs wished; a multiple of it when there would be too many */
export function planThumbnails(durationMs: number, intervalMs: number): ThumbnailPlan {
  const wished = Math.max(1, Math.ceil(durationMs / intervalMs));
  const step = intervalMs * Math.ceil(wished / thumbnailLimit);
  const thumbnails = Math.max(1, Math.ceil(durationMs / step));
  const sheets = Array.from({ length: Math.ceil(thumbnails / perSheet) }, (_, sheet) =>
    Math.min(perSheet, thumbnails - sheet * perSheet),
  );
  return { intervalMs: step, sheets, thumbnails };
}

/** The time of a sheet's n-th thumbnail, in milliseconds. */
export function thumbnailMs(plan: ThumbnailPlan, sheet: number, place: number): number {
  return (sheet * perSheet + place) * plan.intervalMs;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Of a thumbnail: 160 at its longer side, never more than the video has, and even. */
export function thumbnailSize({ width, height }: Size): Size {
  const scale = Math.min(1, thumbnailPixels / Math.max(width, height));
  return { width: even(width * scale), height: even(height * scale) };
}

function even(pixels: number): number {
  return Math.max(2, 2 * Math.round(pixels / 2));
}

/** Times at which a picture is looked at, in milliseconds, evenly spread over a band. */
export function candidateTimes(durationMs: number, band: { from: number; to: number }): number[] {
  const stepMs = ((band.to - band.from) * durationMs) / candidateLimit;
  return Array.from({ length: candidateLimit }, (_, index) => band.from * durationMs + (index + 0.5) * stepMs);
}
