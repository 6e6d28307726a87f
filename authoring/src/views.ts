// What was read of a published asset, as the rules take it: plain values, whoever fetched them.
import type { InitSegment, InitTrack } from "./init-segment.ts";
import type { MediaPlaylist, MediaRef } from "./parse-media.ts";
import { isAudioCodec, isVideoCodec } from "./parse-multivariant.ts";
import type { MultivariantPlaylist, Rendition, Variant } from "./parse-multivariant.ts";
import type { ScannedSegment } from "./segment-scan.ts";
import type { WebVtt } from "./web-vtt.ts";

export type TrackKind = "video" | "audio" | "subtitles" | "iframes";

/** A media playlist with what its segments are; what was not read is null. */
export interface MediaView {
  readonly kind: TrackKind;
  readonly playlist: MediaPlaylist;
  /** Of each EXT-X-MAP that differs, in order; those that could be read. */
  readonly inits: readonly InitSegment[];
  /** For each segment of the playlist. Of I-frames: the whole files that they are parts of. */
  readonly segments: readonly (ScannedSegment | null)[];
  /** Of WebVTT, for each segment. */
  readonly texts: readonly (WebVtt | null)[];
}

/** All that one multivariant playlist leads to; media playlists by their URLs. */
export interface StreamView {
  readonly multivariant: MultivariantPlaylist;
  readonly media: ReadonlyMap<string, MediaView>;
}

/** The name by which a file or a part of one is known. */
export function refKey({ url, range }: MediaRef): string {
  return range === null ? url : `${url} ${range.offset}+${range.length}`;
}

/** The renditions of a type that can be played with a variant. */
export function renditionsOf({ renditions }: MultivariantPlaylist, variant: Variant, type: string): Rendition[] {
  const groupId = variant.attributes.get(type);
  return renditions.filter((rendition) => rendition.type === type && rendition.groupId === groupId);
}

/** Every media playlist that is named, once, with what it is for. */
export function namedPlaylists(multivariant: MultivariantPlaylist): Map<string, TrackKind> {
  const named = new Map<string, TrackKind>();
  for (const { url, codecs } of multivariant.variants) {
    const isAudio = codecs.length > 0 && !codecs.some(isVideoCodec) && codecs.some(isAudioCodec);
    named.set(url, isAudio ? "audio" : "video");
  }
  for (const { url } of multivariant.iFrameVariants) named.set(url, "iframes");
  for (const { url, type } of multivariant.renditions) {
    if (url === null || named.has(url)) continue;
    if (type === "AUDIO") named.set(url, "audio");
    else if (type === "SUBTITLES") named.set(url, "subtitles");
    else if (type === "VIDEO") named.set(url, "video");
  }
  return named;
}

/** The track that the playlist is there for. */
export function mainTrack({ kind, inits }: Pick<MediaView, "kind" | "inits">): InitTrack | null {
  return trackOf(kind, inits[0] ?? null);
}

export function trackOf(kind: TrackKind, init: InitSegment | null): InitTrack | null {
  if (init === null) return null;
  const mediaType = kind === "audio" ? "soun" : "vide";
  return init.tracks.find((track) => track.mediaType === mediaType) ?? init.tracks[0] ?? null;
}

/** Bytes of a segment as a player fetches it; null: not known. */
export function segmentBytes(view: MediaView, index: number): number | null {
  const range = view.playlist.segments[index]?.range ?? null;
  return range?.length ?? view.segments[index]?.bytes ?? view.texts[index]?.bytes ?? null;
}
