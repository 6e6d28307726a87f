// Turns one text track of a source, or the captions in its pictures, into cues on the video's clock. ffmpeg takes the
// packets out of the container; what they say is read here, so that no text can be taken for anything else. The same source always gives the same cues.
import { join } from "node:path";
import { VsError } from "@vstream/core/errors.ts";
import { ReadableFile, removeFile } from "./local-files.ts";
import type { MediaTools } from "./media-tools.ts";
import { memoryForPictures } from "./process-guard.ts";
import { runFfmpeg } from "./run-ffmpeg.ts";
import { runFfprobe } from "./run-ffprobe.ts";
import { captionsArguments, frameSizeArguments, textArguments, textCodecArguments } from "./text-args.ts";
import { cuesOf } from "./text-cues.ts";
import type { Cue, TextForm } from "./text-cues.ts";
import { textPackets } from "./text-packets.ts";
import { durationSeconds, firstSeconds } from "./timeline.ts";
import type { Timeline } from "./timeline.ts";

/** Of a track's text, and of all files that it is cut into. */
export const textByteLimit = 64 * 1024 * 1024;
const codecLimitMs = 60_000;
const extractLimitMs = 3_600_000;

export interface CaptionsWork {
  readonly tools: MediaTools;
  readonly sourcePath: string;
  readonly timeline: Timeline;
  readonly scratchFolder: string;
  readonly signal: AbortSignal;
  readonly onProgress?: (fraction: number) => void;
  readonly onLog?: (line: string) => void;
}

export interface TextWork extends CaptionsWork {
  /** The n-th subtitle stream of the source, from 0. */
  readonly stream: number;
}

/** Of codecs whose packets are read as they are; any other that is text ffmpeg decodes. */
const knownForms: Readonly<Record<string, TextForm>> = {
  ...{ subrip: "tagged", srt: "tagged", text: "tagged", webvtt: "tagged", ass: "ass", ssa: "ass" },
};

/**
 * @throws VsError not_found when there is no such stream, media_limit when there is too much text, encode_mismatch; what
 *   run-ffmpeg.ts throws, as for pictures of text; the signal's reason
 */
export async function readTextTrack(work: TextWork): Promise<Cue[]> {
  const { sourcePath, stream } = work;
  const form = knownForms[await codecOf(work)] ?? "decoded";
  const output = outputOf(work);
  const args = textArguments({ sourcePath, stream, asIs: form !== "decoded", ...output });
  return await extract(work, output, { args, form, timeLimitMs: extractLimitMs });
}

/**
 * Decodes the whole video.
 * @throws as above; VsError not_found too when its captions say nothing
 */
export async function readCaptions(work: CaptionsWork): Promise<Cue[]> {
  const output = outputOf(work);
  const videoStream = work.timeline.picture.stream;
  const args = captionsArguments({ sourcePath: work.sourcePath, videoStream, ...output });
  // The filter opens a decoder of its own, which no option limits.
  const memoryKilobytes = memoryForPictures(await pixelsOf(work, videoStream));
  const cues = await extract(work, output, { args, form: "decoded", memoryKilobytes });
  if (cues.length === 0) throw new VsError("not_found", "the captions of the source say nothing");
  return cues;
}

interface Output {
  readonly bytesPath: string;
  readonly timesPath: string;
  readonly byteLimit: number;
}

function outputOf({ scratchFolder }: CaptionsWork): Output {
  return {
    bytesPath: join(scratchFolder, "text-packets.bin"),
    timesPath: join(scratchFolder, "text-times.txt"),
    byteLimit: textByteLimit,
  };
}

interface Extract {
  readonly args: readonly string[];
  readonly form: TextForm;
  readonly timeLimitMs?: number;
  readonly memoryKilobytes?: number;
}

async function extract(
  work: CaptionsWork,
  { bytesPath, timesPath }: Output,
  { args, form, timeLimitMs, memoryKilobytes }: Extract,
): Promise<Cue[]> {
  const { tools, timeline, signal } = work;
  const duration = durationSeconds(timeline);
  await runFfmpeg({
    ...{ ffmpegPath: tools.ffmpegPath, args, signal, timeLimitMs, memoryKilobytes },
    onLog: work.onLog,
    onProgress: ({ outSeconds }) => work.onProgress?.(Math.min(1, outSeconds / duration)),
  });
  const times = await takeFile(timesPath);
  const packets = textPackets(times.toString("latin1"), await takeFile(bytesPath));
  return cuesOf(packets, form, { firstSeconds: firstSeconds(timeline), durationSeconds: duration });
}

/** Of the frames of a video stream, as its beginning says. */
async function pixelsOf(work: CaptionsWork, videoStream: number): Promise<number> {
  const line = await firstLine(work, frameSizeArguments(work.sourcePath, videoStream));
  const [width = 0, height = 0] = (line ?? "").split(",").map(Number);
  return Number.isFinite(width * height) ? width * height : 0;
}

async function firstLine({ tools, signal }: CaptionsWork, args: readonly string[]): Promise<string | undefined> {
  const lines: string[] = [];
  await runFfprobe({
    ffprobePath: tools.ffprobePath,
    args,
    signal,
    timeLimitMs: codecLimitMs,
    outputByteLimit: 4096,
    onLine: (line) => lines.push(line.trim()),
  });
  return lines.find((line) => line !== "");
}

async function codecOf(work: TextWork): Promise<string> {
  const { sourcePath, stream } = work;
  const codec = await firstLine(work, textCodecArguments(sourcePath, stream));
  if (codec === undefined) throw new VsError("not_found", `the source has no text stream ${stream}`);
  return codec;
}

async function takeFile(path: string): Promise<Buffer> {
  await using file = await ReadableFile.open(path);
  const sizeBytes = await file.sizeBytes();
  if (sizeBytes >= textByteLimit) {
    throw new VsError("media_limit", `a text track of the source has more than ${textByteLimit} bytes`);
  }
  const bytes = await file.read(0, sizeBytes);
  await removeFile(path);
  return bytes;
}
