// What ffprobe says of a source, checked: every field may be missing, and absurd values are refused. A refusal names
// what is wrong with the file and what can be done.
import { VsError } from "@vstream/core/errors.ts";
import { describeArguments } from "./ffprobe-args.ts";
import { pixelLimit } from "./input-args.ts";
import type { MediaTools } from "./media-tools.ts";
import { runFfprobe } from "./run-ffprobe.ts";
import { durationLimitSeconds, encrypted, isKnown, noVideo, tooLong, unknownCodec } from "./source-refusals.ts";
import { parseDescription } from "./source-shape.ts";
import type { SourceChapter, SourceStream } from "./source-shape.ts";
import type { TimeBase } from "./timeline.ts";

const describeLimitMs = 60_000;
const describeByteLimit = 4 * 1024 * 1024;
export const trackLimit = 64;

export interface SourceDescription {
  /** The container's first name. */
  readonly format: string;
  /** What the container declares; null: nothing. */
  readonly durationSeconds: number | null;
  readonly streams: readonly SourceStream[];
  /** The stream of moving pictures that is shown: covers are none. */
  readonly video: SourceStream;
  readonly timeBase: TimeBase;
  /** Others that could be shown instead, the likeliest first. */
  readonly otherVideos: readonly SourceStream[];
  readonly audio: readonly SourceStream[];
  readonly subtitles: readonly SourceStream[];
  readonly chapters: readonly SourceChapter[];
  /** Numbers of streams for which there is no decoder. */
  readonly undecoded: ReadonlySet<number>;
}

/** A source that has sound and no moving pictures. */
export interface SoundDescription extends Omit<SourceDescription, "video" | "timeBase" | "otherVideos"> {
  readonly video: null;
  /** Still pictures that belong to it. */
  readonly covers: readonly SourceStream[];
}

export type DescribedSource = SourceDescription | SoundDescription;

export interface ProbeTarget {
  readonly tools: MediaTools;
  readonly sourcePath: string;
  readonly sourceBytes: number;
  readonly signal: AbortSignal;
  /** What is missing, broken or cannot be decoded is left out, with a warning; otherwise it is a reason to refuse. */
  readonly allowDamaged?: boolean;
}

/** @throws VsError not_media, no_video, unknown_codec, encrypted, media_limit, source_damaged, timed_out */
export async function describeSource(target: ProbeTarget): Promise<DescribedSource> {
  const { json, log } = await readDescription(target);
  const { format, streams, chapters } = parseDescription(json);
  if (streams.length === 0) throw new VsError("not_media", "the source has no video and no audio");
  if (streams.length > trackLimit) {
    throw new VsError("media_limit", `the source has ${streams.length} tracks; ${trackLimit} are allowed`);
  }
  const ofType = (type: string): SourceStream[] => streams.filter((stream) => stream.codec_type === type);
  const [audio, subtitles] = [ofType("audio"), ofType("subtitle")];
  const undecoded = undecodedIn(log);
  const [video, ...otherVideos] = ofType("video")
    .filter((stream) => !isCover(stream))
    .sort(likelierFirst(undecoded));
  refuseEncrypted([...(video === undefined ? [] : [video]), ...audio], log);
  const described = {
    ...{ format: format.format_name.split(",")[0] ?? "", durationSeconds: format.duration },
    ...{ streams, audio, subtitles, chapters, undecoded },
  };
  if (video === undefined) return soundOf(described);
  refuseLarge(video, log);
  if (!isKnown(video) || undecoded.has(video.index)) throw unknownCodec(video);
  if (format.duration !== null && format.duration > durationLimitSeconds) throw tooLong(format.duration);
  return { ...described, video, otherVideos, timeBase: parseTimeBase(video.time_base) };
}

/**
 * The same source seen by its next stream of pictures.
 * @throws VsError no_video when there is none, and as above
 */
export function withNextVideo(source: SourceDescription): DescribedSource {
  const [video, ...otherVideos] = source.otherVideos;
  if (video === undefined) return soundOf(source);
  refuseLarge(video, []);
  if (!isKnown(video) || source.undecoded.has(video.index)) throw unknownCodec(video);
  return { ...source, video, otherVideos, timeBase: parseTimeBase(video.time_base) };
}

function soundOf(source: Omit<SoundDescription, "video" | "covers">): SoundDescription {
  const { format, durationSeconds, streams, audio, subtitles, chapters, undecoded } = source;
  if (!audio.some((stream) => stream.channels > 0 && isKnown(stream))) throw noVideo(streams, audio);
  const covers = streams.filter((stream) => stream.codec_type === "video");
  return { format, durationSeconds, streams, audio, subtitles, chapters, undecoded, video: null, covers };
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

function isCover({ disposition }: SourceStream): boolean {
  return disposition.attached_pic > 0 || disposition.timed_thumbnails > 0 || disposition.still_image > 0;
}

// What can be shown at all, then what the source calls its main one, then the largest.
function likelierFirst(undecoded: ReadonlySet<number>): (one: SourceStream, other: SourceStream) => number {
  const isShowable = (stream: SourceStream): number =>
    Number(isKnown(stream) && !undecoded.has(stream.index) && stream.width > 0);
  const area = (stream: SourceStream): number => stream.width * stream.height;
  return (one, other) =>
    isShowable(other) - isShowable(one) ||
    Math.sign(other.disposition.default) - Math.sign(one.disposition.default) ||
    area(other) - area(one) ||
    one.index - other.index;
}

const encryptedTags = ["encv", "enca", "drmi", "drms", "drmt"];
const encryptionRemark = /DRM protected stream|Unsupported encoding type/;

function refuseEncrypted(streams: readonly SourceStream[], log: readonly string[]): void {
  const hidden = streams.find(
    (stream) => encryptedTags.includes(stream.codec_tag_string) || stream.tags.enc_key_id !== "",
  );
  if (hidden !== undefined) throw encrypted(`its ${hidden.codec_type} has a key`);
  if (log.some((line) => encryptionRemark.test(line))) throw encrypted("its container says so");
}

function refuseLarge(video: SourceStream, log: readonly string[]): void {
  // The decoder has its own limit and gives no size beyond it, only a message.
  const beyond = log.map((line) => /Picture size (\d+x\d+) exceeds/.exec(line)?.[1]).find((size) => size !== undefined);
  if (beyond === undefined && video.width * video.height <= pixelLimit) return;
  const size = beyond ?? `${video.width}x${video.height}`;
  throw new VsError("media_limit", `the source's pictures are ${size}; 8192x4352 is the most`);
}

function undecodedIn(log: readonly string[]): Set<number> {
  const numbers = log.map((line) => /Unsupported codec with id \d+ for input stream (\d+)/.exec(line)?.[1]);
  return new Set(numbers.flatMap((number) => (number === undefined ? [] : Number(number))));
}

function parseTimeBase(printedBase: string): TimeBase {
  const match = /^(\d{1,10})\/(\d{1,10})$/.exec(printedBase);
  const [num, den] = [Number(match?.[1]), Number(match?.[2])];
  if (!(num > 0 && den > 0)) throw new VsError("source_damaged", "the source's video has no time base");
  return { num, den };
}
