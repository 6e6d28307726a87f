// The multivariant playlist as text: every rung from the start, one audio group for all of them. Rates are those of
// the manifest: caps while encoding goes on, measured ones when it is complete (Apple 9.13).
import type { Manifest, ManifestAudio, ManifestRendition } from "@vstream/core/media.ts";

const audioGroup = "audio";

/** The rate near which the first variant lies that is listed (Apple 1.32). */
const firstVariantBps = 2_000_000;

/** The playlist at /v/{asset}/index.m3u8. */
export function multivariantPlaylist(manifest: Manifest): string {
  const audioCodecs = manifest.audio.map((audio) => audio.codecs);
  return [
    "#EXTM3U",
    "#EXT-X-VERSION:7",
    "#EXT-X-INDEPENDENT-SEGMENTS",
    ...audioLines(manifest.audio),
    ...inListedOrder(manifest.renditions).flatMap((rendition) => variantLines(rendition, audioCodecs)),
    "",
  ].join("\n");
}

function variantLines(rendition: ManifestRendition, audioCodecs: readonly string[]): string[] {
  const { rung } = rendition;
  const codecs = new Set([rendition.codecs, ...audioCodecs].flatMap((list) => list.split(",")).filter(Boolean));
  const attributes = [
    `BANDWIDTH=${wholeBps(rendition.bandwidthBps)}`,
    `AVERAGE-BANDWIDTH=${wholeBps(rendition.averageBandwidthBps)}`,
    ...(codecs.size === 0 ? [] : [`CODECS=${quoted([...codecs].join(","))}`]),
    `RESOLUTION=${String(rung.width)}x${String(rung.height)}`,
    `FRAME-RATE=${rendition.frameRate.toFixed(3)}`,
    "CLOSED-CAPTIONS=NONE",
    `STABLE-VARIANT-ID=${quoted(stableId(rung.name))}`,
    ...(audioCodecs.length === 0 ? [] : [`AUDIO=${quoted(audioGroup)}`]),
  ];
  return [`#EXT-X-STREAM-INF:${attributes.join(",")}`, `video/${rung.name}.m3u8`];
}

function audioLines(tracks: readonly ManifestAudio[]): string[] {
  const names = new Set<string>();
  const selectable = new Set<string>();
  return tracks.map(({ target }, index) => {
    const language = languageTag(target.language);
    const name = unusedName(language === "" ? `Audio ${String(target.track + 1)}` : languageName(language), names);
    // AUTOSELECT members of a group must be told apart by what a player selects by (RFC 8216bis 4.4.6.1).
    const choice = `${language} ${String(target.channels)}`;
    const autoselect = index === 0 || !selectable.has(choice);
    selectable.add(choice);
    const attributes = [
      "TYPE=AUDIO",
      `GROUP-ID=${quoted(audioGroup)}`,
      ...(language === "" ? [] : [`LANGUAGE=${quoted(language)}`]),
      `NAME=${quoted(name)}`,
      `DEFAULT=${index === 0 ? "YES" : "NO"}`,
      `AUTOSELECT=${autoselect ? "YES" : "NO"}`,
      `CHANNELS=${quoted(String(target.channels))}`,
      `STABLE-RENDITION-ID=${quoted(`audio-${String(target.track)}`)}`,
      `URI=${quoted(`audio/${String(target.track)}.m3u8`)}`,
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

// RFC 8216bis 4.4.6.2.1 allows these characters only.
function stableId(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9+/=.\-_]/g, "_");
}

function wholeBps(bitrateBps: number): string {
  return String(Math.max(1, Math.ceil(bitrateBps)));
}
