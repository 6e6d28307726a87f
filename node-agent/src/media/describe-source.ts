// What ffprobe says of a source, checked: every field may be missing, and absurd values are refused. A refusal names
// what is wrong with the file and what can be done.
import { VsError } from "@vstream/core/errors.ts";
import { z } from "zod";
import { describeArguments } from "./ffprobe-args.ts";
import { pixelLimit } from "./input-args.ts";
import type { MediaTools } from "./media-tools.ts";
import { runFfprobe } from "./run-ffprobe.ts";
import type { TimeBase } from "./timeline.ts";

const describeLimitMs = 60_000;
const describeByteLimit = 4 * 1024 * 1024;
export const trackLimit = 64;
/** The longest source, in seconds. */
export const durationLimitSeconds = 24 * 3600;

const text = z.string().max(200).default("");
const count = z.number().int().nonnegative().max(1e7).default(0);
/** Numbers that ffprobe prints as text, or "N/A". Not finite or negative: as if it were not there. */
const printed = z
  .union([z.string(), z.number()])
  .transform((value) => Number(value))
  .transform((value) => (Number.isFinite(value) && value >= 0 ? value : null))
  .nullable()
  .default(null);

const streamShape = z.object({
  index: z.number().int().nonnegative(),
  codec_type: text,
  codec_name: text,
  codec_tag_string: text,
  width: count,
  height: count,
  sample_aspect_ratio: text,
  pix_fmt: text,
  field_order: text,
  color_range: text,
  color_space: text,
  color_transfer: text,
  color_primaries: text,
  time_base: text,
  duration: printed,
  nb_frames: printed,
  sample_rate: printed,
  channels: count,
  tags: z.object({ language: text }).default({ language: "" }),
  disposition: z
    .object({ attached_pic: count, timed_thumbnails: count })
    .default({ attached_pic: 0, timed_thumbnails: 0 }),
  side_data_list: z.array(z.object({ rotation: z.number().optional() })).default([]),
});

const descriptionShape = z.object({
  format: z.object({ format_name: text, duration: printed }),
  streams: z.array(streamShape),
});

export type SourceStream = z.infer<typeof streamShape>;

export interface SourceDescription {
  /** The container's first name. */
  readonly format: string;
  /** What the container declares; null: nothing. */
  readonly durationSeconds: number | null;
  readonly streams: readonly SourceStream[];
  /** The first stream of moving pictures: covers are none. */
  readonly video: SourceStream;
  readonly timeBase: TimeBase;
  readonly audio: readonly SourceStream[];
}

export interface ProbeTarget {
  readonly tools: MediaTools;
  readonly sourcePath: string;
  readonly sourceBytes: number;
  readonly signal: AbortSignal;
}

/** @throws VsError not_media, no_video, unknown_codec, encrypted, media_limit, source_damaged, timed_out */
export async function describeSource(target: ProbeTarget): Promise<SourceDescription> {
  const { json, log } = await readDescription(target);
  const described = parseDescription(json);
  const { streams } = described;
  if (streams.length === 0) throw new VsError("not_media", "the source has no video and no audio");
  if (streams.length > trackLimit) {
    throw new VsError("media_limit", `the source has ${streams.length} tracks; ${trackLimit} are allowed`);
  }
  const audio = streams.filter((stream) => stream.codec_type === "audio");
  const video = streams.find((stream) => stream.codec_type === "video" && !isCover(stream));
  if (video === undefined) throw noVideo(audio.length > 0);
  refuseEncrypted([video, ...audio]);
  checkPictures(video, log);
  const duration = described.format.duration;
  if (duration !== null && duration > durationLimitSeconds) throw tooLong(duration);
  const format = described.format.format_name.split(",")[0] ?? "";
  return { format, durationSeconds: duration, streams, video, timeBase: parseTimeBase(video.time_base), audio };
}

export function tooLong(seconds: number): VsError {
  const hours = (value: number): string => (value / 3600).toFixed(1);
  return new VsError(
    "media_limit",
    `the source lasts ${hours(seconds)} h; ${hours(durationLimitSeconds)} h are allowed`,
    {
      hint: "Cut the source into parts and ingest them one by one",
    },
  );
}

async function readDescription(target: ProbeTarget): Promise<{ json: string; log: readonly string[] }> {
  const lines: string[] = [];
  try {
    const log = await runFfprobe({
      ffprobePath: target.tools.ffprobePath,
      args: describeArguments(target.sourcePath),
      signal: target.signal,
      timeLimitMs: describeLimitMs,
      outputByteLimit: describeByteLimit,
      onLine: (line) => lines.push(line),
    });
    return { json: lines.join("\n"), log };
  } catch (cause) {
    if (!(cause instanceof VsError) || !["ffmpeg_failed", "ffmpeg_killed"].includes(cause.code)) throw cause;
    throw new VsError("not_media", "the source is not a media file of a kind that vstream knows", {
      hint: "MP4, MOV, MKV, WebM, AVI, MPEG-TS, FLV, OGG and the like with video are",
      cause,
    });
  }
}

function parseDescription(json: string): z.infer<typeof descriptionShape> {
  try {
    return descriptionShape.parse(JSON.parse(json));
  } catch (cause) {
    throw new VsError("source_damaged", "the source describes itself in a way that makes no sense", { cause });
  }
}

function isCover(stream: SourceStream): boolean {
  return stream.disposition.attached_pic > 0 || stream.disposition.timed_thumbnails > 0;
}

function noVideo(hasAudio: boolean): VsError {
  return hasAudio
    ? new VsError("no_video", "the source has audio but no video; audio-only sources are not supported yet")
    : new VsError("no_video", "the source has no video");
}

const encryptedTags = ["encv", "enca", "drmi", "drms", "drmt"];

function refuseEncrypted(streams: readonly SourceStream[]): void {
  const hidden = streams.find((stream) => encryptedTags.includes(stream.codec_tag_string));
  if (hidden === undefined) return;
  throw new VsError("encrypted", `the source's ${hidden.codec_type} is encrypted (${hidden.codec_tag_string})`, {
    hint: "Ingest a copy without content protection",
  });
}

function checkPictures(video: SourceStream, log: readonly string[]): void {
  if (["", "none", "unknown"].includes(video.codec_name)) {
    throw new VsError(
      "unknown_codec",
      `the source's video is in a codec that is not known (${video.codec_tag_string})`,
      {
        hint: "Convert it to H.264 or another common codec first",
      },
    );
  }
  // The decoder has its own limit and gives no size beyond it, only a message.
  const beyond = log.map((line) => /Picture size (\d+x\d+) exceeds/.exec(line)?.[1]).find((size) => size !== undefined);
  if (beyond !== undefined || video.width * video.height > pixelLimit) {
    const size = beyond ?? `${video.width}x${video.height}`;
    throw new VsError("media_limit", `the source's pictures are ${size}; 8192x4352 is the most`);
  }
  if (video.width < 2 || video.height < 2 || video.pix_fmt === "") {
    throw new VsError("source_damaged", "the source's video has no picture that can be decoded");
  }
}

function parseTimeBase(printedBase: string): TimeBase {
  const match = /^(\d{1,10})\/(\d{1,10})$/.exec(printedBase);
  const [num, den] = [Number(match?.[1]), Number(match?.[2])];
  if (!(num > 0 && den > 0)) throw new VsError("source_damaged", "the source's video has no time base");
  return { num, den };
}
