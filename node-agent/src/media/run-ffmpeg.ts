// The only file with fluent-ffmpeg. Whatever happens, a run settles only when its process is gone; an abort kills at
// any moment; no process outlives the agent (process-guard.ts).
import type { ChildProcess, SpawnOptions } from "node:child_process";
import { VsError } from "@vstream/core/errors.ts";
import fluentFfmpeg from "fluent-ffmpeg";
import { explainEnd, keepLine, ProgressReader } from "./ffmpeg-output.ts";
import type { EncodeProgress, ProcessEnd } from "./ffmpeg-output.ts";
import { killGroup } from "./guarded-process.ts";
import { guardedArguments, guardedEnvironment, guardProgram } from "./process-guard.ts";
import { noteRun } from "./tool-runs.ts";

const defaultTimeLimitMs = 12 * 3600 * 1000;

export interface FfmpegRun {
  readonly ffmpegPath: string;
  readonly args: readonly string[];
  readonly signal: AbortSignal;
  readonly timeLimitMs?: number | undefined;
  /** Of its address space, where less is to be enough than usual. */
  readonly memoryKilobytes?: number | undefined;
  readonly onProgress?: ((progress: EncodeProgress) => void) | undefined;
  /** Each line for people, as it comes. */
  readonly onLog?: ((line: string) => void) | undefined;
}

/**
 * Runs ffmpeg with exactly these arguments.
 * @returns its last lines
 * @throws the signal's reason when aborted; VsError timed_out, storage_full, unknown_codec, ffmpeg_killed, ffmpeg_failed
 */
export async function runFfmpeg(run: FfmpegRun): Promise<string[]> {
  run.signal.throwIfAborted();
  noteRun(run.ffmpegPath, run.args);
  const log: string[] = [];
  const progress = new ProgressReader();
  const timeLimitMs = run.timeLimitMs ?? defaultTimeLimitMs;
  const limit = AbortSignal.timeout(timeLimitMs);
  const end = await startFluent(run, AbortSignal.any([run.signal, limit]), (line) => {
    const report = progress.read(line);
    if (report === null) {
      keepLine(log, line);
      run.onLog?.(line);
    } else if (report !== "partial") run.onProgress?.(report);
  });
  run.signal.throwIfAborted();
  if (limit.aborted) throw new VsError("timed_out", `ffmpeg was not done after ${timeLimitMs / 1000} s`);
  if (end.exitCode !== 0) throw explainEnd("ffmpeg", end, log);
  return log;
}

/** The parts of fluent-ffmpeg that its types leave out, and that are replaced below. */
interface FluentInsides {
  _prepare(ready: (error: Error | null, args: string[]) => void): void;
  _spawnFfmpeg(args: string[], options: SpawnOptions, started: Started, ended: Ended): void;
}
type Started = (child: ChildProcess, out: LineRing, err: LineRing) => void;
type Ended = (error: Error | null | undefined, out?: LineRing, err?: LineRing) => void;
interface LineRing {
  get(): string;
  callback(listen: (line: string) => void): void;
}

// What fluent-ffmpeg does by itself, and how it is kept from it: it asks for encoders and runs ffprobe first, and
// splits options at blanks (_prepare is replaced: the arguments are given whole); it hands on its whole environment
// and reads from rings that are not there when a process cannot be spawned (_spawnFfmpeg is wrapped); its kill() does
// nothing until the process has spawned, and then kills one process of a group (killGroup instead).
function startFluent(run: FfmpegRun, signal: AbortSignal, onLine: (line: string) => void): Promise<ProcessEnd> {
  const command = fluentFfmpeg({ stdoutLines: 2 });
  const insides = command as unknown as FluentInsides;
  const spawnAsIs = insides._spawnFfmpeg.bind(command);
  let child: ChildProcess | null = null;
  insides._prepare = (ready) => {
    ready(null, guardedArguments(run.ffmpegPath, run.args, process.pid, run.memoryKilobytes));
  };
  insides._spawnFfmpeg = (args, options, started, ended) => {
    const noLines: LineRing = { get: () => "", callback: () => undefined };
    spawnAsIs(
      args,
      { ...options, env: guardedEnvironment(process.env), detached: true },
      (spawned, out, err) => {
        child = spawned;
        started(spawned, out, err);
      },
      (error, out = noLines, err = noLines) => {
        ended(error, out, err);
      },
    );
  };
  const kill = (): void => {
    killGroup(child);
  };
  const { promise, resolve, reject } = Promise.withResolvers<ProcessEnd>();
  command
    .setFfmpegPath(guardProgram)
    .output("unused")
    .on("stderr", onLine)
    .on("start", () => {
      signal.addEventListener("abort", kill, { once: true });
      if (signal.aborted) kill();
    })
    .on("end", () => {
      resolve({ exitCode: 0, signal: null });
    })
    .on("error", (error: Error) => {
      if (child?.pid === undefined) reject(new VsError("ffmpeg_missing", `ffmpeg cannot be started: ${error.message}`));
      else resolve({ exitCode: child.exitCode, signal: child.signalCode });
    });
  command.run();
  return promise.finally(() => {
    signal.removeEventListener("abort", kill);
  });
}
