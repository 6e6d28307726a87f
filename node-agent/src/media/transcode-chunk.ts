// Encodes one chunk at every rung in one run of ffmpeg that decodes it once. Every frame of the chunk comes out exactly
// once and at its planned time, or the chunk fails; nothing is published that is merely close.
import { join } from "node:path";
import { VsError } from "@vstream/core/errors.ts";
import type { Chunk, Joint, Rung } from "@vstream/core/media.ts";
import { chunkArguments } from "./ffmpeg-args.ts";
import { colourCube } from "./colour-cube.ts";
import { readText, removeFile, writeParts } from "./local-files.ts";
import type { MediaTools } from "./media-tools.ts";
import { packageRung } from "./package-groups.ts";
import type { RenditionFiles } from "./package-groups.ts";
import { planChunk } from "./plan-chunk.ts";
import type { ChunkPlan } from "./plan-chunk.ts";
import { runFfmpeg } from "./run-ffmpeg.ts";
import { picturesPath } from "./still-film.ts";
import type { Timeline } from "./timeline.ts";

/** How far back decoding starts, in keyframes, one try after the other; 0: at the start of the file. */
export const preRollSteps: readonly number[] = [1, 2, 4, 8, 16, 0];

export interface EncodeReport {
  /** 0 to 1. */
  readonly fraction: number;
  /** Media seconds a second. */
  readonly speed: number;
}

export interface ChunkWork {
  readonly tools: MediaTools;
  readonly sourcePath: string;
  readonly timeline: Timeline;
  readonly chunk: Chunk;
  readonly rungs: readonly Rung[];
  readonly preRollKeyframes: number;
  /** An empty folder; what is made stays in it. */
  readonly scratchFolder: string;
  /** Called before each try: the source must then have the bytes that this pre-roll needs (byteRangesFor). */
  readonly ensureSource?: (preRollKeyframes: number) => Promise<void>;
  readonly signal: AbortSignal;
  readonly timeLimitMs?: number;
  readonly onProgress?: (report: EncodeReport) => void;
  readonly onLog?: (line: string) => void;
}

export interface EncodedChunk {
  readonly frames: number;
  readonly timeScale: number;
  readonly renditions: readonly RenditionFiles[];
  readonly joint: Joint;
  /** What was used in the end. */
  readonly preRollKeyframes: number;
  readonly log: readonly string[];
}

/**
 * Encodes a chunk. When frames are missing it starts again from further back, at last from the file's start.
 * @throws VsError encode_mismatch when even then they are; what run-ffmpeg.ts throws; the signal's reason
 */
export async function transcodeChunk(work: ChunkWork): Promise<EncodedChunk> {
  let tried: ChunkPlan | null = null;
  let refused: VsError | null = null;
  for (const preRollKeyframes of stepsFrom(work.preRollKeyframes)) {
    const plan = planChunk(work.timeline, work.chunk, preRollKeyframes);
    if (tried?.seekSeconds === plan.seekSeconds) continue;
    tried = plan;
    await work.ensureSource?.(preRollKeyframes);
    try {
      return { ...(await encodeOnce(work, plan)), preRollKeyframes };
    } catch (thrown) {
      if (!(thrown instanceof VsError) || thrown.code !== "encode_mismatch") throw thrown;
      refused = thrown;
      work.onLog?.(`${thrown.message}; decoding is tried from further back`);
    }
  }
  throw refused ?? new VsError("internal", "a chunk without a way to encode it");
}

function stepsFrom(preRollKeyframes: number): readonly number[] {
  const at = preRollSteps.indexOf(preRollKeyframes);
  return at >= 0 ? preRollSteps.slice(at) : [preRollKeyframes, 0];
}

async function encodeOnce(work: ChunkWork, plan: ChunkPlan): Promise<Omit<EncodedChunk, "preRollKeyframes">> {
  const { timeline, rungs, scratchFolder } = work;
  const frames = plan.endFrame - plan.firstFrame;
  const outputPaths = rungs.map((_, index) => join(scratchFolder, `encoded-${index}.mp4`));
  const jointPath = join(scratchFolder, "joint.md5");
  const cubePath = await writeCube(work);
  const sourcePath = await picturesPath(timeline, work);
  const log = await runFfmpeg({
    ffmpegPath: work.tools.ffmpegPath,
    args: chunkArguments({ ...timeline, sourcePath, plan, rungs, outputPaths, jointPath, cubePath }),
    signal: work.signal,
    timeLimitMs: work.timeLimitMs,
    onLog: work.onLog,
    onProgress: (progress) => {
      work.onProgress?.({ fraction: Math.min(1, progress.frames / frames), speed: progress.speed });
    },
  });
  if (cubePath !== null) await removeFile(cubePath);
  if (sourcePath !== work.sourcePath) await removeFile(sourcePath);
  const joint = await readJoint(jointPath, plan);
  const renditions: RenditionFiles[] = [];
  for (const [index, rung] of rungs.entries()) {
    const encodedPath = outputPaths[index] ?? "";
    const filePrefix = `rung-${index}`;
    const encoded = { rung, filePrefix, encodedPath, folder: scratchFolder, timeline, plan };
    renditions.push(await packageRung(encoded));
    await removeFile(encodedPath);
  }
  return { frames, timeScale: timeline.timeScale, renditions, joint, log };
}

async function writeCube({ timeline, scratchFolder }: ChunkWork): Promise<string | null> {
  const { mapFrom } = timeline.picture.colour;
  if (mapFrom === null) return null;
  const path = join(scratchFolder, "colours.cube");
  await writeParts(path, [Buffer.from(colourCube(mapFrom))]);
  return path;
}

// A line a frame: stream, dts, pts, duration, size, MD5.
async function readJoint(path: string, plan: ChunkPlan): Promise<Joint> {
  const text = await readText(path);
  const hashes = [...text.matchAll(/^0,(?:[^,\n]*,){4}\s*([0-9a-f]{32})/gm)].map((match) => match[1] ?? "");
  const isFirst = plan.joint.beforePts === null;
  const last = hashes.at(-1);
  if (last === undefined || (!isFirst && hashes.length < 2)) {
    throw new VsError("encode_mismatch", "the frames beside the cuts were not decoded");
  }
  return { beforeFirst: isFirst ? "" : (hashes[0] ?? ""), last };
}
