// The pieces of a manifest that belong to no chunk.
import type { AssetImages, Manifest, ObjectRef } from "@vstream/core/media.ts";

/** The WebVTT files of a track, one for each chunk; null: not there, or not yet. */
export function textFiles(manifest: Manifest, track: number): readonly ObjectRef[] | null {
  for (const { content } of manifest.extras) {
    if (content.kind === "text" && content.track === track) return content.chunks;
  }
  return null;
}

/** Null: not there, or not yet. */
export function imagesOf(manifest: Manifest): AssetImages | null {
  for (const { content } of manifest.extras) if (content.kind === "images") return content;
  return null;
}
