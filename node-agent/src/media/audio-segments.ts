// Cuts an audio track into segments while ffmpeg still writes it: where the video's segments begin, and ending with the
// video within a frame.
import { join } from "node:path";
import { VsError } from "@vstream/core/errors.ts";
import { FragmentReader } from "./fragment-reader.ts";
import type { CodedSample, TrackHeader } from "./fmp4-boxes.ts";
import { codecsOf, initSegment, mediaFragment } from "./fmp4-writer.ts";
import { writeParts } from "./local-files.ts";
import type { SegmentFile } from "./package-groups.ts";
import { segmentTimes } from "./timeline.ts";
import type { Timeline } from "./timeline.ts";

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

export interface CutTarget {
  readonly timeline: Timeline;
  readonly scratchFolder: string;
  /** Called in order, a call at a time, as segments are finished. */
  readonly onSegments: (init: AudioInit, segments: readonly AudioSegmentFile[]) => Promise<void>;
}

export interface CutTrack {
  readonly timeScale: number;
  readonly codecs: string;
  readonly segments: number;
  readonly durationTicks: number;
}

/** Gathers frames as they are written, and cuts them where the video's segments begin. */
export class SegmentCutter implements AsyncDisposable {
  readonly #reader: FragmentReader;
  readonly #work: CutTarget;
  /** When each segment of video begins, and the end, in seconds. */
  readonly #times: readonly number[];
  #init: AudioInit | null = null;
  #samples: CodedSample[] = [];
  #payloads: Buffer[] = [];
  #firstFrame = 0;
  #written = 0;

  private constructor(reader: FragmentReader, work: CutTarget) {
    this.#reader = reader;
    this.#work = work;
    this.#times = segmentTimes(work.timeline);
  }

  static async open(path: string, work: CutTarget): Promise<SegmentCutter> {
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

  async finish(): Promise<CutTrack> {
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
