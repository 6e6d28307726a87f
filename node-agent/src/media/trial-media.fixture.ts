// What tests of this folder share: the clips, the tools, a rung that encodes fast, and ffmpeg to make odd sources.
import { execFile } from "node:child_process";
import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Rung } from "@vstream/core/media.ts";
import type { MediaTools } from "./media-tools.ts";
import { probeSource } from "./probe.ts";
import type { ProbedSource } from "./probe.ts";

const run = promisify(execFile);

export const tools: MediaTools = { ffmpegPath: "ffmpeg", ffprobePath: "ffprobe", ffmpegVersion: "", toolchain: "" };

/** For a test with real encodes, on a machine that has much else to do. */
export const patienceMs = 120_000;

export const tinyRung: Rung = {
  ...{ name: "tiny", width: 128, height: 72, codec: "h264", preset: "ultrafast", crf: 30 },
  ...{ maxrateBps: 200_000, bufferBits: 400_000, profile: "high", videoRange: "SDR" },
};

/** A clip of test/media. */
export function clip(name: string): string {
  return fileURLToPath(new URL(`../../../test/media/${name}`, import.meta.url));
}

export function never(): AbortSignal {
  return new AbortController().signal;
}

export async function probeFile(sourcePath: string): Promise<ProbedSource> {
  return await probeSource({ tools, sourcePath, sourceBytes: (await stat(sourcePath)).size, signal: never() });
}

/** A folder that is gone after the test. */
export async function openFolder(): Promise<AsyncDisposable & { path: (name: string) => string }> {
  const folder = await mkdtemp(join(tmpdir(), "vstream-media-"));
  return {
    path: (name) => join(folder, name),
    async [Symbol.asyncDispose]() {
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Makes a source: arguments of ffmpeg, without its manners. */
export async function makeSource(args: readonly string[]): Promise<void> {
  await run("ffmpeg", ["-nostdin", "-v", "error", "-y", ...args]);
}

/** Lines of ffprobe, split at commas. */
export async function probeLines(path: string, args: readonly string[]): Promise<string[][]> {
  const { stdout } = await run("ffprobe", ["-v", "error", ...args, "-of", "csv=p=0", path], { maxBuffer: 1e8 });
  return stdout.split("\n").flatMap((line) => (line === "" ? [] : [line.split(",")]));
}

/** Puts an init segment and segments into one file, as a player would. */
export async function joinSegments(path: string, files: readonly string[]): Promise<void> {
  await writeFile(path, "");
  for (const file of files) await appendFile(path, await readFile(file));
}

/** The first part of a file. */
export async function cutFile(from: string, to: string, share: number): Promise<void> {
  const bytes = await readFile(from);
  await writeFile(to, bytes.subarray(0, Math.floor(bytes.length * share)));
}

/** Stands for ffmpeg on a processor that has only the oldest instructions. */
export const sse2Script = [
  "for each do shift",
  'case "$before" in -x264-params | -x265-params) each="$each:asm=SSE2";; esac; before=$each; set -- "$@" "$each"; done',
  'exec ffmpeg -cpuflags sse2 "$@"',
].join("\n");
