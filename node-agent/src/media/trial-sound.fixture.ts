// What tests of audio share: a film's clock without a film, an encode of one stream, and what a player would hear.
import { mkdir, readFile } from "node:fs/promises";
import type { AudioTarget } from "@vstream/core/media.ts";
import { encodeAudio } from "./encode-audio.ts";
import type { AudioSegmentFile, EncodedAudio } from "./encode-audio.ts";
import { planTimes } from "./encode-clock.ts";
import type { Timeline } from "./timeline.ts";
import { madeTimeline } from "./timeline.fixture.ts";
import { joinSegments, makeSource, never, tools } from "./trial-media.fixture.ts";

export type Folder = { path: (name: string) => string };

export const stereo: AudioTarget = {
  ...{ track: 0, stream: 0, language: "", name: "", defaultTrack: true },
  ...{ channels: 2, bitrateBps: 128_000, sampleRate: 48_000 },
};

export const surround: AudioTarget = { ...stereo, track: 1, channels: 6, bitrateBps: 384_000 };

/** Of pictures at 25 a second, the first at a time of the source's clock. */
export function filmClock(seconds: number, firstSeconds = 0): Timeline {
  const timeBase = { num: 1, den: 90_000 };
  const clock = { timeScale: 12_800, ticksPerFrame: 512, variable: false };
  const first = Math.round(firstSeconds * 90_000);
  const pts = Float64Array.from({ length: Math.max(1, Math.round(seconds * 25)) }, (_, frame) => first + frame * 3600);
  return {
    ...madeTimeline(1),
    ...clock,
    timeBase,
    pts,
    plan: planTimes(pts, timeBase, clock),
    keyframes: pts,
    spans: [],
  };
}

export interface TrialEncode {
  readonly sourcePath: string;
  readonly folder: Folder;
  readonly timeline: Timeline;
  readonly target?: AudioTarget;
  readonly ffmpegPath?: string;
}

export interface MadeAudio extends EncodedAudio {
  readonly files: readonly AudioSegmentFile[];
  /** Init segment and segments. */
  readonly paths: readonly string[];
  /** How often segments were handed over. */
  readonly calls: number;
  readonly said: readonly string[];
  readonly channels: number;
}

export async function encodeTrack(trial: TrialEncode): Promise<MadeAudio> {
  const { sourcePath, timeline, target = stereo, ffmpegPath = "ffmpeg" } = trial;
  const scratchFolder = trial.folder.path(`audio-${Math.random()}`);
  await mkdir(scratchFolder);
  const files: AudioSegmentFile[] = [];
  const said: string[] = [];
  let [initPath, calls] = ["", 0];
  const encoded = await encodeAudio({
    ...{ tools: { ...tools, ffmpegPath }, sourcePath, timeline, target, scratchFolder, signal: never() },
    onSegments: async (init, segments) => {
      initPath = init.path;
      calls += 1;
      files.push(...segments);
      await Promise.resolve();
    },
    onLog: (line) => said.push(line),
  });
  return {
    ...encoded,
    files,
    paths: [initPath, ...files.map(({ path }) => path)],
    calls,
    said,
    channels: target.channels,
  };
}

/** What a player hears: the samples of each channel, at 48 kHz. */
export async function hear(made: MadeAudio, folder: Folder): Promise<Float32Array[]> {
  const [path, sound] = [folder.path("joined.mp4"), folder.path("sound")];
  await joinSegments(path, made.paths);
  await makeSource(["-i", path, "-f", "f32le", sound]);
  const bytes = await readFile(sound);
  const samples = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const { channels } = made;
  return Array.from({ length: channels }, (_, channel) => samples.filter((_, at) => at % channels === channel));
}

/** When a channel clicks: the first second, and each after a pause, at which it is louder than `level`. */
export function clicksIn(channel: Float32Array, level = 0.2): number[] {
  const clicks: number[] = [];
  let quietFrom = 0;
  for (const [at, value] of channel.entries()) {
    if (Math.abs(value) <= level) continue;
    if (at >= quietFrom) clicks.push(at / 48_000);
    quietFrom = at + 9_600;
  }
  return clicks;
}

/** How loud a tone is in a part of a channel: its amplitude. */
export function toneIn(channel: Float32Array, hertz: number, { from = 1, to = 2 } = {}): number {
  const part = channel.subarray(from * 48_000, to * 48_000);
  const turn = (2 * Math.PI * hertz) / 48_000;
  let [across, along] = [0, 0];
  for (const [at, value] of part.entries()) {
    across += value * Math.sin(turn * at);
    along += value * Math.cos(turn * at);
  }
  return (2 * Math.hypot(across, along)) / part.length;
}

/** Input of ffmpeg: a click of 5 ms at each whole second. */
export function clicking({ rate = 48_000, seconds = 5 } = {}): string[] {
  return ["-f", "lavfi", "-i", `aevalsrc='if(lt(mod(t,1),0.005),0.9,0)':s=${rate}:d=${seconds}`];
}

/** Input of ffmpeg: each channel a tone of its own, 400 Hz, 600 Hz …, none louder than `level`. */
export function tones(layout: string, { channels, level = 0.5 }: { channels: number; level?: number }): string[] {
  const expressions = Array.from({ length: channels }, (_, index) => `${level}*sin(2*PI*${toneOf(index)}*t)`);
  return ["-f", "lavfi", "-i", `aevalsrc=exprs='${expressions.join("|")}':c=${layout}:s=48000:d=3`];
}

/** Of the n-th channel; low frequency effects (the fourth of many layouts) are made for low ones. */
export function toneOf(index: number): number {
  return index === 3 ? 60 : 400 + 200 * index;
}
