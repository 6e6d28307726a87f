// Encodes an audio track once, from start to end, and hands over its segments while it runs. The track starts at 0 with
// the video and ends with it, within a frame; segments are cut where the video's are. One ffmpeg decodes, another
// encodes; what lies between (lay-sound.ts) knows the time of every frame, so nothing shifts.
import { join } from "node:path";
import type { AudioTarget } from "@vstream/core/media.ts";
import { SegmentCutter } from "./audio-segments.ts";
import type { CutTarget, CutTrack } from "./audio-segments.ts";
import { decodeArguments, decodeDelay, describeSoundArguments, encodeArguments } from "./audio-arguments.ts";
import type { SourceSound } from "./audio-arguments.ts";
import { writeParts } from "./local-files.ts";
import { SoundTrack } from "./lay-sound.ts";
import type { MediaTools } from "./media-tools.ts";
import { pumpSound } from "./pump-sound.ts";
import { runFfprobe } from "./run-ffprobe.ts";
import { durationSeconds, firstSeconds } from "./timeline.ts";
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
 * @throws VsError encode_mismatch when the track does not come out whole; what pump-sound.ts and run-ffprobe.ts throw;
 *   what onSegments throws; the signal's reason
 */
export async function encodeAudio(work: AudioWork): Promise<EncodedAudio> {
  const { timeline, target, tools } = work;
  const outputPath = join(work.scratchFolder, "encoded-audio.mp4");
  const sound = await describeSound(work);
  await writeParts(outputPath, []);
  const stop = new AbortController();
  await using cutter = await SegmentCutter.open(outputPath, work);
  const taking = new OneAtATime(
    () => cutter.takeWritten(),
    (thrown) => {
      stop.abort(thrown);
    },
  );
  const { arch } = process;
  const whole = durationSeconds(timeline);
  const log = await pumpSound({
    ffmpegPath: tools.ffmpegPath,
    decodeArgs: decodeArguments({ sourcePath: work.sourcePath, stream: target.stream, target, sound, arch }),
    encodeArgs: encodeArguments({ target, outputPath, arch }),
    track: new SoundTrack({ ...target, samples: Math.ceil(whole * target.sampleRate - 1e-6) }),
    firstTick: firstSeconds(timeline) * target.sampleRate + decodeDelay(target),
    signal: AbortSignal.any([work.signal, stop.signal]),
    timeLimitMs: work.timeLimitMs,
    onLog: work.onLog,
    onProgress: ({ outSeconds, speed }) => {
      work.onProgress?.({ fraction: Math.min(1, outSeconds / whole), speed });
      taking.run();
    },
  }).finally(() => taking.idle());
  // The encoder may have ended before it could be stopped.
  stop.signal.throwIfAborted();
  return { ...(await cutter.finish()), log };
}

const describeLimitMs = 60_000;
const describeByteLimit = 65_536;

async function describeSound({ tools, sourcePath, target, signal }: AudioWork): Promise<SourceSound> {
  const lines: string[] = [];
  await runFfprobe({
    ffprobePath: tools.ffprobePath,
    args: describeSoundArguments({ sourcePath, stream: target.stream }),
    signal,
    timeLimitMs: describeLimitMs,
    outputByteLimit: describeByteLimit,
    onLine: (line) => lines.push(line),
  });
  const [channels, layout = ""] = (lines[0] ?? "").split(",");
  return { channels: Number(channels) || 0, layout: /^unknown$|channels/.test(layout) ? "" : layout };
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
