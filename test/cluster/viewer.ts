// A headless viewer: plays an asset again and again like a real player, and notes everything that a person would
// notice (stalls, failed playbacks) and what nobody may ever see (wrong bytes).
import { HomeRoute } from "./viewing/home-route.ts";
import { Line } from "./viewing/line.ts";
import { PathwayRoute } from "./viewing/pathway-route.ts";
import { Playback } from "./viewing/playback.ts";
import type { Stall } from "./viewing/playhead.ts";
import { isOver, pause } from "./viewing/route.ts";
import type { OpenRoute } from "./viewing/route.ts";

/** What is kept of things that may happen without end. */
const notesLimit = 50;
const afterFailureMs = 1_000;

export interface ViewerOptions {
  /** The multivariant playlist on each node that the viewer is told of; it begins with the first that answers. */
  readonly urls: readonly string[];
  /** `homes`: like our player. `pathways`: like a player that knows content steering alone. */
  readonly follows: "homes" | "pathways";
  readonly speed?: number;
  readonly bufferSeconds?: number;
  readonly rung?: number | "auto";
  /** The address that it comes from; none: the system's choice. */
  readonly localAddress?: string;
}

export interface Note {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly url: string;
  readonly what: string;
}

export interface ViewerReport {
  readonly viewer: number;
  /** Playings of the whole asset that were begun; the last may go on. */
  readonly playbacks: number;
  readonly playedSeconds: number;
  readonly bytes: number;
  readonly longestStartUpMs: number;
  /** Those that ended; a running one is among them with its length so far. */
  readonly stalls: readonly Stall[];
  /** Why playbacks were given up. */
  readonly failed: readonly Note[];
  readonly wrongBytes: readonly Note[];
  /** Requests that were answered badly or not at all; another node may have answered. The newest. */
  readonly troubles: readonly Note[];
  readonly troublesInAll: number;
  /** Origin of the node that it asks now. */
  readonly home: string;
}

export class Viewer {
  readonly #number: number;
  readonly #options: ViewerOptions;
  readonly #stalls: Stall[] = [];
  readonly #failed: Note[] = [];
  readonly #wrongBytes: Note[] = [];
  readonly #troubles: Note[] = [];
  #troublesInAll = 0;
  #playbacks = 0;
  #playedSeconds = 0;
  #bytes = 0;
  #longestStartUpMs = 0;
  #current: Playback | null = null;
  #lastHome = "";

  constructor(number: number, options: ViewerOptions) {
    this.#number = number;
    this.#options = options;
  }

  /** Plays until the signal. Never throws: what goes wrong is noted. */
  async watch(signal: AbortSignal): Promise<void> {
    using line = new Line(this.#options.localAddress);
    while (!isOver(signal)) {
      const playback = this.#begin(line);
      try {
        await playback.play(signal);
      } catch (thrown) {
        if (isOver(signal)) break;
        note(this.#failed, playback.home, thrown instanceof Error ? thrown.message : String(thrown));
        await pause(afterFailureMs, signal).catch(() => undefined);
      } finally {
        this.#end(playback);
      }
    }
  }

  report(): ViewerReport {
    const running = this.#current;
    const stalledMs = running?.playhead.stalledMs ?? 0;
    const position = running?.playhead.position ?? 0;
    const lasting =
      stalledMs >= 100 ? [{ at: Date.now() - stalledMs, durationMs: Math.round(stalledMs), position }] : [];
    return {
      viewer: this.#number,
      playbacks: this.#playbacks,
      playedSeconds: this.#playedSeconds + position,
      bytes: this.#bytes,
      longestStartUpMs: Math.round(Math.max(this.#longestStartUpMs, running?.startUpMs ?? 0)),
      stalls: [...this.#stalls, ...(running?.playhead.stalls ?? []), ...lasting],
      failed: [...this.#failed],
      wrongBytes: [...this.#wrongBytes],
      troubles: [...this.#troubles],
      troublesInAll: this.#troublesInAll,
      home: running?.home ?? "",
    };
  }

  #begin(line: Line): Playback {
    const { speed = 1, bufferSeconds = 12, rung = "auto", follows } = this.#options;
    const onTrouble = (url: string, what: string): void => {
      this.#troublesInAll += 1;
      note(this.#troubles, url, what);
    };
    const openRoute: OpenRoute = (entry, first) =>
      follows === "homes" ? new HomeRoute(entry, first) : new PathwayRoute(entry, first);
    const notes = {
      onBytes: (sizeBytes: number) => (this.#bytes += sizeBytes),
      onWrongBytes: (url: string) => {
        note(this.#wrongBytes, url, "bytes that are not what their name says");
      },
    };
    const urls = follows === "homes" ? this.#urlsOfPage() : this.#options.urls;
    this.#playbacks += 1;
    this.#current = new Playback({ line, urls, onTrouble }, { speed, bufferSeconds, rung, openRoute }, notes);
    return this.#current;
  }

  // As our page asks: it finds other nodes by itself, and one that plays again stays with the node that it has found.
  #urlsOfPage(): string[] {
    const [first = ""] = this.#options.urls;
    const again = this.#lastHome === "" ? [] : [this.#lastHome + new URL(first).pathname];
    return [...new Set([...again, ...this.#options.urls])].map((url) => `${url}?pathways=one`);
  }

  #end(playback: Playback): void {
    this.#lastHome = playback.home;
    this.#playedSeconds += playback.playhead.position;
    this.#longestStartUpMs = Math.max(this.#longestStartUpMs, playback.startUpMs ?? 0);
    this.#stalls.push(...playback.playhead.stalls);
    this.#stalls.splice(0, this.#stalls.length - notesLimit);
    this.#current = null;
  }
}

function note(notes: Note[], url: string, what: string): void {
  notes.push({ at: Date.now(), url, what });
  if (notes.length > notesLimit) notes.shift();
}
