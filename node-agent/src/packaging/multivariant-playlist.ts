// The multivariant playlist as text: every rung from the start, one audio and one text group for all of them. Rates
// are those of the manifest: caps while encoding goes on, measured ones when it is complete (Apple 9.13). With several
// pathways all of it stands there once for each, and a player is told where to ask which one to take.
import type { Manifest, ManifestRendition, Rung } from "@vstream/core/media.ts";
import { quoted, tag } from "./attribute-list.ts";
import { iframeRates } from "./iframe-playlist.ts";
import { audioTags, textTags } from "./media-tags.ts";
import type { MediaLane } from "./media-tags.ts";
import { playlistVersion } from "./playlist-lines.ts";
import { iframesUri, stableIframesId, stableVariantId, variantUri } from "./rendition-uris.ts";

/** One way to the media. */
export interface Pathway {
  /** Letters, digits, dots, dashes and underscores (RFC 8216bis 4.4.6.6). */
  readonly id: string;
  /** What the URIs begin with; empty: they are relative to the playlist. */
  readonly base: string;
}

export interface Steering {
  readonly serverUri: string;
  /** At least two; the first is the one to start on. */
  readonly pathways: readonly Pathway[];
}

const onlyLane = { base: "", audioGroup: "audio", textGroup: "text", pathwayId: null } as const;

/** The rate near which the first variant lies that is listed (Apple 1.32). */
const firstVariantBps = 2_000_000;

/**
 * The playlist at /v/{asset}/index.m3u8.
 * @param steering null: this node's own URIs alone, relative
 */
export function multivariantPlaylist(manifest: Manifest, steering: Steering | null = null): string {
  const renditions = inListedOrder(manifest.renditions);
  const { edition } = manifest;
  const lanes: MediaLane[] = (steering === null ? [onlyLane] : steering.pathways.map(laneOf)).map((lane) => {
    return { ...lane, edition };
  });
  const audio = manifest.audio.map(({ target }) => target);
  return [
    "#EXTM3U",
    playlistVersion,
    "#EXT-X-INDEPENDENT-SEGMENTS",
    ...(steering === null ? [] : [steeringLine(steering)]),
    ...lanes.flatMap((lane) => [...audioTags(audio, lane), ...textTags(manifest.text, lane)]),
    // One pathway after the other: who knows nothing of them and takes the first variant takes the first pathway's.
    ...lanes.flatMap((lane) => renditions.flatMap((rendition) => variantLines(rendition, manifest, lane))),
    ...lanes.flatMap((lane) => renditions.flatMap((rendition) => iframeLines(rendition, manifest, lane))),
    "",
  ].join("\n");
}

function laneOf({ id, base }: Pathway): Omit<MediaLane, "edition"> {
  // By the specification a pathway's renditions are those of the groups that its variants name.
  return { base, audioGroup: `audio-${id}`, textGroup: `text-${id}`, pathwayId: id };
}

function steeringLine({ serverUri, pathways }: Steering): string {
  return tag("EXT-X-CONTENT-STEERING", [
    ["SERVER-URI", quoted(serverUri)],
    ["PATHWAY-ID", quoted(pathways[0]?.id ?? "")],
  ]);
}

function variantLines(rendition: ManifestRendition, manifest: Manifest, lane: MediaLane): string[] {
  const { audio, text, renditions } = manifest;
  const { rung } = rendition;
  const lists = [rendition.codecs, ...audio.map(({ codecs }) => codecs)];
  const codecs = [...new Set(lists.flatMap((list) => list.split(",")).filter(Boolean))];
  const line = tag("EXT-X-STREAM-INF", [
    ["BANDWIDTH", wholeBps(rendition.bandwidthBps)],
    ["AVERAGE-BANDWIDTH", wholeBps(rendition.averageBandwidthBps)],
    ["SCORE", scoreOf(rung, renditions)],
    ["CODECS", codecs.length === 0 ? null : quoted(codecs.join(","))],
    ["RESOLUTION", `${String(rung.width)}x${String(rung.height)}`],
    ["FRAME-RATE", rateText(rendition.frameRate)],
    ["VIDEO-RANGE", rung.videoRange],
    ["CLOSED-CAPTIONS", "NONE"],
    ["STABLE-VARIANT-ID", quoted(stableVariantId(rung, lane.edition))],
    ["PATHWAY-ID", lane.pathwayId === null ? null : quoted(lane.pathwayId)],
    ["AUDIO", audio.length === 0 ? null : quoted(lane.audioGroup)],
    ["SUBTITLES", text.length === 0 ? null : quoted(lane.textGroup)],
  ]);
  return [line, lane.base + variantUri(rung, lane.edition)];
}

function iframeLines({ rung }: ManifestRendition, manifest: Manifest, lane: MediaLane): string[] {
  const rates = iframeRates(manifest, rung.name);
  if (rates === null) return [];
  const line = tag("EXT-X-I-FRAME-STREAM-INF", [
    ["BANDWIDTH", wholeBps(rates.bandwidthBps)],
    ["AVERAGE-BANDWIDTH", wholeBps(rates.averageBandwidthBps)],
    ["SCORE", scoreOf(rung, manifest.renditions)],
    ["CODECS", rates.codecs === "" ? null : quoted(rates.codecs)],
    ["RESOLUTION", `${String(rung.width)}x${String(rung.height)}`],
    ["VIDEO-RANGE", rung.videoRange],
    ["STABLE-VARIANT-ID", quoted(stableIframesId(rung, lane.edition))],
    ["PATHWAY-ID", lane.pathwayId === null ? null : quoted(lane.pathwayId)],
    ["URI", quoted(lane.base + iframesUri(rung, lane.edition))],
  ]);
  return [line];
}

/**
 * Its place among all by what is seen, from 1: HEVC shows more than H.264 of the same size though it takes fewer bits,
 * which BANDWIDTH alone would not tell. Null where all are coded alike.
 */
function scoreOf(rung: Rung, renditions: readonly ManifestRendition[]): string | null {
  const rungs = renditions.map((rendition) => rendition.rung);
  if (rungs.every(({ codec, videoRange }) => codec === rung.codec && videoRange === rung.videoRange)) return null;
  const looks = ({ codec, videoRange }: Rung): number => (codec === "hevc" ? 1 : 0) + (videoRange === "SDR" ? 0 : 1);
  const rising = rungs.toSorted(
    (one, other) => one.width * one.height - other.width * other.height || looks(one) - looks(other),
  );
  return String(rising.findIndex(({ name }) => name === rung.name) + 1);
}

// The first is one that every player can show.
function inListedOrder(renditions: readonly ManifestRendition[]): ManifestRendition[] {
  const rising = [...renditions].sort((one, other) => one.bandwidthBps - other.bandwidthBps);
  const distance = (rendition: ManifestRendition): number => Math.abs(rendition.averageBandwidthBps - firstVariantBps);
  const shownByAll = rising.filter(({ rung }) => rung.codec === "h264");
  const [first] = shownByAll.sort((one, other) => distance(one) - distance(other));
  return first === undefined ? rising : [first, ...rising.filter((rendition) => rendition !== first)];
}

/** In three decimals (RFC 8216bis 4.4.6.2); 0 would say that there are no pictures. */
function rateText(frameRate: number): string {
  return Math.max(0.001, frameRate).toFixed(3);
}

function wholeBps(bitrateBps: number): string {
  return String(Math.max(1, Math.ceil(bitrateBps)));
}
