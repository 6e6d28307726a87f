// Pure: what ffmpeg prints, told apart: lines of progress, and lines for people.
import { VsError } from "@vstream/core/errors.ts";
import type { ErrorCode } from "@vstream/core/errors.ts";

export interface EncodeProgress {
  /** Of the first video output. */
  readonly frames: number;
  readonly outSeconds: number;
  /** Media seconds a second; 0 while unknown. */
  readonly speed: number;
}

/** Lines that are kept of a run. */
export const logLineLimit = 100;
const logLineLength = 500;

/** Adds a line; the oldest goes when there are too many. */
export function keepLine(log: string[], line: string): void {
  if (line.trim() === "") return;
  log.push(line.slice(0, logLineLength));
  if (log.length > logLineLimit) log.shift();
}

const progressLine =
  /^(frame|fps|stream_\d+_\d+_q|bitrate|total_size|out_time(?:_us|_ms)?|dup_frames|drop_frames|speed|progress)=\s*(.*)$/;

/** Collects lines of `-progress`; gives a whole report at the end of each. */
export class ProgressReader {
  #fields: Record<string, string> = {};

  /** Null: not a line of progress. "partial": a report is not complete yet. */
  read(line: string): EncodeProgress | "partial" | null {
    const match = progressLine.exec(line);
    if (match === null) return null;
    const [, key = "", value = ""] = match;
    this.#fields[key] = value;
    if (key !== "progress") return "partial";
    const fields = this.#fields;
    this.#fields = {};
    return {
      frames: numberFrom(fields["frame"]),
      outSeconds: numberFrom(fields["out_time_us"]) / 1e6,
      speed: numberFrom(fields["speed"]?.replace("x", "")),
    };
  }
}

function numberFrom(text: string | undefined): number {
  const value = Number(text);
  return Number.isFinite(value) && value > 0 ? value : 0;
}

/** An error of ffmpeg or ffprobe, with the last lines that it printed. */
export class FfmpegError extends VsError {
  readonly log: readonly string[];

  constructor(failure: { code: ErrorCode; message: string; hint?: string; log: readonly string[] }) {
    super(failure.code, failure.message, failure.hint === undefined ? {} : { hint: failure.hint });
    this.log = failure.log;
  }
}

export interface ProcessEnd {
  readonly exitCode: number | null;
  /** The signal that ended it. */
  readonly signal: string | null;
}

/** The error that says why a run failed. `program` is its name for people. */
export function explainEnd(program: string, end: ProcessEnd, log: readonly string[]): FfmpegError {
  const text = log.join("\n");
  if (/No space left on device/.test(text)) {
    return new FfmpegError({ code: "storage_full", message: `${program} found no space left on the disk`, log });
  }
  const decoder = /Decoder \(codec ([\w-]+)\) not found/.exec(text)?.[1];
  if (decoder !== undefined) {
    const hint = "Convert the source to a codec that this ffmpeg decodes";
    return new FfmpegError({ code: "unknown_codec", message: `there is no decoder for ${decoder}`, hint, log });
  }
  if (end.signal !== null || (end.exitCode ?? 0) > 128) {
    const signal = end.signal ?? `signal ${(end.exitCode ?? 0) - 128}`;
    const hint = "Look for lack of memory on the node";
    return new FfmpegError({ code: "ffmpeg_killed", message: `${program} was killed by ${signal}`, hint, log });
  }
  const last = log.at(-1) ?? "it said nothing";
  return new FfmpegError({
    code: "ffmpeg_failed",
    message: `${program} ended with ${end.exitCode ?? "?"}: ${last}`,
    hint: "vsctl tasks logs shows its last lines",
    log,
  });
}

/** Cuts bytes into lines. A line is at most 64 KiB: nothing that is asked for prints longer ones. */
export function lineCutter(onLine: (line: string) => void): { take: (bytes: Buffer) => void; finish: () => void } {
  const lineLimit = 65_536;
  let rest = "";
  const decoder = new TextDecoder();
  return {
    take(bytes) {
      const parts = (rest + decoder.decode(bytes, { stream: true })).split("\n");
      rest = (parts.pop() ?? "").slice(0, lineLimit);
      for (const part of parts) onLine(part);
    },
    finish() {
      if (rest !== "") onLine(rest);
      rest = "";
    },
  };
}
