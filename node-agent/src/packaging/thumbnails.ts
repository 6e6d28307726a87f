// The small pictures of the seek bar as WebVTT: each cue names a sheet and where on it the picture of that time is, as
// web players read it (a media fragment, `xywh`).
import type { AssetImages, Manifest } from "@vstream/core/media.ts";
import { imagesOf } from "./extras.ts";

/** Twelve hours, a picture a second. */
const cuesLimit = 43_200;

/** The text at /v/{asset}/thumbnails.vtt; null while there are no pictures. */
export function thumbnailsText(manifest: Manifest): string | null {
  const images = imagesOf(manifest);
  return images === null ? null : ["WEBVTT", ...cuesOf(images, manifest.probe.durationSeconds), ""].join("\n\n");
}

function cuesOf(images: AssetImages, durationSeconds: number): string[] {
  const { sheets, columns, rows, width, height, intervalMs, thumbnails } = images;
  const perSheet = columns * rows;
  const durationMs = Math.round(durationSeconds * 1000);
  const count = intervalMs > 0 ? Math.min(thumbnails, perSheet * sheets.length, cuesLimit) : 0;
  const cues: string[] = [];
  for (let index = 0; index < count && index * intervalMs < durationMs; index += 1) {
    const sheet = sheets[Math.floor(index / perSheet)];
    const place = index % perSheet;
    const [x, y] = [(place % columns) * width, Math.floor(place / columns) * height];
    // The last picture stands for all that follows.
    const endMs = index === count - 1 ? durationMs : Math.min((index + 1) * intervalMs, durationMs);
    const area = [x, y, width, height].join(",");
    cues.push(`${timeOf(index * intervalMs)} --> ${timeOf(endMs)}\n${sheet?.object.sha256 ?? ""}.jpg#xywh=${area}`);
  }
  return cues;
}

function timeOf(ms: number): string {
  const parts = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60, Math.floor(ms / 1000) % 60];
  const clock = parts.map((part) => String(part).padStart(2, "0")).join(":");
  return `${clock}.${String(ms % 1000).padStart(3, "0")}`;
}
