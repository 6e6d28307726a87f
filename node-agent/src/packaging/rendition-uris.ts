// Where the media playlists of an asset stand below a node, and the names by which they are the same on every node.
import type { AssetId } from "@vstream/core/ids.ts";
import type { AudioTarget, Manifest, Rung, TextTarget } from "@vstream/core/media.ts";
import { iframeRates } from "./iframe-playlist.ts";

/** Of an asset on a node: what its relative URIs begin with, a slash at its end. */
export function assetBase(playbackUrl: string, assetId: AssetId): string {
  return `${playbackUrl}/v/${assetId}/`;
}

/** The URIs of all media playlists by their stable ids, as pathway clones need them (RFC 8216bis 7.2). */
export function renditionUris(
  manifest: Manifest,
  base: string,
): { variants: Record<string, string>; renditions: Record<string, string> } {
  const rungs = manifest.renditions.map(({ rung }) => rung);
  const withIframes = rungs.filter((rung) => iframeRates(manifest, rung.name) !== null);
  const variants: [string, string][] = [
    ...rungs.map((rung): [string, string] => [stableVariantId(rung), base + variantUri(rung)]),
    ...withIframes.map((rung): [string, string] => [stableIframesId(rung), base + iframesUri(rung)]),
  ];
  const renditions: [string, string][] = [
    ...manifest.audio.map(({ target }): [string, string] => [stableAudioId(target), base + audioUri(target)]),
    ...manifest.text.map((target): [string, string] => [stableTextId(target), base + textUri(target)]),
  ];
  return { variants: Object.fromEntries(variants), renditions: Object.fromEntries(renditions) };
}

export function variantUri({ name }: Rung): string {
  return `video/${name}.m3u8`;
}

export function iframesUri({ name }: Rung): string {
  return `iframes/${name}.m3u8`;
}

export function audioUri({ track }: AudioTarget): string {
  return `audio/${String(track)}.m3u8`;
}

export function textUri({ track }: TextTarget): string {
  return `text/${String(track)}.m3u8`;
}

/** The whole track as one file. */
export function wholeTextUri(track: number): string {
  return `text/${String(track)}.vtt`;
}

export function stableVariantId({ name }: Rung): string {
  return stableId(name);
}

/** No rung's name has a slash. */
export function stableIframesId({ name }: Rung): string {
  return `iframes/${stableId(name)}`;
}

export function stableAudioId({ track }: AudioTarget): string {
  return `audio-${String(track)}`;
}

export function stableTextId({ track }: TextTarget): string {
  return `text-${String(track)}`;
}

// RFC 8216bis 4.4.6.2.1 allows these characters only.
function stableId(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9+/=.\-_]/g, "_");
}
