// Playing by hls.js over Media Source Extensions. When the asset has a later edition, another hls.js loads its playlists
// beside the one that plays, and takes over the video element with all that is buffered: the picture goes on.
import Hls from "hls.js";
import type { ErrorData, HlsConfig } from "hls.js";
import { failoverLoader } from "./failover-loader.ts";
import type { Homes } from "./homes.ts";

/** Room to find another node in, and to live through a pull from afar. */
const bufferGoalSeconds = 40;
const bufferLimitSeconds = 60;
const bufferBytes = 120 * 1000 * 1000;
const backBufferSeconds = 60;
/** Until the line's speed is known. */
const assumedBps = 2_000_000;
/** Of what is buffered of the edition before, so much is still played: time to fetch what follows. */
const playedOutSeconds = 8;

export interface Trouble {
  readonly status: number;
  readonly text: string;
}

export interface Playback {
  readonly url: string;
  readonly homes: Homes;
  /** Told when playing has stopped and does not go on by itself, or not soon. */
  readonly onTrouble: (trouble: Trouble) => void;
}

export interface HlsPlayback extends Playback {
  /** Told of each hls.js that is to play; the signal is aborted when another takes its place. */
  readonly onPlayer: (hls: Hls, signal: AbortSignal) => void;
}

export class HlsEngine {
  readonly #video: HTMLVideoElement;
  readonly #playback: HlsPlayback;
  #hls: Hls;
  #over = new AbortController();
  #next: Hls | null = null;
  #recoveredAtMs = -Infinity;

  constructor(video: HTMLVideoElement, playback: HlsPlayback) {
    this.#video = video;
    this.#playback = playback;
    this.#hls = this.#open({});
    playback.onPlayer(this.#hls, this.#over.signal);
    this.#hls.loadSource(playback.url);
    this.#hls.attachMedia(video);
  }

  /** The one that plays now. */
  get hls(): Hls {
    return this.#hls;
  }

  /** To be told again and again which edition there is: a node may not know of it yet when its playlist is asked for. */
  turnTo(edition: number): void {
    const isPlaying = this.#hls.levels.length > 0 && !this.#video.ended;
    if (this.#next !== null || !isPlaying || editionOf(this.#hls) >= edition) return;
    const next = this.#open({
      autoStartLoad: false,
      abrEwmaDefaultEstimate: this.#hls.bandwidthEstimate,
      ...chosenAudio(this.#hls),
    });
    this.#next = next;
    next.once(Hls.Events.MANIFEST_PARSED, () => {
      if (editionOf(next) >= edition) this.#handOver(next);
      else this.#drop(next);
    });
    next.loadSource(this.#playback.url);
  }

  #open(changes: Partial<HlsConfig>): Hls {
    const { homes, onTrouble } = this.#playback;
    const onSilence = (status: number): void => {
      if (this.#video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA) onTrouble({ status, text: "" });
    };
    const hls = new Hls({
      loader: failoverLoader(homes, onSilence),
      // Fragments are fMP4 already: there is nothing for a worker to do, and the page's policy allows none.
      enableWorker: false,
      // A growing asset is watched from its start, not from its edge.
      startPosition: 0,
      lowLatencyMode: false,
      enableInterstitialPlayback: false,
      maxBufferLength: bufferGoalSeconds,
      maxMaxBufferLength: bufferLimitSeconds,
      maxBufferSize: bufferBytes,
      backBufferLength: backBufferSeconds,
      abrEwmaDefaultEstimate: assumedBps,
      ...changes,
    });
    hls.on(Hls.Events.ERROR, (_event, error) => {
      if (!error.fatal) return;
      if (hls === this.#next) this.#drop(hls);
      else this.#recover(hls, error);
    });
    return hls;
  }

  #drop(next: Hls): void {
    this.#next = null;
    next.destroy();
  }

  #handOver(next: Hls): void {
    const before = this.#hls;
    const video = this.#video;
    const subtitle = before.subtitleTracks[before.subtitleTrack]?.name;
    const height = before.autoLevelEnabled ? undefined : before.levels[before.loadLevel]?.height;
    before.stopLoad();
    const media = before.transferMedia();
    this.#over.abort();
    this.#over = new AbortController();
    this.#hls = next;
    this.#next = null;
    this.#playback.onPlayer(next, this.#over.signal);
    const level = next.levels.findIndex((one) => one.height === height);
    if (level >= 0) next.loadLevel = level;
    next.once(Hls.Events.SUBTITLE_TRACKS_UPDATED, (_event, { subtitleTracks }) => {
      next.subtitleTrack = subtitleTracks.findIndex(({ name }) => name === subtitle);
    });
    next.once(Hls.Events.BUFFER_CREATED, () => {
      const startOffset = video.currentTime + playedOutSeconds;
      next.trigger(Hls.Events.BUFFER_FLUSHING, { startOffset, endOffset: Infinity, type: "video" });
    });
    next.attachMedia(media ?? video);
    next.startLoad(video.currentTime, true);
    before.destroy();
  }

  #recover(hls: Hls, error: ErrorData): void {
    // Once in a while the browser's decoder is the one that fails; twice in a row it is the media.
    if (error.type === Hls.ErrorTypes.MEDIA_ERROR && performance.now() - this.#recoveredAtMs > 10_000) {
      this.#recoveredAtMs = performance.now();
      hls.recoverMediaError();
      return;
    }
    this.#playback.onTrouble({ status: error.response?.code ?? 0, text: error.details });
  }
}

function chosenAudio(hls: Hls): Partial<HlsConfig> {
  const track = hls.audioTracks[hls.audioTrack];
  return track === undefined
    ? {}
    : { audioPreference: { name: track.name, ...(track.lang === undefined ? {} : { lang: track.lang }) } };
}

// What nodes call the playlists of a later edition than the first: video-e2/360p.m3u8.
function editionOf({ levels }: Hls): number {
  return Number(/\/video-e(\d+)\//.exec(levels[0]?.url[0] ?? "")?.[1] ?? 0);
}
