// The sources of the rows, and what is done with them.
import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { AudioTarget, Probe, Rung } from "@vstream/core/media.ts";
import { chooseLadder } from "../../control-plane/src/planning/choose-ladder.ts";
import { runProgram } from "../cluster/cluster.ts";

/** What the usual ladder makes of a source. */
export async function targetsOf(source: string): Promise<{ rungs: readonly Rung[]; audio: readonly AudioTarget[] }> {
  const said = await runProgram("ffprobe", [
    ...["-v", "error", "-show_entries", "stream=codec_type,width,height,channels", "-of", "json", source],
  ]);
  const { streams } = JSON.parse(said.stdout) as { streams: readonly ProbedStream[] };
  const { width = 0, height = 0 } = streams.find(({ codec_type }) => codec_type === "video") ?? {};
  const audio = streams
    .filter(({ codec_type }) => codec_type === "audio")
    .map(({ channels = 2 }, track) => ({
      track,
      channels,
      codec: "",
      language: "",
      sampleRate: 48_000,
      name: "",
      defaultTrack: track === 0,
    }));
  const video = { width, height, videoRange: "SDR" };
  return chooseLadder("default", { video, audio, text: [] as Probe["text"], durationSeconds: 60 } as unknown as Probe);
}

interface ProbedStream {
  readonly codec_type: string;
  readonly width?: number;
  readonly height?: number;
  readonly channels?: number;
}

/** A clip with other bytes at its end, so that it is not taken for an asset that is there already. */
export async function freshCopy(original: string, folder: string): Promise<string> {
  const payload = randomBytes(16);
  const box = Buffer.alloc(8);
  box.writeUInt32BE(8 + payload.length, 0);
  box.write("free", 4, "latin1");
  const path = join(folder, `${payload.toString("hex")}.mp4`);
  await writeFile(path, Buffer.concat([await readFile(original), box, payload]));
  return path;
}

export async function runFfmpeg(...args: string[]): Promise<void> {
  const outcome = await runProgram("ffmpeg", ["-v", "error", "-nostdin", "-y", ...args]);
  if (outcome.code !== 0) throw new Error(outcome.stderr);
}

export async function secondsOf(act: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await act();
  return (performance.now() - startedAt) / 1000;
}
