// Encodes an audio track once, from start to end, and hands over its segments while it runs. The track starts at 0 with
// the video and ends with it, within a frame; segments are cut where the video's are.
import { join } from "node:path";
import type { AudioTarget } from "@vstream/core/media.ts";
import { audioArguments } from "./ffmpeg-args.ts";
import { writeParts } from "./local-files.ts";
import type { MediaTools } from "./media-tools.ts";
import { SegmentCutter } from "./audio-segments.ts";
import type { CutTarget, CutTrack } from "./audio-segments.ts";
import { runFfmpeg } from "./run-ffmpeg.ts";
import { durationSeconds } from "./timeline.ts";
import type { EncodeReport } from "./transcode-chunk.ts";

export type { AudioInit, AudioSegmentFile } from "./audio-segments.ts";

/** What `scratchFolder` (empty at first) gets stays in it until the caller takes it away. */
export interface AudioWork extends CutTarget {
  readonly tools: MediaTools;
  readonly sourcePath: string;
  readonly target: AudioTarget;
  readonly signal: AbortSignal;
  readonly timeLimitMs?: number;
  readonly onProgress?: (report: EncodeReport) => void;
  readonly onLog?: (line: string) => void;
}

export interface EncodedAudio extends CutTrack {
  readonly log: readonly string[];
}

/**
 * Encodes a track. There are as many segments as the video has.
 * @throws VsError encode_mismatch when the track does not come out whole; what run-ffmpeg.ts throws; what onSegments
 *   throws; the signal's reason
 */
export async function encodeAudio(work: AudioWork): Promise<EncodedAudio> {
  const { timeline, target, sourcePath } = work;
  const outputPath = join(work.scratchFolder, "encoded-audio.mp4");
  await writeParts(outputPath, []);
  const stop = new AbortController();
  await using cutter = await SegmentCutter.open(outputPath, work);
  const taking = new OneAtATime(
    () => cutter.takeWritten(),
    (thrown) => {
      stop.abort(thrown);
    },
  );
  const log = await runFfmpeg({
    ffmpegPath: work.tools.ffmpegPath,
    args: audioArguments({
      ...{ sourcePath, target, outputPath, timeBase: timeline.timeBase, cpuFlags: baselineFlags(process.arch) },
      ...{ firstVideoPts: timeline.pts[0] ?? 0, durationSeconds: durationSeconds(timeline) },
    }),
    signal: AbortSignal.any([work.signal, stop.signal]),
    timeLimitMs: work.timeLimitMs,
    onLog: work.onLog,
    onProgress: ({ outSeconds, speed }) => {
      work.onProgress?.({ fraction: Math.min(1, outSeconds / durationSeconds(timeline)), speed });
      taking.run();
    },
  }).finally(() => taking.idle());
  // ffmpeg may have ended before it could be stopped.
  stop.signal.throwIfAborted();
  return { ...(await cutter.finish()), log };
}

/** The instructions that every processor of a kind has; null: there is only one kind of each. */
export function baselineFlags(arch: string): string | null {
  // MMX is named too because ffmpeg remarks on it otherwise.
  return arch === "x64" ? "mmx+sse2" : null;
}

/** Runs an act again and again, never twice at once; a call during a run is left out: the next one catches up. */
class OneAtATime {
  readonly #act: () => Promise<void>;
  readonly #onError: (thrown: unknown) => void;
  #running: Promise<void> | null = null;

  constructor(act: () => Promise<void>, onError: (thrown: unknown) => void) {
    this.#act = act;
    this.#onError = onError;
  }

  run(): void {
    this.#running ??= this.#act()
      .catch(this.#onError)
      .finally(() => {
        this.#running = null;
      });
  }

  async idle(): Promise<void> {
    await this.#running;
  }
}
