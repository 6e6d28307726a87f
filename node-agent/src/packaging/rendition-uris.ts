// Where the media playlists of an asset stand below a node, and the names by which they are the same on every node.
import type { AssetId } from "@vstream/core/ids.ts";
import type { AudioTarget, Manifest, Rung, TextTarget } from "@vstream/core/media.ts";
import { everyEdition } from "./editions.ts";
import { iframeRates } from "./iframe-playlist.ts";

/** Of an asset on a node: what its relative URIs begin with, a slash at its end. */
export function assetBase(playbackUrl: string, assetId: AssetId): string {
  return `${playbackUrl}/v/${assetId}/`;
}

type Uris = Record<string, string>;

/**
 * The URIs of all media playlists by their stable ids, as pathway clones need them (RFC 8216bis 7.2); also of editions
 * that viewers may still be on.
 */
export function renditionUris(manifest: Manifest, base: string): { variants: Uris; renditions: Uris } {
  const all = everyEdition(manifest).map((edition) => urisOf(edition, base));
  return {
    variants: Object.fromEntries(all.flatMap(({ variants }) => variants)),
    renditions: Object.fromEntries(all.flatMap(({ renditions }) => renditions)),
  };
}

function urisOf(manifest: Manifest, base: string): Record<"variants" | "renditions", [string, string][]> {
  const { edition } = manifest;
  const rungs = manifest.renditions.map(({ rung }) => rung);
  const withIframes = rungs.filter((rung) => iframeRates(manifest, rung.name) !== null);
  return {
    variants: [
      ...rungs.map((rung): [string, string] => [stableVariantId(rung, edition), base + variantUri(rung, edition)]),
      ...withIframes.map((rung): [string, string] => {
        return [stableIframesId(rung, edition), base + iframesUri(rung, edition)];
      }),
    ],
    renditions: [
      ...manifest.audio.map(({ target }): [string, string] => {
        return [stableAudioId(target, edition), base + audioUri(target, edition)];
      }),
      ...manifest.text.map((target): [string, string] => [stableTextId(target), base + textUri(target)]),
    ],
  };
}

export function variantUri({ name }: Rung, edition: number): string {
  return `video${ending(edition)}/${name}.m3u8`;
}

export function iframesUri({ name }: Rung, edition: number): string {
  return `iframes${ending(edition)}/${name}.m3u8`;
}

export function audioUri({ track }: AudioTarget, edition: number): string {
  return `audio${ending(edition)}/${String(track)}.m3u8`;
}

export function textUri({ track }: TextTarget): string {
  return `text/${String(track)}.m3u8`;
}

// Folders of the same depth, since playlists name media relative to themselves.
function ending(edition: number): string {
  return edition === 0 ? "" : `-e${String(edition)}`;
}

/** The whole track as one file. */
export function wholeTextUri(track: number): string {
  return `text/${String(track)}.vtt`;
}

export function stableVariantId({ name }: Rung, edition: number): string {
  return beginning(edition) + stableId(name);
}

/** No rung's name has a slash. */
export function stableIframesId({ name }: Rung, edition: number): string {
  return `${beginning(edition)}iframes/${stableId(name)}`;
}

export function stableAudioId({ track }: AudioTarget, edition: number): string {
  return `${beginning(edition)}audio-${String(track)}`;
}

export function stableTextId({ track }: TextTarget): string {
  return `text-${String(track)}`;
}

// What another edition calls the same is something else.
function beginning(edition: number): string {
  return edition === 0 ? "" : `e${String(edition)}/`;
}

// RFC 8216bis 4.4.6.2.1 allows these characters only.
function stableId(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9+/=.\-_]/g, "_");
}
