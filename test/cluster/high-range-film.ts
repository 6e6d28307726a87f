// For tests: a small film of high dynamic range (HDR10) that says what it was made on.
import { runProgram } from "./cluster.ts";

const screen = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)";

/** 256x144, 24 frames a second, with sound. @param path of an MP4 */
export async function makeHighRangeFilm(path: string, seconds: number): Promise<void> {
  const colours = "colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc";
  const made = await runProgram("ffmpeg", [
    ...["-nostdin", "-v", "error", "-f", "lavfi", "-i", "mandelbrot=s=256x144:r=24", "-f", "lavfi"],
    ...["-i", "sine=frequency=440", "-t", String(seconds), "-vf", "scale=out_color_matrix=bt2020,format=yuv420p10le"],
    ...["-c:v", "libx265", "-preset", "ultrafast", "-tag:v", "hvc1", "-x265-params"],
    ...[`log-level=error:crf=18:${colours}:master-display=${screen}:max-cll=1000,400`, "-c:a", "aac", path],
  ]);
  if (made.code !== 0) throw new Error(made.stderr);
}

/** A ladder for it, in the control plane's configuration: H.264, and HEVC in both ranges. */
export const tinyModernLadder = {
  tiny: {
    ...{ lines: [90, 144], preset: "veryfast" },
    hevc: { lines: [90, 144], preset: "fast", crf: 24, hdr: true },
  },
};
