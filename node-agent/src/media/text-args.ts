// Pure builders of the argument lists that get a text track out of a source.
import { inputGuard, inputPath, quietArguments } from "./input-args.ts";

/** Prints the codec of a text stream. */
export function textCodecArguments(sourcePath: string, stream: number): string[] {
  return [
    ...[...quietArguments, ...inputGuard],
    ...["-select_streams", `s:${stream}`, "-show_entries", "stream=codec_name", "-of", "csv=p=0"],
    inputPath(sourcePath),
  ];
}

export interface TextExtract {
  readonly sourcePath: string;
  /** The n-th subtitle stream of the source, from 0. */
  readonly stream: number;
  /** Packets are taken as they are; otherwise as events of ASS, which is what ffmpeg decodes every text to. */
  readonly asIs: boolean;
  /** Where the bytes of all packets go, one after the other. */
  readonly bytesPath: string;
  /** Where a line for each packet goes: its times and its size. */
  readonly timesPath: string;
  /** Neither file becomes much longer than this. */
  readonly byteLimit: number;
}

/** One run: the packets of a text stream, with their times on the source's clock. */
export function textArguments(extract: TextExtract): string[] {
  const { sourcePath, stream, asIs, bytesPath, timesPath, byteLimit } = extract;
  const taken = ["-map", `0:s:${stream}`, "-c:s", asIs ? "copy" : "ass", "-fs", String(byteLimit)];
  return [
    ...["-nostdin", ...quietArguments, "-y", "-nostats", "-stats_period", "1", "-progress", "pipe:2", "-copyts"],
    ...inputGuard,
    ...["-i", inputPath(sourcePath)],
    ...[...taken, "-f", "data", inputPath(bytesPath)],
    // Events may overlap and stand in any order; the muxer would move those whose decode time goes back. ffmpeg drops
    // the last packet of a text that it has decoded itself when a bitstream filter is there.
    ...[...taken, ...(asIs ? ["-bsf:s", `setts=pts=PTS:dts=N-${farBack}`] : [])],
    ...["-fflags", "+bitexact", "-f", "framecrc", inputPath(timesPath)],
  ];
}

/** In ticks of the stream: before every packet that there is. */
const farBack = 1_000_000_000_000;
