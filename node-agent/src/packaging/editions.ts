// The editions of an asset that players may have been given: the present one, and those that it took the place of a
// while ago. Each has playlists of its own, so that whoever began with one reaches its end with it.
import type { Manifest, ManifestEdition } from "@vstream/core/media.ts";

// What is measured of a manifest is remembered with it.
const derived = new WeakMap<ManifestEdition, Manifest>();

/** The manifest as if that edition were the present one; null: it is none that players may still be given. */
export function inEdition(manifest: Manifest, edition: number): Manifest | null {
  if (edition === manifest.edition) return manifest;
  const previous = manifest.previous.find((one) => one.edition === edition);
  return previous === undefined ? null : asPresent(manifest, previous);
}

/** The manifest, and for each previous edition what it would be, the present one last. */
export function everyEdition(manifest: Manifest): Manifest[] {
  return [...manifest.previous.map((previous) => asPresent(manifest, previous)), manifest];
}

function asPresent(manifest: Manifest, previous: ManifestEdition): Manifest {
  const known = derived.get(previous);
  if (known?.version === manifest.version) return known;
  const chunks = new Set(previous.pieces.flatMap(({ content }) => ("chunk" in content ? content.chunk : []))).size;
  const images = previous.pieces.filter(({ content }) => content.kind === "images");
  const asset: Manifest = {
    ...manifest,
    ...previous,
    pieces: previous.pieces.filter(({ content }) => content.kind !== "images"),
    extras: [...manifest.extras.filter(({ content }) => content.kind !== "images"), ...images],
    ...{ complete: true, fromChunk: 0, releasedChunks: chunks, totalChunks: chunks, previous: [] },
  };
  derived.set(previous, asset);
  return asset;
}
