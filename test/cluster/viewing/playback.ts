// One playing of an asset from its start to its end: playlists, a buffer ahead of the playhead, a rung for each segment.
import type { Answer } from "./line.ts";
import { Playhead } from "./playhead.ts";
import { readMediaPlaylist, readMultivariant } from "./playlists.ts";
import type { MediaPlaylist, Multivariant, Rung, Segment } from "./playlists.ts";
import { ask, pause } from "./route.ts";
import type { Entry, OpenRoute, Route } from "./route.ts";

/** A viewer who has seen nothing move for so long has left. */
const givesUpMs = 30_000;
/** Share of the measured speed that the chosen rung may take. */
const usedShare = 0.7;
/** How much the newest measurement counts. */
const newestWeight = 0.4;
const checkMs = 500;

export interface PlaybackOptions {
  /** Seconds of the asset in a second. */
  readonly speed: number;
  readonly bufferSeconds: number;
  /** Index of the rung, the lowest 0; `auto`: by what the line gives. */
  readonly rung: number | "auto";
  readonly openRoute: OpenRoute;
}

export interface PlaybackNotes {
  readonly onBytes: (sizeBytes: number) => void;
  /** What came under a name that is not its hash, with 200. */
  readonly onWrongBytes: (url: string) => void;
}

type Track = "video" | "audio";

export class Playback {
  readonly playhead: Playhead;
  readonly #entry: Entry;
  readonly #options: PlaybackOptions;
  readonly #notes: PlaybackNotes;
  readonly #playlists = new Map<string, MediaPlaylist>();
  readonly #bufferedTo = new Map<Track, number>();
  readonly #atEdge = new Set<Track>();
  readonly #inits = new Set<string>();
  readonly #openedMs = performance.now();
  #route: Route | null = null;
  #rungs: readonly Rung[] = [];
  #lineBps: number | null = null;
  #startUpMs: number | null = null;

  constructor(entry: Entry, options: PlaybackOptions, notes: PlaybackNotes) {
    this.#entry = entry;
    this.#options = options;
    this.#notes = notes;
    this.playhead = new Playhead(options.speed);
  }

  /** From the start to the first picture with sound; null before. */
  get startUpMs(): number | null {
    return this.#startUpMs;
  }

  /** Origin of the node that is asked now. */
  get home(): string {
    return this.#route?.current ?? "";
  }

