// Makes the picture that stands for a source without pictures: its cover, or else what its sound looks like.
import { VsError } from "@vstream/core/errors.ts";
import { drawWaveform, stillHeight, stillWidth } from "./draw-waveform.ts";
import type { ProbeTarget } from "./describe-source.ts";
import { explainEnd, keepLine, lineCutter } from "./ffmpeg-output.ts";
import { ended, startFed } from "./guarded-process.ts";
import { inputGuard, inputPath, plainOutput, processorArguments, quietArguments } from "./input-args.ts";

const limitMs = 60_000;
const jpegByteLimit = 4 * 1024 * 1024;

const meansNoCover: readonly string[] = ["ffmpeg_failed", "ffmpeg_killed", "unknown_codec", "timed_out"];

/** A JPEG of 1280x720 with the cover in the middle; null when it cannot be decoded. @param stream among all streams */
export async function coverStill(target: ProbeTarget, stream: number): Promise<Buffer | null> {
  const guarded = [...inputGuard, "-i", inputPath(target.sourcePath), "-map", `0:${stream}`];
  // Small ones are not blown up beyond twice their size.
  const fitted = `scale=w='min(${stillWidth},iw*2)':h='min(${stillHeight},ih*2)':force_original_aspect_ratio=decrease`;
  const filters = [`${fitted}:${exact}`, "format=yuvj420p", "setsar=1", `pad=${stillWidth}:${stillHeight}:-1:-1`];
  try {
    return await jpegOf(target, [...guarded, "-vf", filters.join(",")], Buffer.alloc(0));
  } catch (thrown) {
    target.signal.throwIfAborted();
    if (thrown instanceof VsError && meansNoCover.includes(thrown.code)) return null;
    throw thrown;
  }
}

/** The same of a sound. @param peaks its loudness from start to end, 0 to 1 */
export async function waveformStill(target: ProbeTarget, peaks: readonly number[]): Promise<Buffer> {
  const form = ["-f", "rawvideo", "-pix_fmt", "yuvj420p", "-s", `${stillWidth}x${stillHeight}`, "-i", "pipe:0"];
  return await jpegOf(target, ["-protocol_whitelist", "pipe", ...form], drawWaveform(peaks));
}

const exact = "flags=bicubic+accurate_rnd+bitexact";

async function jpegOf(target: ProbeTarget, args: readonly string[], fed: Buffer): Promise<Buffer> {
  target.signal.throwIfAborted();
  const limit = AbortSignal.timeout(limitMs);
  const encode = [
    "-frames:v",
    "1",
    "-c:v",
    "mjpeg",
    "-q:v",
    "3",
    "-threads",
    "1",
    "-flags",
    "+bitexact",
    ...plainOutput,
  ];
  const child = startFed(
    target.tools.ffmpegPath,
    [
      ...processorArguments(process.arch),
      "-nostdin",
      ...quietArguments,
      "-flags:v",
      "+bitexact",
      ...args,
      ...encode,
      "-f",
      "mjpeg",
      "pipe:1",
    ],
    AbortSignal.any([target.signal, limit]),
  );
  const log: string[] = [];
  const lines = lineCutter((line) => {
    keepLine(log, line);
  });
  child.stderr.on("data", lines.take);
  // What ends before it has read everything says so by how it ends.
  child.stdin.on("error", () => undefined);
  child.stdin.end(fed);
  const parts: Buffer[] = [];
  let bytes = 0;
  child.stdout.on("data", (part: Buffer) => {
    bytes += part.length;
    if (bytes <= jpegByteLimit) parts.push(part);
  });
  const end = await ended(child);
  target.signal.throwIfAborted();
  if (limit.aborted) throw new VsError("timed_out", `ffmpeg was not done after ${limitMs / 1000} s`);
  if (end.exitCode !== 0 || bytes === 0 || bytes > jpegByteLimit) throw explainEnd("ffmpeg", end, log);
  return Buffer.concat(parts);
}
