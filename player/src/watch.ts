// The player page: plays the asset from the node that gave the page, and goes on from another one when it dies.
// window.vstream shows what is going on, for tests and for people who look for the cause of something.
import Hls from "hls.js";
import { showChapters } from "./chapters.ts";
import { HlsEngine } from "./engine-hls.ts";
import type { Trouble } from "./engine-hls.ts";
import { playNatively } from "./engine-native.ts";
import { Homes } from "./homes.ts";
import type {} from "./page-window.ts";
import { element, readPageConfig } from "./page-config.ts";
import { showQualities } from "./quality-menu.ts";
import { watchStalls } from "./stalls.ts";
import { showAudio, showSubtitles } from "./track-menus.ts";

declare const playerVersion: string;

const config = readPageConfig();
const video = element("video", HTMLVideoElement);
const status = element("status", HTMLElement);
const trouble = element("trouble", HTMLElement);
// What follows the asset's editions, once there is something that plays.
let turnTo: (edition: number) => void = () => undefined;
const homes = new Homes(config, {
  origin: location.origin,
  onChange: showStatus,
  onEdition: (edition) => {
    turnTo(edition);
  },
});
const playlist = `${location.origin}/v/${config.assetId}/index.m3u8`;
// The loader finds other nodes by itself: hls.js must not look for them too. A browser that plays HLS is steered.
const url = `${playlist}?pathways=one`;

// Chromium plays HLS too, but knows nothing of our other nodes: hls.js comes first wherever it can work.
const engine = Hls.isSupported() ? "hls.js" : video.canPlayType("application/vnd.apple.mpegurl") ? "native" : "none";
const hlsEngine = start();
window.vstream = {
  version: playerVersion,
  engine,
  get hls() {
    return hlsEngine?.hls ?? null;
  },
  home: () => homes.current.url,
  stalls: watchStalls(video),
};

if (config.poster !== null) video.poster = config.poster;
showChapters(element("chapters", HTMLElement), video, config.chapters);
homes.keepFresh();
setInterval(showStatus, 1000);
element("retry", HTMLButtonElement).addEventListener("click", retry);
video.addEventListener("playing", () => {
  trouble.hidden = true;
});

function start(): HlsEngine | null {
  const playback = { url: engine === "native" ? playlist : url, homes, onTrouble: showTrouble };
  if (engine === "none") {
    showTrouble({ status: 0, text: "This browser can play neither Media Source Extensions nor HLS." });
    return null;
  }
  if (engine === "native") {
    turnTo = playNatively(video, { ...playback, edition: config.edition });
    return null;
  }
  const started = new HlsEngine(video, { ...playback, onPlayer: showMenus });
  started.hls.on(Hls.Events.MANIFEST_PARSED, () => {
    // Refused until somebody clicks, in browsers that want that: the controls are there.
    video.play().catch(() => undefined);
  });
  turnTo = (edition) => {
    started.turnTo(edition);
  };
  return started;
}

function showMenus(hls: Hls, signal: AbortSignal): void {
  showQualities(element("quality", HTMLSelectElement), hls, signal);
  showAudio(element("audio", HTMLSelectElement), hls, signal);
  showSubtitles(element("subtitles", HTMLSelectElement), hls, signal);
}

function showStatus(): void {
  if (!trouble.hidden) {
    status.textContent = "Waiting…";
    return;
  }
  const { name, region } = homes.current;
  const hls = hlsEngine?.hls;
  const height = hls?.levels[hls.currentLevel]?.height;
  const ahead = bufferedAhead();
  status.textContent = [
    `Served by ${name}${region === "" ? "" : ` (${region})`}`,
    ...(height === undefined ? [] : [`${String(height)}p`]),
    ...(ahead > 0 ? [`${String(Math.floor(ahead))} s buffered`] : []),
  ].join(" · ");
}

function bufferedAhead(): number {
  const { buffered, currentTime } = video;
  for (let range = 0; range < buffered.length; range += 1) {
    if (buffered.start(range) <= currentTime && buffered.end(range) > currentTime) {
      return buffered.end(range) - currentTime;
    }
  }
  return 0;
}

function showTrouble(found: Trouble): void {
  element("trouble-text", HTMLElement).textContent = troubleText(found);
  trouble.hidden = false;
}

function troubleText({ status: code, text }: Trouble): string {
  switch (code) {
    case 404:
      return "There is no such video, or nothing of it can be played yet.";
    case 410:
      return "This video has been deleted.";
    case 503:
      return "This video cannot be played yet. It is being prepared, and starts as soon as it can.";
    case 0:
      return /^[a-z]+[A-Z]/.test(text) || text === "" ? "No node that has this video answers." : text;
    default:
      return `The video cannot be played (${String(code)}).`;
  }
}

function retry(): void {
  trouble.hidden = true;
  const hls = hlsEngine?.hls ?? null;
  if (hls === null) {
    video.load();
    return;
  }
  if (hls.levels.length === 0) hls.loadSource(url);
  else {
    const position = video.currentTime;
    hls.stopLoad();
    hls.startLoad(position);
  }
  video.play().catch(() => undefined);
}
