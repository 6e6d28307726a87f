// Encodes an audio track once, from start to end, and hands over its segments while it runs. The track starts at 0 with
// the video and ends with it, within a frame; segments are cut where the video's are.
import { join } from "node:path";
import { VsError } from "@vstream/core/errors.ts";
import type { AudioTarget } from "@vstream/core/media.ts";
import { audioArguments } from "./ffmpeg-args.ts";
import { FragmentReader } from "./fragment-reader.ts";
import type { CodedSample, TrackHeader } from "./fmp4-boxes.ts";
import { codecsOf, initSegment, mediaFragment } from "./fmp4-writer.ts";
import { writeParts } from "./local-files.ts";
import type { MediaTools } from "./media-tools.ts";
import type { SegmentFile } from "./package-groups.ts";
import { runFfmpeg } from "./run-ffmpeg.ts";
import { durationSeconds, segmentTimes } from "./timeline.ts";
import type { Timeline } from "./timeline.ts";
import type { EncodeReport } from "./transcode-chunk.ts";

/** Samples of a frame of AAC-LC; the track's time scale is its sample rate. */
const samplesPerFrame = 1024;

export interface AudioInit {
  readonly path: string;
  readonly codecs: string;
  readonly timeScale: number;
}

export interface AudioSegmentFile extends SegmentFile {
  /** Index of the segment of video that it accompanies. */
  readonly index: number;
}

export interface AudioWork {
  readonly tools: MediaTools;
  readonly sourcePath: string;
  readonly timeline: Timeline;
  readonly target: AudioTarget;
  /** An empty folder; what is made stays in it until the caller takes it away. */
  readonly scratchFolder: string;
  /** Called in order, a call at a time, as segments are finished; ffmpeg runs on meanwhile. What it throws ends the encode. */
  readonly onSegments: (init: AudioInit, segments: readonly AudioSegmentFile[]) => Promise<void>;
  readonly signal: AbortSignal;
  readonly timeLimitMs?: number;
  readonly onProgress?: (report: EncodeReport) => void;
  readonly onLog?: (line: string) => void;
}

export interface EncodedAudio {
  readonly timeScale: number;
  readonly codecs: string;
  readonly segments: number;
  readonly durationTicks: number;
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
  return { ...(await cutter.finish()), log };
}

/** The instructions that every processor of a kind has; null: there is only one kind of each. */
export function baselineFlags(arch: string): string | null {
  // MMX is named too because ffmpeg remarks on it otherwise.
  return arch === "x64" ? "mmx+sse2" : null;
}

/** Gathers frames as they are written, and cuts them where the video's segments begin. */
class SegmentCutter implements AsyncDisposable {
  readonly #reader: FragmentReader;
  readonly #work: AudioWork;
  /** When each segment of video begins, and the end, in seconds. */
  readonly #times: readonly number[];
  #init: AudioInit | null = null;
  #samples: CodedSample[] = [];
  #payloads: Buffer[] = [];
  #firstFrame = 0;
  #written = 0;

  private constructor(reader: FragmentReader, work: AudioWork) {
    this.#reader = reader;
    this.#work = work;
    this.#times = segmentTimes(work.timeline);
  }

  static async open(path: string, work: AudioWork): Promise<SegmentCutter> {
    return new SegmentCutter(await FragmentReader.open(path), work);
  }

  /** Hands over the segments that are whole by now. */
  async takeWritten(): Promise<void> {
    const header = await this.#reader.header();
    if (header === null) return;
    this.#init ??= await this.#writeInit(header);
    const finished: AudioSegmentFile[] = [];
    for (let fragment = await this.#reader.next(); fragment !== null; fragment = await this.#reader.next()) {
      this.#samples.push(...fragment.samples);
      this.#payloads.push(fragment.payload);
      while (this.#canCut(this.#init))
        finished.push(await this.#writeSegment(this.#cutAfter(this.#written, this.#init)));
    }
    if (finished.length > 0) await this.#work.onSegments(this.#init, finished);
  }

  async finish(): Promise<Omit<EncodedAudio, "log">> {
    await this.takeWritten();
    const init = this.#init;
    // The encoder's last frame may lie wholly behind the video's end: it goes.
    const frames = init === null ? 0 : frameAt(this.#times.at(-1) ?? 0, init);
    if (init === null || this.#gatheredUpTo < frames || frames < this.#segmentCount) {
      throw new VsError("encode_mismatch", `the audio track has ${this.#gatheredUpTo} frames; ${frames} were expected`);
    }
    const rest: AudioSegmentFile[] = [];
    while (this.#written < this.#segmentCount) {
      const after = this.#segmentCount - this.#written - 1;
      rest.push(
        await this.#writeSegment(after === 0 ? frames : Math.min(this.#cutAfter(this.#written, init), frames - after)),
      );
    }
    await this.#work.onSegments(init, rest);
    const { timeScale, codecs } = init;
    return { timeScale, codecs, segments: this.#written, durationTicks: frames * samplesPerFrame };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader[Symbol.asyncDispose]();
  }

  get #segmentCount(): number {
    return this.#times.length - 1;
  }

  /** Frames from the track's start to the last that was read. */
  get #gatheredUpTo(): number {
    return this.#firstFrame + this.#samples.length;
  }

  // The last segment waits until it is known where the track ends, and a frame is left for each that is to come.
  #canCut(init: AudioInit): boolean {
    const after = this.#segmentCount - this.#written - 1;
    return after > 0 && this.#gatheredUpTo - after >= this.#cutAfter(this.#written, init);
  }

  // The first frame at or after the next segment of video; at least one frame a segment.
  #cutAfter(segment: number, init: AudioInit): number {
    return Math.max(frameAt(this.#times[segment + 1] ?? 0, init), this.#firstFrame + 1);
  }

  async #writeInit(header: TrackHeader): Promise<AudioInit> {
    const path = join(this.#work.scratchFolder, "audio-init.mp4");
    await writeParts(path, [initSegment(header)]);
    return { path, codecs: codecsOf(header), timeScale: header.timeScale };
  }

  async #writeSegment(endFrame: number): Promise<AudioSegmentFile> {
    const taken = this.#samples.splice(0, endFrame - this.#firstFrame);
    const bytes = Buffer.concat(this.#payloads);
    const size = taken.reduce((sum, sample) => sum + sample.sizeBytes, 0);
    this.#payloads = [bytes.subarray(size)];
    const sample = { durationTicks: samplesPerFrame, compositionOffset: 0, isKey: true };
    const samples = taken.map(({ sizeBytes }) => ({ ...sample, sizeBytes }));
    const startTicks = this.#firstFrame * samplesPerFrame;
    const index = this.#written;
    const path = join(this.#work.scratchFolder, `audio-${index}.m4s`);
    const payload = bytes.subarray(0, size);
    await writeParts(path, mediaFragment({ sequence: index + 1, decodeTime: startTicks, samples, payload }));
    this.#written += 1;
    this.#firstFrame = endFrame;
    return { index, path, startTicks, durationTicks: taken.length * samplesPerFrame };
  }
}

/** The first frame at or after a time. */
function frameAt(seconds: number, init: AudioInit): number {
  return Math.ceil((seconds * init.timeScale) / samplesPerFrame - 1e-6);
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
