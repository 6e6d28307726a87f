// Reads what a multivariant playlist leads to and turns it into a StreamView. What is broken on the way goes to the
// findings. Every file is read once, however many playlists name it; memory holds summaries, not media.
import { mapBounded } from "@vstream/core/map-bounded.ts";
import { finding } from "./findings.ts";
import type { FindingList } from "./findings.ts";
import { readInit } from "./init-segment.ts";
import type { InitSegment, InitTrack } from "./init-segment.ts";
import { parseMedia } from "./parse-media.ts";
import type { MediaPlaylist, MediaRef, PlaylistSegment } from "./parse-media.ts";
import { parseMultivariant } from "./parse-multivariant.ts";
import { SegmentScan } from "./segment-scan.ts";
import type { ScannedSegment } from "./segment-scan.ts";
import { namedPlaylists, refKey, trackOf } from "./views.ts";
import type { MediaView, StreamView, TrackKind } from "./views.ts";
import { parseWebVtt } from "./web-vtt.ts";
import type { WebVtt } from "./web-vtt.ts";

/** Where a stream's files come from: a server, or a store. What is wrong with how they come is theirs to tell. */
export interface StreamFiles {
  /** Null: it is not there. */
  readonly readPlaylist: (url: string) => Promise<string | null>;
  readonly readInit: (ref: MediaRef) => Promise<Buffer | null>;
  readonly readText: (ref: MediaRef) => Promise<Buffer | null>;
  /**
   * Gives the scan a segment's bytes in their order; what it only passes over may be skipped.
   * @returns whether it is there
   */
  readonly scanSegment: (ref: MediaRef, scan: SegmentScan) => Promise<boolean>;
}

export interface ReaderOptions {
  readonly files: StreamFiles;
  readonly findings: FindingList;
  /** Files that are read at one time. */
  readonly filesAtOnce: number;
  /** Playlists and init segments only. */
  readonly quick: boolean;
  /** Only media playlists on this host; null: all. */
  readonly onlyOrigin: string | null;
  /** Called whenever a file was read, with how many of those that are known of. */
  readonly onRead: (read: number, known: number) => void;
}

/** Media playlists that are followed of one multivariant playlist. */
const playlistsLimit = 500;

export class StreamReader {
  playlists = 0;
  segments = 0;
  readonly #options: ReaderOptions;
  readonly #texts = new Map<string, Promise<string | null>>();
  readonly #inits = new Map<string, Promise<InitSegment | null>>();
  readonly #scans = new Map<string, Promise<ScannedSegment | null>>();
  readonly #subtitles = new Map<string, Promise<WebVtt | null>>();
  #read = 0;
  #known = 0;

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  /** Null when there is no multivariant playlist to go on from. */
  async readStream(url: string): Promise<StreamView | null> {
    const text = await this.#readPlaylist(url);
    if (text === null) return null;
    const multivariant = parseMultivariant(text, url);
    const named = [...namedPlaylists(multivariant)].filter(([media]) => this.#isWanted(media)).slice(0, playlistsLimit);
    const { filesAtOnce } = this.#options;
    const playlists = await mapBounded(named, filesAtOnce, async ([media, kind]) => {
      const content = await this.#readPlaylist(media);
      return content === null ? null : { kind, playlist: parseMedia(content, media) };
    });
    const media = new Map<string, MediaView>();
    for (const found of playlists) {
      if (found !== null) media.set(found.playlist.url, await this.#viewOf(found.kind, found.playlist));
    }
    return { multivariant, media };
  }

  /** Once for each URL. Null: it is not there. */
  async #readPlaylist(url: string): Promise<string | null> {
    return await remembered(this.#texts, url, async () => {
      const text = await this.#options.files.readPlaylist(url);
      if (text !== null) this.playlists += 1;
      return text;
    });
  }

  #isWanted(url: string): boolean {
    const { onlyOrigin } = this.#options;
    return onlyOrigin === null || URL.parse(url)?.origin === onlyOrigin;
  }

  async #viewOf(kind: TrackKind, playlist: MediaPlaylist): Promise<MediaView> {
    const inits = new Map<string, InitSegment>();
    for (const { map } of playlist.segments) {
      if (map === null || inits.has(refKey(map))) continue;
      const init = await remembered(this.#inits, refKey(map), () => this.#readInit(map));
      if (init !== null) inits.set(refKey(map), init);
    }
    const trackFor = ({ map }: PlaylistSegment): InitTrack | null =>
      map === null ? null : trackOf(kind, inits.get(refKey(map)) ?? null);
    const isText = kind === "subtitles" && inits.size === 0;
    const { quick, filesAtOnce } = this.#options;
    const wanted = quick ? [] : playlist.segments;
    this.#known += wanted.length;
    const segments = await mapBounded(isText ? [] : wanted, filesAtOnce, (segment) =>
      this.#counted(segment.gap ? null : this.#scan(kind, segment, trackFor(segment))),
    );
    const texts = await mapBounded(isText ? wanted : [], filesAtOnce, (segment) =>
      this.#counted(remembered(this.#subtitles, refKey(segment), () => this.#readText(segment))),
    );
    return { kind, playlist, inits: [...inits.values()], segments, texts };
  }

  async #counted<Value>(reading: Promise<Value> | Value): Promise<Value> {
    const value = await reading;
    this.#read += 1;
    this.#options.onRead(this.#read, this.#known);
    return value;
  }

  async #readInit(ref: MediaRef): Promise<InitSegment | null> {
    const bytes = await this.#options.files.readInit(ref);
    if (bytes === null) return null;
    const init = readInit(bytes);
    if (typeof init !== "string") return init;
    this.#options.findings.add([finding("Readable", ref.url, init)]);
    return null;
  }

  // I-frames are parts of files that the video has too: the whole is read, once.
  #scan(kind: TrackKind, segment: PlaylistSegment, track: InitTrack | null): Promise<ScannedSegment | null> {
    const ref = kind === "iframes" ? { url: segment.url, range: null } : segment;
    return remembered(this.#scans, refKey(ref), () => this.#scanSegment(ref, track));
  }

  async #scanSegment(ref: MediaRef, track: InitTrack | null): Promise<ScannedSegment | null> {
    const scan = new SegmentScan(track);
    if (!(await this.#options.files.scanSegment(ref, scan))) return null;
    this.segments += 1;
    return scan.end();
  }

  async #readText(ref: MediaRef): Promise<WebVtt | null> {
    const bytes = await this.#options.files.readText(ref);
    if (bytes === null) return null;
    this.segments += 1;
    return parseWebVtt(bytes.toString("utf8"));
  }
}

function remembered<Value>(
  known: Map<string, Promise<Value>>,
  key: string,
  make: () => Promise<Value>,
): Promise<Value> {
  const value = known.get(key) ?? make();
  known.set(key, value);
  return value;
}
