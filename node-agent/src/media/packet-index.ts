// Lists a source's packets (without decoding) or its decoded frames (where packets do not tell), in the order in which
// frames are shown.
import { VsError } from "@vstream/core/errors.ts";
import { durationLimitSeconds, tooLong } from "./describe-source.ts";
import type { ProbeTarget, SourceDescription } from "./describe-source.ts";
import { frameIndexArguments, packetIndexArguments } from "./ffprobe-args.ts";
import type { FrameIndexRange } from "./ffprobe-args.ts";
import { runFfprobe } from "./run-ffprobe.ts";
import { frameLimit } from "./timeline-codec.ts";
import type { PacketSpan } from "./timeline.ts";

export interface PacketIndex {
  /** Of the video's packets that are to be shown, ascending; null: a packet has none, or two have the same. */
  readonly pts: Float64Array | null;
  /** Times at which decoding can begin, ascending. */
  readonly keyframes: Float64Array;
  /** Empty when packets do not say where they lie. */
  readonly spans: readonly PacketSpan[];
  /** Of each stream, packets of every kind. */
  readonly counts: ReadonlyMap<number, number>;
  /** When the last packet of any stream ends, in seconds; 0: nobody says. */
  readonly endSeconds: number;
  /** When the video's last packet ends. */
  readonly videoEndSeconds: number;
  /** Frames are shown before the first keyframe, or packets come before it: it takes decoding to know which. */
  readonly startsOpen: boolean;
}

/** Packets of one span; a span also begins at each keyframe. */
const spanPackets = 32;
/** Timestamps may come this many packets out of order; more is a clock that jumps back. */
const reorderLimit = 256;
const bytesPerPacketLine = 80;

/** @throws VsError media_limit, source_unsupported, source_damaged; see run-ffprobe.ts */
export async function indexPackets(target: ProbeTarget, source: SourceDescription): Promise<PacketIndex> {
  const collector = new PacketCollector(source);
  await runFfprobe({
    ffprobePath: target.tools.ffprobePath,
    args: packetIndexArguments(target.sourcePath),
    signal: target.signal,
    timeLimitMs: indexLimitMs(target.sourceBytes, readingBytesPerMs),
    outputByteLimit: frameLimit * bytesPerPacketLine,
    onLine: (line) => {
      collector.take(line);
    },
  });
  return collector.finish();
}

/** Times of decoded frames, as the decoder gives them; NaN for one that has none. */
export async function indexFrames(target: ProbeTarget, range: FrameIndexRange = {}): Promise<number[]> {
  const times: number[] = [];
  await runFfprobe({
    ffprobePath: target.tools.ffprobePath,
    args: frameIndexArguments(target.sourcePath, range),
    signal: target.signal,
    timeLimitMs: indexLimitMs(target.sourceBytes, decodingBytesPerMs),
    outputByteLimit: frameLimit * bytesPerPacketLine,
    onLine: (line) => {
      if (line === "") return;
      times.push(asTicks(line.split(",")[0]) ?? NaN);
      if (times.length > frameLimit) throw tooManyFrames();
    },
  });
  return times;
}

/** Times in ascending order. @throws VsError source_unsupported when the clock jumps back, media_limit */
export function inShownOrder(times: readonly number[], source: SourceDescription): Float64Array {
  const sorted = Float64Array.from(times).sort();
  const length = (((sorted.at(-1) ?? 0) - (sorted[0] ?? 0)) * source.timeBase.num) / source.timeBase.den;
  if (length > durationLimitSeconds) throw tooLong(length);
  for (let index = reorderLimit; index < times.length; index += 1) {
    if ((times[index] ?? 0) >= (sorted[index - reorderLimit] ?? 0)) continue;
    throw new VsError("source_unsupported", "the source's clock jumps back: it seems to be several recordings in one", {
      hint: "Remux it first, so that timestamps only grow",
    });
  }
  return sorted;
}

const readingBytesPerMs = 5000;
const decodingBytesPerMs = 500;
const longestIndexMs = 24 * 3600 * 1000;

function indexLimitMs(sourceBytes: number, bytesPerMs: number): number {
  return Math.min(120_000 + Math.ceil(sourceBytes / bytesPerMs), longestIndexMs);
}

