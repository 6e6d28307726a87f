// Pure builders of ffmpeg's argument lists that make pictures of key pictures (images-keys.ts).
import { inputGuard, inputPath, quietArguments } from "./input-args.ts";
import type { Size } from "./images-plan.ts";

const exactScaling = "flags=bicubic+accurate_rnd+bitexact";
/** What JPEG files hold: the colours of BT.601 in their full range. */
const jpegColours = "out_color_matrix=bt601:out_range=pc,format=yuv420p,setsar=1,setparams=range=pc";

export interface ImageRun {
  /** Files of key pictures, read one after the other. */
  readonly inputPaths: readonly string[];
  readonly outputPath: string;
  /** The floor of instruction sets on this kind of processor; null where every processor has the same. */
  readonly cpuFlags: string | null;
}

/** All pictures, small, on one sheet. */
export function sheetArguments(run: ImageRun, sheet: { thumbnail: Size; columns: number; rows: number }): string[] {
  const { thumbnail, columns, rows } = sheet;
  const scaled = `scale=${thumbnail.width}:${thumbnail.height}:${exactScaling}:${jpegColours}`;
  return [...inputs(run), ...graph(run, `${scaled},tile=${columns}x${rows}`), ...jpegOutput(run, 5)];
}

/** The first picture, as large as it is. */
export function posterArguments(run: ImageRun): string[] {
  const scaled = `scale=${exactScaling}:${jpegColours}`;
  return [...inputs(run), ...graph(run, scaled), ...jpegOutput(run, 3)];
}

/** A byte for each pixel of each picture: how bright it is. */
export function brightnessArguments(run: ImageRun, { width, height }: Size): string[] {
  const scaled = `scale=${width}:${height}:${exactScaling}:out_range=pc,format=gray`;
  return [
    ...[...inputs(run), ...graph(run, scaled)],
    ...["-fps_mode", "passthrough", "-c:v", "rawvideo", "-threads", "1", "-f", "rawvideo", inputPath(run.outputPath)],
  ];
}

function inputs({ inputPaths, cpuFlags }: ImageRun): string[] {
  return [
    ...(cpuFlags === null ? [] : ["-cpuflags", cpuFlags]),
    ...["-nostdin", ...quietArguments, "-y", "-nostats", "-xerror", "-filter_complex_threads", "1"],
    ...inputPaths.flatMap((path) => [
      ...["-threads", "1", "-flags:v", "+bitexact", "-err_detect", "explode"],
      ...[...inputGuard, "-i", inputPath(path)],
    ]),
  ];
}

function graph({ inputPaths }: ImageRun, filters: string): string[] {
  const pads = inputPaths.map((_, index) => `[${index}:v:0]`).join("");
  const joined = inputPaths.length === 1 ? pads : `${pads}concat=n=${inputPaths.length}:v=1:a=0,`;
  return ["-filter_complex", `${joined}${filters}[out]`, "-map", "[out]"];
}

/** @param quality 2 is best, 31 is least */
function jpegOutput({ outputPath }: ImageRun, quality: number): string[] {
  return [
    ...["-frames:v", "1", "-c:v", "mjpeg", "-q:v", String(quality), "-threads", "1", "-flags", "+bitexact"],
    // Before 6.0 full range had a pixel format of its own, which is on its way out.
    ...["-strict", "unofficial", "-color_range", "pc"],
    ...["-map_metadata", "-1", "-fflags", "+bitexact"],
    // Written to the very name that is given, whatever stands in it.
    ...["-f", "image2", "-update", "1", inputPath(outputPath)],
  ];
}
