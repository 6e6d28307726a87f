// A media playlist as a value.
import { numberOf, parseAttributes, playlistLines, resolveUri } from "./playlist-lines.ts";
import type { Attributes, PlaylistLine } from "./playlist-lines.ts";

export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/** A file, or a part of one. */
export interface MediaRef {
  /** Absolute. */
  readonly url: string;
  readonly range: ByteRange | null;
}

export interface PlaylistSegment extends MediaRef {
  readonly durationSeconds: number;
  /** Null: there is no EXT-X-MAP. */
  readonly map: MediaRef | null;
  /** It begins a new timeline. */
  readonly discontinuity: boolean;
  readonly gap: boolean;
}

export interface MediaPlaylist {
  readonly url: string;
  readonly version: number;
  /** The lowest version that has all that it uses (RFC 8216bis 8). */
  readonly versionNeeded: number;
  readonly targetSeconds: number;
  readonly type: string | null;
  readonly ended: boolean;
  readonly iFramesOnly: boolean;
  readonly independentSegments: boolean;
  readonly programDateTimes: number;
  readonly partTargetSeconds: number | null;
  readonly partHoldBackSeconds: number | null;
  readonly segments: readonly PlaylistSegment[];
  /** What is malformed. */
  readonly problems: readonly string[];
}

type Writable<Value> = { -readonly [Key in keyof Value]: Value[Key] };

/** What stands before a segment's URI and is said of it. */
interface Pending {
  durationSeconds: number | null;
  range: string | null;
  discontinuity: boolean;
  gap: boolean;
}

const nothingPending: Pending = { durationSeconds: null, range: null, discontinuity: false, gap: false };
/** Segments that are read of one playlist. */
const segmentsLimit = 100_000;

/** @param url where it came from, which its URIs are relative to */
export function parseMedia(text: string, url: string): MediaPlaylist {
  const reader = new MediaReader(url);
  for (const line of playlistLines(text, reader.problems)) reader.take(line);
  return reader.finish();
}

class MediaReader {
  readonly problems: string[] = [];
  readonly #segments: PlaylistSegment[] = [];
  readonly #read: Writable<Omit<MediaPlaylist, "segments" | "problems" | "targetSeconds">>;
  #targetSeconds: number | null = null;
  #pending: Pending = nothingPending;
  #map: MediaRef | null = null;

