// A multivariant playlist as a value.
import { numberOf, parseAttributes, playlistLines, resolveUri } from "./playlist-lines.ts";
import type { Attributes } from "./playlist-lines.ts";

export interface Variant {
  /** Absolute. */
  readonly url: string;
  readonly attributes: Attributes;
  /** bit/s; 0 when it is missing. */
  readonly bandwidth: number;
  readonly averageBandwidth: number | null;
  readonly codecs: readonly string[];
  readonly resolution: { readonly width: number; readonly height: number } | null;
  readonly frameRate: number | null;
  /** "." when none is said, as the draft has it. */
  readonly pathwayId: string;
}

export interface Rendition {
  readonly type: string;
  readonly groupId: string;
  readonly name: string;
  /** Null: it comes with the variant's own segments. */
  readonly url: string | null;
  readonly attributes: Attributes;
}

export interface MultivariantPlaylist {
  readonly url: string;
  readonly version: number;
  readonly independentSegments: boolean;
  readonly variants: readonly Variant[];
  readonly iFrameVariants: readonly Variant[];
  readonly renditions: readonly Rendition[];
  readonly steering: { readonly serverUrl: string; readonly pathwayId: string | null } | null;
  /** What is malformed. */
  readonly problems: readonly string[];
}

/** Variants and renditions that are read of one playlist. */
const entriesLimit = 2_000;

/** @param url where it came from, which its URIs are relative to */
export function parseMultivariant(text: string, url: string): MultivariantPlaylist {
  const problems: string[] = [];
  const read = {
    version: 1,
    independentSegments: false,
    variants: [] as Variant[],
    iFrameVariants: [] as Variant[],
    renditions: [] as Rendition[],
    steering: null as MultivariantPlaylist["steering"],
  };
  let pending: Attributes | null = null;
  for (const line of playlistLines(text, problems)) {
    if (read.variants.length + read.iFrameVariants.length + read.renditions.length >= entriesLimit) {
      problems.push(`it has more than ${entriesLimit} variants and renditions`);
      break;
    }
    if (line.tag === "") {
      if (pending === null) problems.push(`the URI ${line.value.slice(0, 80)} belongs to no variant`);
      else read.variants.push(variantOf(pending, resolveUri(line.value, url, problems)));
      pending = null;
      continue;
    }
    if (pending !== null) problems.push("an EXT-X-STREAM-INF has no URI on the line after it");
    pending = null;
    if (line.tag === "EXT-X-VERSION") read.version = numberOf(line.value) ?? 0;
    else if (line.tag === "EXT-X-INDEPENDENT-SEGMENTS") read.independentSegments = true;
    else if (line.tag === "EXT-X-STREAM-INF") pending = parseAttributes(line, problems);
    else if (line.tag === "EXT-X-I-FRAME-STREAM-INF") {
      const attributes = parseAttributes(line, problems);
      read.iFrameVariants.push(variantOf(attributes, resolveUri(attributes.get("URI") ?? "", url, problems)));
    } else if (line.tag === "EXT-X-MEDIA")
      read.renditions.push(renditionOf(parseAttributes(line, problems), url, problems));
    else if (line.tag === "EXT-X-CONTENT-STEERING") {
      const attributes = parseAttributes(line, problems);
      const serverUrl = resolveUri(attributes.get("SERVER-URI") ?? "", url, problems);
      read.steering = { serverUrl, pathwayId: attributes.get("PATHWAY-ID") ?? null };
    }
  }
  if (read.variants.length === 0) problems.push("it has no variant");
  return { url, ...read, problems: [...problems, ...missingIn(read)] };
}

function missingIn({ variants, renditions }: Pick<MultivariantPlaylist, "variants" | "renditions">): string[] {
  return [
    ...variants.filter(({ bandwidth }) => bandwidth === 0).map(({ url }) => `the variant ${url} has no BANDWIDTH`),
    ...renditions
      .filter(({ type, groupId, name }) => type === "" || groupId === "" || name === "")
      .map(({ name, groupId }) => `the rendition "${name}" of "${groupId}" lacks TYPE, GROUP-ID or NAME`),
  ];
}

function variantOf(attributes: Attributes, url: string): Variant {
  const [, width, height] = /^(\d{1,6})x(\d{1,6})$/.exec(attributes.get("RESOLUTION") ?? "") ?? [];
  return {
    url,
    attributes,
    bandwidth: numberOf(attributes.get("BANDWIDTH")) ?? 0,
    averageBandwidth: numberOf(attributes.get("AVERAGE-BANDWIDTH")),
    codecs: (attributes.get("CODECS") ?? "")
      .split(",")
      .map((codec) => codec.trim())
      .filter(Boolean),
    resolution: width === undefined ? null : { width: Number(width), height: Number(height) },
    frameRate: numberOf(attributes.get("FRAME-RATE")),
    pathwayId: attributes.get("PATHWAY-ID") ?? ".",
  };
}

function renditionOf(attributes: Attributes, base: string, problems: string[]): Rendition {
  const uri = attributes.get("URI");
  return {
    type: attributes.get("TYPE") ?? "",
    groupId: attributes.get("GROUP-ID") ?? "",
    name: attributes.get("NAME") ?? "",
    url: uri === undefined ? null : resolveUri(uri, base, problems),
    attributes,
  };
}

const videoCodec = /^(avc|hvc|hev|av01|dvh|dva|vp0?[89])/i;
const audioCodec = /^(mp4a|ac-3|ec-3|ac-4|opus|flac|alac|apac)/i;

export function isVideoCodec(codec: string): boolean {
  return videoCodec.test(codec);
}

export function isAudioCodec(codec: string): boolean {
  return audioCodec.test(codec);
}

/** Whether a variant has pictures, by what it says of itself. */
export function hasVideo(variant: Variant): boolean {
  return variant.resolution !== null || variant.codecs.some(isVideoCodec) || variant.codecs.length === 0;
}
