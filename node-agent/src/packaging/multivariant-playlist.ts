// The multivariant playlist as text: every rung from the start, one audio group for all of them. Rates are those of
// the manifest: caps while encoding goes on, measured ones when it is complete (Apple 9.13). With several pathways all
// of it stands there once for each, and a player is told where to ask which one to take.
import type { Manifest, ManifestAudio, ManifestRendition } from "@vstream/core/media.ts";
import { audioUri, stableRenditionId, stableVariantId, variantUri } from "./rendition-uris.ts";

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

/** What the lines of one pathway have of their own. */
interface Lane {
  readonly base: string;
  readonly audioGroup: string;
  /** Null: there is one way only. */
  readonly pathwayId: string | null;
}

const onlyLane: Lane = { base: "", audioGroup: "audio", pathwayId: null };

/** The rate near which the first variant lies that is listed (Apple 1.32). */
const firstVariantBps = 2_000_000;

/**
 * The playlist at /v/{asset}/index.m3u8.
 * @param steering null: this node's own URIs alone, relative
 */
export function multivariantPlaylist(manifest: Manifest, steering: Steering | null = null): string {
  const audioCodecs = manifest.audio.map((audio) => audio.codecs);
  const renditions = inListedOrder(manifest.renditions);
  const lanes = steering === null ? [onlyLane] : steering.pathways.map(laneOf);
  return [
    "#EXTM3U",
    "#EXT-X-VERSION:7",
    "#EXT-X-INDEPENDENT-SEGMENTS",
    ...(steering === null ? [] : [steeringLine(steering)]),
    ...lanes.flatMap((lane) => audioLines(manifest.audio, lane)),
    // One pathway after the other: who knows nothing of them and takes the first variant takes the first pathway's.
    ...lanes.flatMap((lane) => renditions.flatMap((rendition) => variantLines(rendition, audioCodecs, lane))),
    "",
  ].join("\n");
}

function laneOf({ id, base }: Pathway): Lane {
  // EXT-X-MEDIA has no PATHWAY-ID: a pathway's renditions are those of the groups that its variants name.
  return { base, audioGroup: `audio-${id}`, pathwayId: id };
}

function steeringLine({ serverUri, pathways }: Steering): string {
  return `#EXT-X-CONTENT-STEERING:SERVER-URI=${quoted(serverUri)},PATHWAY-ID=${quoted(pathways[0]?.id ?? "")}`;
}

function variantLines(rendition: ManifestRendition, audioCodecs: readonly string[], lane: Lane): string[] {
  const { rung } = rendition;
  const codecs = new Set([rendition.codecs, ...audioCodecs].flatMap((list) => list.split(",")).filter(Boolean));
  const attributes = [
    `BANDWIDTH=${wholeBps(rendition.bandwidthBps)}`,
    `AVERAGE-BANDWIDTH=${wholeBps(rendition.averageBandwidthBps)}`,
    ...(codecs.size === 0 ? [] : [`CODECS=${quoted([...codecs].join(","))}`]),
    `RESOLUTION=${String(rung.width)}x${String(rung.height)}`,
    `FRAME-RATE=${rendition.frameRate.toFixed(3)}`,
    "CLOSED-CAPTIONS=NONE",
    `STABLE-VARIANT-ID=${quoted(stableVariantId(rendition))}`,
    ...(lane.pathwayId === null ? [] : [`PATHWAY-ID=${quoted(lane.pathwayId)}`]),
    ...(audioCodecs.length === 0 ? [] : [`AUDIO=${quoted(lane.audioGroup)}`]),
  ];
  return [`#EXT-X-STREAM-INF:${attributes.join(",")}`, lane.base + variantUri(rendition)];
}

function audioLines(tracks: readonly ManifestAudio[], lane: Lane): string[] {
  const names = new Set<string>();
  const selectable = new Set<string>();
  return tracks.map((audio, index) => {
    const { target } = audio;
    const language = languageTag(target.language);
    const name = unusedName(language === "" ? `Audio ${String(target.track + 1)}` : languageName(language), names);
    // AUTOSELECT members of a group must be told apart by what a player selects by (RFC 8216bis 4.4.6.1).
    const choice = `${language} ${String(target.channels)}`;
    const autoselect = index === 0 || !selectable.has(choice);
    selectable.add(choice);
    const attributes = [
      "TYPE=AUDIO",
      `GROUP-ID=${quoted(lane.audioGroup)}`,
      ...(language === "" ? [] : [`LANGUAGE=${quoted(language)}`]),
      `NAME=${quoted(name)}`,
      `DEFAULT=${index === 0 ? "YES" : "NO"}`,
      `AUTOSELECT=${autoselect ? "YES" : "NO"}`,
      `CHANNELS=${quoted(String(target.channels))}`,
      `STABLE-RENDITION-ID=${quoted(stableRenditionId(audio))}`,
      `URI=${quoted(lane.base + audioUri(audio))}`,
    ];
    return `#EXT-X-MEDIA:${attributes.join(",")}`;
  });
}

function inListedOrder(renditions: readonly ManifestRendition[]): ManifestRendition[] {
  const rising = [...renditions].sort((one, other) => one.bandwidthBps - other.bandwidthBps);
  const distance = (rendition: ManifestRendition): number => Math.abs(rendition.averageBandwidthBps - firstVariantBps);
  const [first] = [...rising].sort((one, other) => distance(one) - distance(other));
  return first === undefined ? [] : [first, ...rising.filter((rendition) => rendition !== first)];
}

function languageTag(language: string): string {
  if (language === "" || language.toLowerCase() === "und") return "";
  try {
    return Intl.getCanonicalLocales(language)[0] ?? "";
  } catch {
    return "";
  }
}

function languageName(tag: string): string {
  return new Intl.DisplayNames(["en"], { type: "language" }).of(tag) ?? tag;
}

function unusedName(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let count = 2; taken.has(name); count += 1) name = `${wanted} (${String(count)})`;
  taken.add(name);
  return name;
}

// A quoted string has no escape for what it may not contain (RFC 8216bis 4.2): quotes and line ends.
function quoted(text: string): string {
  return `"${text.replaceAll('"', "'").replaceAll(/\p{Cc}/gu, " ")}"`;
}

function wholeBps(bitrateBps: number): string {
  return String(Math.max(1, Math.ceil(bitrateBps)));
}
