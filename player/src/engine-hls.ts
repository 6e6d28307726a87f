// Playing by hls.js over Media Source Extensions.
import Hls from "hls.js";
import type { ErrorData } from "hls.js";
import { failoverLoader } from "./failover-loader.ts";
import type { Homes } from "./homes.ts";

/** Room to find another node in, and to live through a pull from afar. */
const bufferGoalSeconds = 40;
const bufferLimitSeconds = 60;
const bufferBytes = 120 * 1000 * 1000;
const backBufferSeconds = 60;
/** Until the line's speed is known. */
const assumedBps = 2_000_000;

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

export function playByHls(video: HTMLVideoElement, playback: Playback): Hls {
  const onSilence = (status: number): void => {
    if (video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA) playback.onTrouble({ status, text: "" });
  };
  const hls = new Hls({
    loader: failoverLoader(playback.homes, onSilence),
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
  });
  hls.on(Hls.Events.ERROR, (_event, error) => {
    if (error.fatal) recover(hls, error, playback.onTrouble);
  });
  hls.loadSource(playback.url);
  hls.attachMedia(video);
  return hls;
}

let recoveredAtMs = -Infinity;

function recover(hls: Hls, error: ErrorData, onTrouble: (trouble: Trouble) => void): void {
  // Once in a while the browser's decoder is the one that fails; twice in a row it is the media.
  if (error.type === Hls.ErrorTypes.MEDIA_ERROR && performance.now() - recoveredAtMs > 10_000) {
    recoveredAtMs = performance.now();
    hls.recoverMediaError();
    return;
  }
  onTrouble({ status: error.response?.code ?? 0, text: error.details });
}
