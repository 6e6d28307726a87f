// Playlists as two parsers of other authors read them, against what ours does: what one of them does not take, or takes
// for something else, players stumble over too.
import { parse, setOptions } from "hls-parser";
import type { types } from "hls-parser";
import { Parser } from "m3u8-parser";
import { finding } from "@vstream/authoring/findings.ts";
import type { Finding } from "@vstream/authoring/findings.ts";
import { parseMedia } from "@vstream/authoring/parse-media.ts";
import { parseMultivariant } from "@vstream/authoring/parse-multivariant.ts";

/** What a playlist says, a line for each thing, with absolute URLs. */
type Reading = readonly string[];

/** Nothing of what our own parser finds malformed: that is told already. @param url where the text came from */
export function compareParsers(text: string, url: string): Finding[] {
  const own = readOwn(text, url);
  if (own === null) return [];
  const others = [
    { name: "hls-parser", read: readStrictly },
    { name: "m3u8-parser", read: readLoosely },
  ];
  return others.flatMap(({ name, read }) => {
    const said = difference(own, () => read(text, url));
    return said === null ? [] : [finding("RFC 8216bis 4.1", url, `${name} ${said}`)];
  });
}

function difference(own: Reading, read: () => Reading): string | null {
  let other: Reading;
  try {
    other = read();
  } catch (thrown) {
    return `does not take it: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
  }
  const at = Array.from({ length: Math.max(own.length, other.length) }, (_, index) => index).find(
    (index) => own[index] !== other[index],
  );
  if (at === undefined) return null;
  return `reads "${other[at] ?? "nothing more"}", where "${own[at] ?? "nothing more"}" is due`;
}

function readOwn(text: string, url: string): Reading | null {
  if (!isMultivariant(text)) {
    const { problems, targetSeconds, type, ended, segments } = parseMedia(text, url);
    if (problems.length > 0) return null;
    const head = headLine({ target: targetSeconds, type, ended });
    return [head, ...segments.map((segment) => segmentLine({ ...segment, map: segment.map?.url ?? null }))];
  }
  const { problems, variants, iFrameVariants, renditions } = parseMultivariant(text, url);
  if (problems.length > 0) return null;
  const variantOf = (kind: string) => (variant: (typeof variants)[number]) =>
    variantLine(kind, { ...variant, codecs: variant.codecs.join(",") });
  const used = renditions.map(({ type, groupId, name, url: uri }) => renditionLine([type, groupId, name, uri ?? ""]));
  return [...variants.map(variantOf("variant")), ...iFrameVariants.map(variantOf("I-frames")), ...ordered(used)];
}

function readStrictly(text: string, url: string): Reading {
  // It refuses what RFC 8216 forbids; whoever else uses it in this process may have it set otherwise.
  setOptions({ strictMode: true });
  const read = parse(text);
  const absolute = absoluteTo(url);
  if (!read.isMasterPlaylist) {
    const { targetDuration, playlistType, endlist, segments } = read;
    const lines = segments.map(({ uri, duration, byterange, map }) =>
      segmentLine({ url: absolute(uri), durationSeconds: duration, range: byterange, map: urlOf(map, absolute) }),
    );
    return [headLine({ target: targetDuration, type: playlistType ?? null, ended: endlist }), ...lines];
  }
  const { variants } = read;
  const lineOf = (kind: string) => (variant: types.Variant) =>
    variantLine(kind, {
      ...{ url: absolute(variant.uri), bandwidth: variant.bandwidth, codecs: variant.codecs ?? "" },
      resolution: variant.resolution ?? null,
    });
  const renditions = variants.flatMap(({ audio, video, subtitles, closedCaptions }) =>
    [...audio, ...video, ...subtitles, ...closedCaptions].map(({ type, groupId, name, uri }) =>
      renditionLine([type, groupId, name, uri === undefined ? "" : absolute(uri)]),
    ),
  );
  return [
    ...variants.filter(({ isIFrameOnly }) => isIFrameOnly !== true).map(lineOf("variant")),
    ...variants.filter(({ isIFrameOnly }) => isIFrameOnly === true).map(lineOf("I-frames")),
    ...ordered(renditions),
  ];
}

function readLoosely(text: string, url: string): Reading {
  const parser = new Parser();
  parser.push(text);
  parser.end();
  const { manifest } = parser;
  const absolute = absoluteTo(url);
  if (!isMultivariant(text)) {
    const { targetDuration = 0, playlistType, endList, segments } = manifest;
    const lines = segments.map(({ uri, duration, byterange, map }) =>
      segmentLine({ url: absolute(uri), durationSeconds: duration, range: byterange, map: urlOf(map, absolute) }),
    );
    return [headLine({ target: targetDuration, type: playlistType ?? null, ended: endList === true }), ...lines];
  }
  const lineOf = (kind: string) => (variant: NonNullable<typeof manifest.playlists>[number]) => {
    const { BANDWIDTH: bandwidth = 0, CODECS: codecs = "", RESOLUTION: resolution = null } = variant.attributes;
    return variantLine(kind, { url: absolute(variant.uri), bandwidth, codecs, resolution });
  };
  const renditions = Object.entries(manifest.mediaGroups ?? {}).flatMap(([type, groups]) =>
    Object.entries(groups).flatMap(([groupId, members]) =>
      Object.entries(members).map(([name, { uri }]) =>
        renditionLine([type, groupId, name, uri === undefined ? "" : absolute(uri)]),
      ),
    ),
  );
  return [
    ...(manifest.playlists ?? []).map(lineOf("variant")),
    ...(manifest.iFramePlaylists ?? []).map(lineOf("I-frames")),
    ...ordered(renditions),
  ];
}

function isMultivariant(text: string): boolean {
  return /^#EXT-X-(STREAM-INF|MEDIA|I-FRAME-STREAM-INF):/m.test(text);
}

function absoluteTo(base: string): (uri: string) => string {
  return (uri) => URL.parse(uri, base)?.href ?? uri;
}

function urlOf(map: { readonly uri: string } | null | undefined, absolute: (uri: string) => string): string | null {
  return map == null ? null : absolute(map.uri);
}

/** One parser tells a group once for each variant that names it, in the order of these. */
function ordered(renditions: readonly string[]): string[] {
  return [...new Set(renditions)].sort();
}

function headLine({ target, type, ended }: { target: number; type: string | null; ended: boolean }): string {
  return `target ${target}, type ${type ?? "none"}, ${ended ? "ended" : "open"}`;
}

interface SegmentReading {
  readonly url: string;
  readonly durationSeconds: number;
  // One of the parsers says null where its types do not.
  readonly range: { readonly offset: number; readonly length: number } | null | undefined;
  readonly map: string | null;
}

function segmentLine({ url, durationSeconds, range, map }: SegmentReading): string {
  const part = range == null ? "" : ` ${range.length}@${range.offset}`;
  return `${url}${part}, ${durationSeconds.toFixed(6)} s, map ${map ?? "none"}`;
}

interface VariantReading {
  readonly url: string;
  readonly bandwidth: number;
  readonly codecs: string;
  readonly resolution: { readonly width: number; readonly height: number } | null;
}

function variantLine(kind: string, { url, bandwidth, codecs, resolution }: VariantReading): string {
  const size = resolution === null ? "no size" : `${resolution.width}x${resolution.height}`;
  return `${kind} ${url}, ${bandwidth} bit/s, ${codecs}, ${size}`;
}

function renditionLine(words: readonly string[]): string {
  return `rendition ${words.join(" ")}`;
}
