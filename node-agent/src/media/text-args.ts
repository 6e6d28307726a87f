// Pure builders of the argument lists that get a text track out of a source.
import { demuxerList, inputGuard, inputPath, quietArguments } from "./input-args.ts";

/** Prints the codec of a text stream. */
export function textCodecArguments(sourcePath: string, stream: number): string[] {
  return [
    ...[...quietArguments, ...inputGuard],
    ...["-select_streams", `s:${stream}`, "-show_entries", "stream=codec_name", "-of", "csv=p=0"],
    inputPath(sourcePath),
  ];
}

/** Prints width and height of a video stream, with a comma between. @param videoStream streams of every kind counted */
export function frameSizeArguments(sourcePath: string, videoStream: number): string[] {
  return [
    ...[...quietArguments, ...inputGuard],
    ...["-select_streams", String(videoStream), "-show_entries", "stream=width,height", "-of", "csv=p=0"],
    inputPath(sourcePath),
  ];
}

interface TextOutput {
  /** Where the bytes of all packets go, one after the other. */
  readonly bytesPath: string;
  /** Where a line for each packet goes: its times and its size. */
  readonly timesPath: string;
  /** Neither file becomes much longer than this. */
  readonly byteLimit: number;
}

export interface TextExtract extends TextOutput {
  readonly sourcePath: string;
  /** The n-th subtitle stream of the source, from 0. */
  readonly stream: number;
  /** Packets are taken as they are; otherwise as events of ASS, which is what ffmpeg decodes every text to. */
  readonly asIs: boolean;
}

/** One run: the packets of a text stream, with their times on the source's clock. */
export function textArguments(extract: TextExtract): string[] {
  const { sourcePath, stream, asIs } = extract;
  return [...global, ...inputGuard, "-i", inputPath(sourcePath), ...outputs(extract, { stream, asIs })];
}

export interface CaptionsExtract extends TextOutput {
  readonly sourcePath: string;
  /** Of the video, streams of every kind counted. */
  readonly videoStream: number;
}

/**
 * One run: CEA-608 captions as events of ASS, with their times on the source's clock. Only ffmpeg's filter that reads a
 * film gives captions as a stream; it opens the file itself, by lists of its own.
 */
export function captionsArguments(extract: CaptionsExtract): string[] {
  const { sourcePath, videoStream } = extract;
  const guard = `protocol_whitelist=file:format_whitelist=${demuxerList}`;
  const options = [
    `filename=${escaped(inputPath(sourcePath), /[\\':]/g)}`,
    `format_opts=${escaped(guard, /[\\':]/g)}`,
    ...[`stream_index=${videoStream}`, "dec_threads=1"],
  ];
  const graph = `movie=${escaped(options.join(":"), /[\\'[\],;]/g)}[out0+subcc]`;
  return [...global, "-f", "lavfi", "-i", graph, ...outputs(extract, { stream: 0, asIs: false })];
}

// The options of a filter are parsed by themselves once the graph is.
function escaped(text: string, marks: RegExp): string {
  return text.replaceAll(marks, "\\$&");
}

const global: readonly string[] = [
  ...["-nostdin", ...quietArguments, "-y", "-nostats", "-stats_period", "1", "-progress", "pipe:2", "-copyts"],
];

function outputs(output: TextOutput, { stream, asIs }: Pick<TextExtract, "stream" | "asIs">): string[] {
  const { bytesPath, timesPath, byteLimit } = output;
  const taken = ["-map", `0:s:${stream}`, "-c:s", asIs ? "copy" : "ass", "-fs", String(byteLimit)];
  return [
    ...[...taken, "-f", "data", inputPath(bytesPath)],
    // Events may overlap and stand in any order; the muxer would move those whose decode time goes back. ffmpeg drops
    // the last packet of a text that it has decoded itself when a bitstream filter is there.
    ...[...taken, ...(asIs ? ["-bsf:s", `setts=pts=PTS:dts=N-${farBack}`] : [])],
    ...["-fflags", "+bitexact", "-f", "framecrc", inputPath(timesPath)],
  ];
}

/** In ticks of the stream: before every packet that there is. */
const farBack = 1_000_000_000_000;
