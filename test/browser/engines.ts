// Three players as they come (hls.js, shaka-player, dash.js) on a bare page, behind one set of questions.
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { repository } from "../cluster/repository.ts";
import { playsPast } from "./chromium.ts";

export type EngineName = "hls.js" | "shaka-player" | "dash.js";

/** What a page answers of the player on it. Languages as the player tells them. */
export interface Engine {
  load(video: HTMLVideoElement, url: string): Promise<void>;
  audio(): string[];
  chooseAudio(language: string): void;
  chosenAudio(): string;
  text(): string[];
  chooseText(language: string): void;
  /** Cues of the chosen text that the player has fetched. */
  cues(): string[];
  /** Everything that the player called an error. */
  readonly errors: string[];
}

declare global {
  interface Window {
    engine: Engine;
  }
}

const packages = join(repository, "node_modules");
const scripts: Readonly<Record<EngineName, string>> = {
  "hls.js": join(packages, "hls.js/dist/hls.min.js"),
  "shaka-player": join(packages, "shaka-player/dist/shaka-player.compiled.js"),
  "dash.js": join(packages, "dashjs/dist/modern/umd/dash.all.min.js"),
};

export async function openEngine(browser: Browser, name: EngineName): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 640, height: 400 } });
  await page.setContent('<video muted width="640" style="background: black"></video>');
  await page.addScriptTag({ path: scripts[name] });
  await page.evaluate(makers[name]);
  return page;
}

/** Plays a URL until the picture moves on, from the start. */
export async function playOn(page: Page, url: string): Promise<void> {
  await page.evaluate(async (from) => {
    const video = document.querySelector("video")!;
    await window.engine.load(video, from);
    await video.play();
  }, url);
  await playsPast(page, 1);
}

/** How many colours the picture has, of 64 × 36 places; 1: it is one surface. */
export async function countColours(page: Page): Promise<number> {
  return await page.evaluate(() => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [64, 36];
    const context = canvas.getContext("2d")!;
    context.drawImage(document.querySelector("video")!, 0, 0, 64, 36);
    const { data } = context.getImageData(0, 0, 64, 36);
    const places = Array.from({ length: data.length / 4 }, (_, at) => data.slice(at * 4, at * 4 + 3).join());
    return new Set(places).size;
  });
}

