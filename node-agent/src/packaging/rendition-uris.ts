// Where the media playlists of an asset stand below a node, and the names by which they are the same on every node.
import type { AssetId } from "@vstream/core/ids.ts";
import type { Manifest, ManifestAudio, ManifestRendition } from "@vstream/core/media.ts";

/** Of an asset on a node: what its relative URIs begin with, a slash at its end. */
export function assetBase(playbackUrl: string, assetId: AssetId): string {
  return `${playbackUrl}/v/${assetId}/`;
}

/** The URIs of all media playlists by their stable ids, as pathway clones need them (RFC 8216bis 7.2). */
export function renditionUris(
  manifest: Manifest,
  base: string,
): { variants: Record<string, string>; renditions: Record<string, string> } {
  return {
    variants: Object.fromEntries(manifest.renditions.map((one) => [stableVariantId(one), base + variantUri(one)])),
    renditions: Object.fromEntries(manifest.audio.map((one) => [stableRenditionId(one), base + audioUri(one)])),
  };
}

export function variantUri({ rung }: ManifestRendition): string {
  return `video/${rung.name}.m3u8`;
}

export function audioUri({ target }: ManifestAudio): string {
  return `audio/${String(target.track)}.m3u8`;
}

export function stableVariantId({ rung }: ManifestRendition): string {
  return stableId(rung.name);
}

export function stableRenditionId({ target }: ManifestAudio): string {
  return `audio-${String(target.track)}`;
}

// RFC 8216bis 4.4.6.2.1 allows these characters only.
function stableId(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9+/=.\-_]/g, "_");
}
