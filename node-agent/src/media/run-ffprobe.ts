// Runs ffprobe and gives its output line by line, within limits of time and size.
import { VsError } from "@vstream/core/errors.ts";
import { explainEnd, keepLine, lineCutter } from "./ffmpeg-output.ts";
import { ended, killGroup, startGuarded } from "./guarded-process.ts";
import type { GuardedProcess } from "./guarded-process.ts";

export interface FfprobeRun {
  readonly ffprobePath: string;
  readonly args: readonly string[];
  readonly signal: AbortSignal;
  readonly timeLimitMs: number;
  /** More output than this ends the run. */
  readonly outputByteLimit: number;
  /** Each line of standard output. What it throws ends the run. */
  readonly onLine: (line: string) => void;
}

/**
 * Runs ffprobe, giving its output line by line.
 * @returns its last lines of messages
 * @throws the signal's reason; what onLine throws; VsError media_limit, timed_out, unknown_codec, ffmpeg_killed,
 *   ffmpeg_failed
 */
export async function runFfprobe(run: FfprobeRun): Promise<string[]> {
  run.signal.throwIfAborted();
  const limit = AbortSignal.timeout(run.timeLimitMs);
  const child = startGuarded(run.ffprobePath, run.args, AbortSignal.any([run.signal, limit]));
  const log: string[] = [];
  const messages = lineCutter((line) => {
    keepLine(log, line);
  });
  child.stderr.on("data", messages.take);
  const [how, refusal] = await Promise.all([ended(child), readOutput(child, run)]);
  messages.finish();
  run.signal.throwIfAborted();
  if (refusal !== null) throw refusal;
  if (limit.aborted) throw new VsError("timed_out", `ffprobe was not done after ${run.timeLimitMs / 1000} s`);
  if (how.exitCode !== 0) throw explainEnd("ffprobe", how, log);
  return log;
}

// Gives the error that ended the reading early; the process is being killed then.
async function readOutput(child: GuardedProcess, run: FfprobeRun): Promise<Error | null> {
  const output = lineCutter(run.onLine);
  let readBytes = 0;
  try {
    for await (const bytes of child.stdout as AsyncIterable<Buffer>) {
      readBytes += bytes.length;
      if (readBytes > run.outputByteLimit) throw new VsError("media_limit", "the source has more packets than allowed");
      output.take(bytes);
    }
    output.finish();
    return null;
  } catch (thrown) {
    killGroup(child);
    return thrown instanceof Error ? thrown : new Error(String(thrown));
  }
}