const makers: Readonly<Record<EngineName, () => void>> = {
  "hls.js": () => {
    const { Hls } = window as unknown as { Hls: HlsClass };
    const hls = new Hls({});
    const errors: string[] = [];
    hls.on("hlsError", (_, { details, fatal, frag }) => {
      errors.push(`${details}${fatal ? " (fatal)" : ""} ${frag?.type ?? ""} ${frag?.sn ?? ""}`);
    });
    window.engine = {
      errors,
      load: (video, url) =>
        new Promise((resolve) => {
          hls.on("hlsManifestParsed", () => {
            resolve();
          });
          hls.loadSource(url);
          hls.attachMedia(video);
        }),
      audio: () => hls.audioTracks.map(({ lang }) => lang ?? ""),
      chooseAudio: (language) => {
        hls.audioTrack = hls.audioTracks.findIndex(({ lang }) => lang === language);
      },
      chosenAudio: () => hls.audioTracks[hls.audioTrack]?.lang ?? "",
      text: () => hls.subtitleTracks.map(({ lang }) => lang ?? ""),
      chooseText: (language) => {
        hls.subtitleTrack = hls.subtitleTracks.findIndex(({ lang }) => lang === language);
      },
      cues: () =>
        [...document.querySelector("video")!.textTracks]
          .filter(({ mode }) => mode !== "disabled")
          .flatMap((track) => [...(track.cues ?? [])].map((cue) => (cue as VTTCue).text)),
    };
  },
  "shaka-player": () => {
    const { shaka } = window as unknown as { shaka: Shaka };
    shaka.polyfill.installAll();
    const player = new shaka.Player();
    // Its WebVTT of HLS waits for the next video segment to learn where the stream's clock begins (TextEngine, deferred
    // appends): with everything buffered already there is none. A film goes on longer than is buffered; so does this.
    player.configure("streaming.bufferingGoal", 6);
    const errors: string[] = [];
    player.addEventListener("error", ({ detail }) => errors.push(`${detail.code} ${detail.message ?? ""}`));
    window.engine = {
      errors,
      load: async (video, url) => {
        await player.attach(video);
        await player.load(url);
      },
      audio: () => player.getAudioTracks().map(({ language }) => language),
      chooseAudio: (language) => {
        const track = player.getAudioTracks().find((one) => one.language === language);
        if (track !== undefined) player.selectAudioTrack(track);
      },
      chosenAudio: () => player.getAudioTracks().find(({ active }) => active)?.language ?? "",
      text: () => player.getTextTracks().map(({ language }) => language),
      chooseText: (language) => {
        const track = player.getTextTracks().find((one) => one.language === language);
        if (track !== undefined) player.selectTextTrack(track);
      },
      cues: () =>
        [...document.querySelector("video")!.textTracks].flatMap((track) =>
          [...(track.cues ?? [])].map((cue) => (cue as VTTCue).text),
        ),
    };
  },
  "dash.js": () => {
    const { dashjs } = window as unknown as { dashjs: Dash };
    const player = dashjs.MediaPlayer().create();
    const errors: string[] = [];
    window.engine = {
      errors,
      load: (video, url) =>
        new Promise((resolve) => {
          player.on("error", ({ error }) =>
            errors.push(typeof error === "string" ? error : (error?.message ?? "error")),
          );
          player.on("streamInitialized", () => {
            resolve();
          });
          player.initialize(video, url, false);
        }),
      audio: () => player.getTracksFor("audio").map(({ lang }) => lang ?? ""),
      chooseAudio: (language) => {
        const track = player.getTracksFor("audio").find(({ lang }) => lang === language);
        if (track !== undefined) player.setCurrentTrack(track);
      },
      chosenAudio: () => player.getCurrentTrackFor("audio")?.lang ?? "",
      text: () => player.getTracksFor("text").map(({ lang }) => lang ?? ""),
      chooseText: (language) => {
        player.enableText(true);
        player.setTextTrack(player.getTracksFor("text").findIndex(({ lang }) => lang === language));
      },
      cues: () =>
        [...document.querySelector("video")!.textTracks]
          .filter(({ mode }) => mode !== "disabled")
          .flatMap((track) => [...(track.cues ?? [])].map((cue) => (cue as VTTCue).text)),
    };
  },
};

interface HlsNews {
  readonly details: string;
  readonly fatal: boolean;
  readonly frag?: { readonly type: string; readonly sn: number | string };
}
interface HlsTrack {
  readonly lang?: string;
}
type HlsClass = new (config: object) => {
  readonly audioTracks: readonly HlsTrack[];
  audioTrack: number;
  readonly subtitleTracks: readonly HlsTrack[];
  subtitleTrack: number;
  on(event: string, listener: (event: string, data: HlsNews) => void): void;
  loadSource(url: string): void;
  attachMedia(video: HTMLVideoElement): void;
};
interface ShakaTrack {
  readonly language: string;
  readonly active: boolean;
}
interface Shaka {
  readonly polyfill: { installAll(): void };
  readonly Player: new () => {
    addEventListener(event: "error", listener: (event: { detail: { code: number; message?: string } }) => void): void;
    attach(video: HTMLVideoElement): Promise<void>;
    load(url: string): Promise<void>;
    configure(option: string, value: unknown): boolean;
    getAudioTracks(): readonly ShakaTrack[];
    selectAudioTrack(track: ShakaTrack): void;
    getTextTracks(): readonly ShakaTrack[];
    selectTextTrack(track: ShakaTrack): void;
  };
}
interface DashTrack {
  readonly lang?: string;
}
interface Dash {
  MediaPlayer(): {
    create(): {
      on(event: string, listener: (event: { error?: string | { message?: string } }) => void): void;
      initialize(video: HTMLVideoElement, url: string, autoPlay: boolean): void;
      getTracksFor(type: "audio" | "text"): readonly DashTrack[];
      getCurrentTrackFor(type: "audio"): DashTrack | null;
      setCurrentTrack(track: DashTrack): void;
      enableText(enabled: boolean): void;
      setTextTrack(index: number): void;
    };
  };
}