  constructor(url: string) {
    this.#read = {
      url,
      version: 1,
      versionNeeded: 1,
      type: null,
      ended: false,
      iFramesOnly: false,
      independentSegments: false,
      programDateTimes: 0,
      partTargetSeconds: null,
      partHoldBackSeconds: null,
    };
  }

  take(line: PlaylistLine): void {
    if (line.tag === "") this.#addSegment(line.value);
    else if (!this.#takeHead(line)) this.#takeOfSegment(line);
  }

  finish(): MediaPlaylist {
    if (this.#targetSeconds === null) this.problems.push("it has no EXT-X-TARGETDURATION");
    if (this.#pending.durationSeconds !== null) this.problems.push("its last EXTINF has no URI");
    if (this.#map !== null && !this.#read.iFramesOnly) this.#needs(6);
    return {
      ...this.#read,
      targetSeconds: this.#targetSeconds ?? 0,
      segments: this.#segments,
      problems: this.problems,
    };
  }

  /** @returns whether it was a tag of the whole playlist */
  #takeHead(line: PlaylistLine): boolean {
    const { tag, value } = line;
    if (tag === "EXT-X-VERSION") this.#read.version = numberOf(value) ?? 0;
    else if (tag === "EXT-X-TARGETDURATION") this.#targetSeconds = /^\d+$/.test(value) ? Number(value) : null;
    else if (tag === "EXT-X-PLAYLIST-TYPE") this.#read.type = value;
    else if (tag === "EXT-X-ENDLIST") this.#read.ended = true;
    else if (tag === "EXT-X-INDEPENDENT-SEGMENTS") this.#read.independentSegments = true;
    else if (tag === "EXT-X-I-FRAMES-ONLY") {
      this.#read.iFramesOnly = true;
      this.#needs(4);
    } else if (tag === "EXT-X-PART-INF") {
      this.#read.partTargetSeconds = numberOf(this.#attributes(line).get("PART-TARGET"));
    } else if (tag === "EXT-X-SERVER-CONTROL") {
      this.#read.partHoldBackSeconds = numberOf(this.#attributes(line).get("PART-HOLD-BACK"));
    } else if (tag === "EXT-X-DEFINE") this.#needs(8);
    else if (tag === "EXT-X-SKIP") this.#needs(9);
    else return false;
    return true;
  }

  #takeOfSegment(line: PlaylistLine): void {
    const { tag, value } = line;
    if (tag === "EXTINF") {
      const [length = ""] = value.split(",", 1);
      const durationSeconds = numberOf(length);
      if (durationSeconds === null) this.problems.push(`EXTINF ${value.slice(0, 40)} is no duration`);
      if (length.includes(".")) this.#needs(3);
      this.#pending = { ...this.#pending, durationSeconds: durationSeconds ?? 0 };
    } else if (tag === "EXT-X-BYTERANGE") {
      this.#needs(4);
      this.#pending = { ...this.#pending, range: value };
    } else if (tag === "EXT-X-MAP") {
      this.#needs(5);
      const attributes = this.#attributes(line);
      const url = resolveUri(attributes.get("URI") ?? "", this.#read.url, this.problems);
      const range = attributes.get("BYTERANGE");
      this.#map = { url, range: range === undefined ? null : this.#rangeOf(range, 0) };
    } else if (tag === "EXT-X-DISCONTINUITY") this.#pending = { ...this.#pending, discontinuity: true };
    else if (tag === "EXT-X-GAP") this.#pending = { ...this.#pending, gap: true };
    else if (tag === "EXT-X-PROGRAM-DATE-TIME") this.#read.programDateTimes += 1;
    else if (tag === "EXT-X-KEY" && this.#attributes(line).has("KEYFORMAT")) this.#needs(5);
  }

  #addSegment(uri: string): void {
    const { durationSeconds, range, discontinuity, gap } = this.#pending;
    this.#pending = nothingPending;
    if (durationSeconds === null) {
      this.problems.push(`the segment ${uri.slice(0, 80)} has no EXTINF`);
      return;
    }
    if (this.#segments.length >= segmentsLimit) {
      if (this.#segments.length === segmentsLimit) this.problems.push(`it has more than ${segmentsLimit} segments`);
      return;
    }
    const url = resolveUri(uri, this.#read.url, this.problems);
    const last = this.#segments.at(-1);
    const follows = last?.url === url && last.range !== null ? last.range.offset + last.range.length : null;
    const part = range === null ? null : this.#rangeOf(range, follows);
    this.#segments.push({ url, range: part, durationSeconds, map: this.#map, discontinuity, gap });
  }

  /** @param follows where it begins when it does not say so */
  #rangeOf(text: string, follows: number | null): ByteRange | null {
    const [, length, , offset] = /^(\d{1,15})(@(\d{1,15}))?$/.exec(text) ?? [];
    const begin = offset === undefined ? follows : Number(offset);
    if (length !== undefined && begin !== null) return { offset: begin, length: Number(length) };
    this.problems.push(`the byte range ${text.slice(0, 40)} cannot be read`);
    return null;
  }

  #attributes(line: PlaylistLine): Attributes {
    return parseAttributes(line, this.problems);
  }

  #needs(version: number): void {
    this.#read.versionNeeded = Math.max(this.#read.versionNeeded, version);
  }
}

/** The sum of all EXTINF. */
export function listedSeconds({ segments }: Pick<MediaPlaylist, "segments">): number {
  return segments.reduce((sum, { durationSeconds }) => sum + durationSeconds, 0);
}