function tooManyFrames(): VsError {
  return new VsError("media_limit", `the source has more than ${frameLimit} frames`);
}

class PacketCollector {
  readonly #source: SourceDescription;
  readonly #counts = new Map<number, number>();
  readonly #shown: number[] = [];
  readonly #keyframes: number[] = [];
  readonly #spans: { key: boolean; minPts: number; maxPts: number; start: number; end: number; packets: number }[] = [];
  #ticksEnd = 0;
  #endSeconds = 0;
  #hasAllTimes = true;
  #hasAllPlaces = true;
  #startsOpen = false;

  constructor(source: SourceDescription) {
    this.#source = source;
  }

  take(line: string): void {
    const [stream, pts, dts, duration, size, pos, flags = ""] = line.split(",");
    const index = Number(stream);
    if (line === "" || !Number.isInteger(index)) return;
    this.#counts.set(index, (this.#counts.get(index) ?? 0) + 1);
    const time = asTicks(pts) ?? asTicks(dts);
    const end = time === null ? null : time + (asTicks(duration) ?? 0);
    if (index === this.#source.video.index) {
      this.#takeVideo({ pts: asTicks(pts), time, isKey: flags.startsWith("K"), isShown: !flags.includes("D") });
      this.#place(time, { start: asTicks(pos), size: asTicks(size), isKey: flags.startsWith("K") });
      if (end !== null) this.#ticksEnd = Math.max(this.#ticksEnd, end);
    } else if (end !== null) this.#endSeconds = Math.max(this.#endSeconds, end * this.#secondsPerTick(index));
  }

  finish(): PacketIndex {
    const sorted = this.#hasAllTimes ? inShownOrder(this.#shown, this.#source) : null;
    const isPlain = sorted?.every((time, index) => index === 0 || time > (sorted[index - 1] ?? 0)) === true;
    const videoEndSeconds = this.#ticksEnd * this.#secondsPerTick(this.#source.video.index);
    return {
      pts: isPlain ? sorted : null,
      keyframes: Float64Array.from(new Set(this.#keyframes)).sort(),
      spans: this.#hasAllPlaces ? this.#spans : [],
      counts: this.#counts,
      endSeconds: Math.max(this.#endSeconds, videoEndSeconds),
      videoEndSeconds,
      startsOpen: this.#startsOpen,
    };
  }

  #takeVideo(packet: { pts: number | null; time: number | null; isKey: boolean; isShown: boolean }): void {
    const { pts, time, isKey, isShown } = packet;
    if ((this.#counts.get(this.#source.video.index) ?? 0) > frameLimit) throw tooManyFrames();
    if (isKey && time !== null) this.#keyframes.push(time);
    const [firstKey] = this.#keyframes;
    if (firstKey === undefined || (time !== null && time < firstKey)) this.#startsOpen ||= isShown;
    if (!isShown) return;
    if (pts === null) this.#hasAllTimes = false;
    else this.#shown.push(pts);
  }

  #place(time: number | null, packet: { start: number | null; size: number | null; isKey: boolean }): void {
    const { start, size, isKey } = packet;
    if (time === null || start === null || size === null) {
      this.#hasAllPlaces = false;
      return;
    }
    const last = this.#spans.at(-1);
    if (last === undefined || isKey || last.packets >= spanPackets) {
      this.#spans.push({ key: isKey, minPts: time, maxPts: time, start, end: start + size, packets: 1 });
      return;
    }
    last.minPts = Math.min(last.minPts, time);
    last.maxPts = Math.max(last.maxPts, time);
    last.start = Math.min(last.start, start);
    last.end = Math.max(last.end, start + size);
    last.packets += 1;
  }

  #secondsPerTick(index: number): number {
    const [num = 0, den = 1] = (this.#source.streams[index]?.time_base ?? "").split("/").map(Number);
    return Number.isFinite(num / den) ? num / den : 0;
  }
}

function asTicks(text: string | undefined): number | null {
  const value = Number(text);
  return text === undefined || text === "" || !Number.isSafeInteger(value) ? null : value;
}
