// How good an encode is, how large, and how its bits lie in time: of one made in chunks as agents make it, and of one
// that was never cut, with the same encoder and settings.
import { appendFile, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Chunk, Rung } from "@vstream/core/media.ts";
import { probeSource } from "../../node-agent/src/media/probe.ts";
import type { ProbedSource } from "../../node-agent/src/media/probe.ts";
import { transcodeChunk } from "../../node-agent/src/media/transcode-chunk.ts";
import { runProgram } from "../cluster/cluster.ts";

const tools = { ffmpegPath: "ffmpeg", ffprobePath: "ffprobe", ffmpegVersion: "", toolchain: "" };
const limitMs = 30 * 60_000;

export interface Clip {
  readonly path: string;
  readonly source: ProbedSource;
}

export interface Encode {
  /** All of it in one file. */
  readonly path: string;
  /** Of the media segments. */
  readonly bytes: number;
  readonly segments: readonly { readonly bytes: number; readonly seconds: number; readonly chunk: number }[];
}

export async function openClip(path: string): Promise<Clip> {
  const sourceBytes = (await stat(path)).size;
  const signal = AbortSignal.timeout(limitMs);
  return { path, source: await probeSource({ tools, sourcePath: path, sourceBytes, signal }) };
}

/** @param folder is made, and holds what comes of it */
export async function encodeIn(
  chunks: readonly Chunk[],
  { path, source }: Clip,
  rung: Rung,
  folder: string,
): Promise<Encode> {
  const segments: { bytes: number; seconds: number; chunk: number }[] = [];
  const joined = join(folder, "joined.mp4");
  for (const chunk of chunks) {
    const scratchFolder = join(folder, String(chunk.index));
    await mkdir(scratchFolder, { recursive: true });
    const { renditions, timeScale } = await transcodeChunk({
      ...{
        tools,
        sourcePath: path,
        timeline: source.timeline,
        chunk,
        rungs: [rung],
        preRollKeyframes: 1,
        scratchFolder,
      },
      signal: AbortSignal.timeout(limitMs),
    });
    const [rendition] = renditions;
    if (chunk.index === 0) await writeFile(joined, await readFile(rendition?.initPath ?? ""));
    for (const { path: segmentPath, durationTicks } of rendition?.segments ?? []) {
      const bytes = await readFile(segmentPath);
      await appendFile(joined, bytes);
      segments.push({ bytes: bytes.length, seconds: durationTicks / timeScale, chunk: chunk.index });
    }
  }
  return { path: joined, segments, bytes: segments.reduce((sum, segment) => sum + segment.bytes, 0) };
}

/** As large as a given one, to half a percent, by another CRF and, where that is what holds it, another cap. */
export async function uncutOfSize(bytes: number, clip: Clip, rung: Rung, folder: string): Promise<Encode> {
  const whole = [{ index: 0, firstSegment: 0, segmentCount: clip.source.probe.segments }];
  let made: Encode | null = null;
  let share = 1;
  for (let attempt = 0; attempt < 5 && (made === null || Math.abs(made.bytes / bytes - 1) > 0.005); attempt += 1) {
    if (made !== null) share *= bytes / made.bytes;
    const scaled = {
      ...rung,
      // Six steps halve the size.
      crf: rung.crf - 6 * Math.log2(share),
      maxrateBps: Math.round(rung.maxrateBps * share),
      bufferBits: Math.round(rung.bufferBits * share),
    };
    made = await encodeIn(whole, clip, scaled, join(folder, `uncut-${String(attempt)}`));
  }
  if (made === null) throw new Error("nothing was encoded");
  return made;
}

/** The mean over all frames of the SSIM with the source, scaled as it is for the rung. */
export async function ssimWith({ path: sourcePath, source }: Clip, { path }: Encode, rung: Rung): Promise<number> {
  const scaled = `scale=${rung.width}:${rung.height}:flags=bicubic+accurate_rnd+bitexact,format=yuv420p`;
  const numbered = "settb=1/25,setpts=N";
  const graph = `[0:v]${numbered}[a];[1:${source.timeline.picture.stream}]${scaled},${numbered}[b];[a][b]ssim=stats_file=-`;
  const said = await runProgram("ffmpeg", [
    ...["-nostdin", "-v", "error", "-i", path, "-i", sourcePath, "-filter_complex", graph],
    ...["-fps_mode", "passthrough", "-f", "null", "-"],
  ]);
  const values = [...said.stdout.matchAll(/All:([\d.]+)/g)].map((match) => Number(match[1]));
  if (values.length !== source.probe.video.frames) throw new Error(`${String(values.length)} frames: ${said.stderr}`);
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