  /** Returns at the asset's end. @throws Error when it could not be played to there, or the signal ended it */
  async play(signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const either = AbortSignal.any([signal, over.signal]);
    const watch = setInterval(() => {
      const waitedMs = this.playhead.started ? this.playhead.stalledMs : performance.now() - this.#openedMs;
      if (waitedMs > givesUpMs) over.abort();
    }, checkMs);
    try {
      const multivariant = await this.#open(either);
      const tracks: Track[] = multivariant.audioUriByGroup.size === 0 ? ["video"] : ["video", "audio"];
      for (const track of tracks) this.#bufferedTo.set(track, 0);
      await Promise.all(tracks.map((track) => this.#fill(track, either)));
      await pause(Math.max(0, this.playhead.msUntil(this.playhead.bufferedSeconds)), either);
    } catch (thrown) {
      over.abort();
      throw thrown;
    } finally {
      over.abort();
      clearInterval(watch);
      this.playhead.close();
    }
  }

  async #open(signal: AbortSignal): Promise<Multivariant> {
    const whereAny: Route = new EntryRoute(this.#entry.urls);
    const wish = { target: { track: "" }, keepText: true, signal };
    const answer = await ask(this.#entry, whereAny, wish);
    const multivariant = readMultivariant(answer.text, answer.url);
    this.#rungs = multivariant.rungs;
    this.#route = this.#options.openRoute(this.#entry, { url: answer.url, multivariant });
    this.#route.keepFresh(signal);
    return multivariant;
  }

  async #fill(track: Track, signal: AbortSignal): Promise<void> {
    let startsAt = 0;
    for (let index = 0; ; index += 1) {
      const found = await this.#segment(track, index, signal);
      if (found === null) return;
      await this.#waitForRoom(startsAt, signal);
      startsAt += found.segment.seconds;
      await this.#fetchMedia(found, signal);
      this.#bufferedTo.set(track, startsAt);
      this.playhead.bufferTo(Math.min(...this.#bufferedTo.values()));
      if (this.playhead.started) this.#startUpMs ??= performance.now() - this.#openedMs;
    }
  }

  /** The segment of that number, once it is listed; null after the last one. */
  async #segment(track: Track, index: number, signal: AbortSignal): Promise<{ name: string; segment: Segment } | null> {
    for (;;) {
      const name = track === "audio" ? "audio" : this.#chooseRung();
      let playlist = this.#playlists.get(name);
      const hasMore = playlist !== undefined && (playlist.ended || index < playlist.segments.length);
      if (!hasMore) {
        playlist = await this.#loadPlaylist(name, signal);
        this.#playlists.set(name, playlist);
      }
      const segment = playlist?.segments[index];
      this.#noteEdge(track, segment === undefined);
      if (segment !== undefined) return { name, segment };
      if (playlist?.ended === true) return null;
      await pause(((playlist?.targetSeconds ?? 1) / this.#options.speed / 2) * 1000, signal);
    }
  }

  async #loadPlaylist(track: string, signal: AbortSignal): Promise<MediaPlaylist> {
    return readMediaPlaylist((await this.#ask({ track }, true, signal)).text);
  }

  async #waitForRoom(startsAt: number, signal: AbortSignal): Promise<void> {
    if (!this.playhead.started) return;
    const waitMs = this.playhead.msUntil(startsAt - this.#options.bufferSeconds);
    if (waitMs > 0) await pause(waitMs, signal);
  }

  async #fetchMedia({ name, segment }: { name: string; segment: Segment }, signal: AbortSignal): Promise<void> {
    if (segment.initUri !== "" && !this.#inits.has(segment.initUri)) {
      await this.#ask({ track: name, uri: segment.initUri }, false, signal);
      this.#inits.add(segment.initUri);
    }
    const answer = await this.#ask({ track: name, uri: segment.uri }, false, signal);
    if (name === "audio") return;
    const newestBps = (answer.sizeBytes * 8000) / Math.max(1, answer.tookMs);
    this.#lineBps = this.#lineBps === null ? newestBps : this.#lineBps + newestWeight * (newestBps - this.#lineBps);
  }

  async #ask(target: { track: string; uri?: string }, keepText: boolean, signal: AbortSignal): Promise<Answer> {
    if (this.#route === null) throw new Error("nothing is open");
    const answer = await ask(this.#entry, this.#route, { target, keepText, signal });
    this.#notes.onBytes(answer.sizeBytes);
    const named = /([0-9a-f]{64})\.\w+$/.exec(new URL(answer.url).pathname)?.[1];
    if (named !== undefined && named !== answer.sha256) this.#notes.onWrongBytes(answer.url);
    return answer;
  }

  // The edge is where neither track has more: one that waits for the other's next segment waits for nobody.
  #noteEdge(track: Track, atEdge: boolean): void {
    if (atEdge) this.#atEdge.add(track);
    else this.#atEdge.delete(track);
    const behind = [...this.#bufferedTo].filter(([, seconds]) => seconds <= this.playhead.bufferedSeconds);
    this.playhead.setAtEdge(behind.every(([name]) => this.#atEdge.has(name)));
  }

  #chooseRung(): string {
    const { rung } = this.#options;
    const lineBps = this.#lineBps;
    if (rung !== "auto") return this.#rungs[Math.min(rung, this.#rungs.length - 1)]?.name ?? "";
    if (lineBps === null) return this.#rungs[0]?.name ?? "";
    const fitting = this.#rungs.filter(({ bandwidthBps }) => bandwidthBps <= lineBps * usedShare);
    return (fitting.at(-1) ?? this.#rungs[0])?.name ?? "";
  }
}

/** Before anything is known but some URLs of the multivariant playlist. */
class EntryRoute implements Route {
  readonly patience = { firstByteMs: 2_500, idleMs: 4_000 };
  readonly #urls: readonly string[];

  constructor(urls: readonly string[]) {
    this.#urls = urls;
  }

  get current(): string {
    return this.#urls[0] ?? "";
  }

  candidates(): readonly string[] {
    return this.#urls;
  }

  urlOf(url: string): string {
    return url;
  }

  failed(): void {
    // The next one is asked in any case.
  }

  succeeded(): void {
    // What follows is the business of the route that begins here.
  }

  keepFresh(): void {
    // These are all there are.
  }
}
