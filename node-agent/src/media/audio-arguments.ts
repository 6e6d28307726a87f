// Pure builders of the argument lists that make audio. Together with the tools' build and lay-sound.ts they decide
// every byte, so a change here needs a new recipe version (media-tools.ts).
import type { AudioTarget } from "@vstream/core/media.ts";
import {
  globalArguments,
  inputGuard,
  inputPath,
  plainOutput,
  processorArguments,
  quietArguments,
} from "./input-args.ts";

/** What a stream of the source has when it begins; it may change. */
export interface SourceSound {
  readonly channels: number;
  /** ffmpeg's name for where they stand; empty: nobody says. */
  readonly layout: string;
}

interface SoundStream {
  readonly sourcePath: string;
  /** The n-th audio stream of the source, from 0. */
  readonly stream: number;
}

/** Channels and layout of one stream, in one line. */
export function describeSoundArguments({ sourcePath, stream }: SoundStream): string[] {
  const entries = ["-select_streams", `a:${stream}`, "-show_entries", "stream=channels,channel_layout"];
  return [...quietArguments, ...inputGuard, ...entries, "-of", "csv=p=0", inputPath(sourcePath)];
}

/** A line for each of the first frames that can be decoded: how many samples it has. */
export function trialArguments({ sourcePath, stream }: SoundStream, packets: number): string[] {
  const entries = ["-select_streams", `a:${stream}`, "-show_entries", "frame=nb_samples"];
  const interval = ["-read_intervals", `%+#${packets}`];
  return [...quietArguments, ...inputGuard, ...entries, ...interval, "-of", "csv=p=0", inputPath(sourcePath)];
}

/** Decodes a stream to one channel at this rate, otherwise as `decodeArguments` does. */
export function measureArguments(
  { sourcePath, stream, arch }: SoundStream & { readonly arch: string },
  sampleRate: number,
): string[] {
  const filters = `aresample=${sampleRate}:${mixing},aformat=sample_fmts=flt:channel_layouts=mono`;
  return [
    ...processorArguments(arch),
    ...decodeManners,
    ...inputGuard,
    ...["-i", inputPath(sourcePath), "-map", `0:a:${stream}`, "-vn", "-sn", "-dn", "-af", filters],
    ...sampleOutput,
  ];
}

export interface SoundDecode extends SoundStream {
  readonly target: AudioTarget;
  readonly sound: SourceSound;
  /** Node's name for the kind of processor. */
  readonly arch: string;
}

/**
 * Decodes a stream to samples of 32 bits at the target's rate and channels, on standard output: QuickTime
 * fragments whose decode times are the source's. ffmpeg builds the filters anew where rate or channels change, so none
 * may remember where it is: gaps are lay-sound.ts's part.
 */
export function decodeArguments(decode: SoundDecode): string[] {
  return [
    ...processorArguments(decode.arch),
    ...decodeManners,
    ...["-flags:a", "+bitexact"],
    ...inputGuard,
    ...["-i", inputPath(decode.sourcePath)],
    ...["-map", `0:a:${decode.stream}`, "-vn", "-sn", "-dn", "-af", conformingFilters(decode).join(",")],
    ...sampleOutput,
  ];
}

// However much of it is damaged, what can be decoded counts.
const decodeManners = [
  ...["-nostdin", ...quietArguments, "-max_error_rate", "1", "-filter_threads", "1", "-copyts", "-threads", "1"],
];

const sampleOutput = [
  ...["-c:a", "pcm_f32le", ...plainOutput, "-avoid_negative_ts", "disabled", "-use_editlist", "0"],
  // A fragment for each frame, or for some together that last less than ten milliseconds.
  ...["-movflags", "+empty_moov+default_base_moof+frag_discont", "-frag_duration", "10000", "-f", "mov", "pipe:1"],
];

// The usual weights (centre and surround 3 dB down, no low frequency effects in stereo) add up to 2.4 and more. Scaled
// to add up to 1.4, speech stays near to where it was; the limiter takes the rare peaks that are above full scale then.
const mixing = "rematrix_maxval=1.4142";
const lookAheadSeconds = 0.005;

/** What comes out at a time went in so many samples before. */
export function decodeDelay(target: AudioTarget): number {
  return Math.floor(lookAheadSeconds * target.sampleRate) - 1;
}

function conformingFilters({ target, sound }: SoundDecode): string[] {
  const layout = layoutOf(target);
  return [
    ...placingFilters(layout, sound),
    `aresample=${target.sampleRate}:${mixing}`,
    `aformat=channel_layouts=${layout}`,
    // The limiter keeps back what it looks ahead, also at the end. (Its option to hide that leaves timestamps wrong.)
    `apad=pad_len=${decodeDelay(target)}`,
    `alimiter=level=0:limit=1:attack=${lookAheadSeconds * 1000}`,
    "aformat=sample_fmts=flt",
  ];
}

function placingFilters(layout: string, sound: SourceSound): string[] {
  if (layout !== "stereo") return [];
  // libswresample would make one channel 3 dB quieter on each of two. Names that a frame does not have count nothing.
  if (sound.channels === 1) return ["pan=stereo|FL=FL+FC|FR=FR+FC"];
  // Many channels that nobody places are recordings side by side; the first two are the programme by custom.
  if (sound.channels > 8 && sound.layout === "") return ["pan=stereo|c0=c0|c1=c1"];
  return [];
}

function layoutOf({ channels }: AudioTarget): string {
  return channels === 2 ? "stereo" : "5.1";
}

export interface SoundEncode {
  readonly target: AudioTarget;
  readonly outputPath: string;
  readonly arch: string;
}

/**
 * Encodes such samples, bare, from standard input as AAC, the first at 0. A fragment a second, so that segments can be
 * taken while it runs.
 */
export function encodeArguments({ target, outputPath, arch }: SoundEncode): string[] {
  return [
    ...processorArguments(arch),
    ...globalArguments,
    ...["-protocol_whitelist", "pipe,file", "-f", "f32le", "-ar", String(target.sampleRate)],
    ...["-ch_layout", layoutOf(target), "-i", "pipe:0", "-filter_threads", "1"],
    ...["-c:a", "aac", "-b:a", String(target.bitrateBps), "-threads", "1", "-flags", "+bitexact"],
    // The encoder's priming frame lies before 0; without an edit list it would delay everything after it.
    ...["-bsf:a", "noise=drop='lt(pts\\,0)'"],
    ...plainOutput,
    ...[
      "-use_editlist",
      "0",
      "-movflags",
      "+empty_moov+default_base_moof",
      "-frag_duration",
      "1000000",
      "-flush_packets",
      "1",
    ],
    ...["-f", "mp4", inputPath(outputPath)],
  ];
}
