// Makes a packet index out of ffprobe's lines, one after the other.
import { VsError } from "@vstream/core/errors.ts";
import type { SourceDescription } from "./describe-source.ts";
import { inShownOrder } from "./shown-order.ts";
import { frameLimit } from "./timeline-codec.ts";
import type { PacketSpan } from "./timeline.ts";

export interface PacketIndex {
  /** Of the video's packets that are to be shown, ascending; null: a packet has none, or two have the same. */
  readonly pts: Float64Array | null;
  /** Times at which decoding can begin, ascending. */
  readonly keyframes: Float64Array;
  /** Empty when packets do not say where they lie, or there are too many keyframes to tell them apart. */
  readonly spans: readonly PacketSpan[];
  /** Of each stream, packets of every kind. */
  readonly counts: ReadonlyMap<number, number>;
  /** Of each stream but the video shown, from its first packet to the end of its last, in seconds. */
  readonly lengths: ReadonlyMap<number, number>;
  /** When the last packet of any stream ends, in seconds; 0: nobody says. */
  readonly endSeconds: number;
  /** How long the video's last packet lasts, in its ticks, as the container has it; 0: nobody says. */
  readonly lastTicks: number;
  /** Frames are shown before the first keyframe, or packets come before it: it takes decoding to know which. */
  readonly startsOpen: boolean;
  /** Parsing found packets that hold no picture: only decoding tells what can be shown. */
  readonly isDoubtful: boolean;
}

/** Packets of one span; a span also begins at each keyframe. */
const spanPackets = 32;
/** With more keyframes than this no spans are kept: almost three hours of a film of nothing else. */
export const keySpanLimit = 250_000;

export class PacketCollector {
  readonly #source: SourceDescription;
  readonly #counts = new Map<number, number>();
  readonly #reaches = new Map<number, { start: number; end: number }>();
  readonly #shown: number[] = [];
  readonly #keyframes: number[] = [];
  readonly #spans: { key: boolean; minPts: number; maxPts: number; start: number; end: number; packets: number }[] = [];
  #ticksEnd = 0;
  #lastTicks = 0;
  #hasAllTimes = true;
  #keySpans = 0;
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
      if (end !== null && time !== null && end >= this.#ticksEnd) {
        this.#ticksEnd = end;
        this.#lastTicks = end - time;
      }
    } else if (end !== null && time !== null) {
      const reach = this.#reaches.get(index) ?? { start: time, end };
      this.#reaches.set(index, { start: Math.min(reach.start, time), end: Math.max(reach.end, end) });
    }
  }

  finish(): Omit<PacketIndex, "isDoubtful"> {
    const sorted = this.#hasAllTimes ? inShownOrder(this.#shown, this.#source) : null;
    const isPlain = sorted?.every((time, index) => index === 0 || time > (sorted[index - 1] ?? 0)) === true;
    const reaches = [...this.#reaches].map(([index, { start, end }]) => {
      const seconds = this.#secondsPerTick(index);
      return { index, length: (end - start) * seconds, end: end * seconds };
    });
    const videoEndSeconds = this.#ticksEnd * this.#secondsPerTick(this.#source.video.index);
    return {
      pts: isPlain ? sorted : null,
      keyframes: Float64Array.from(this.#keyframes)
        .sort()
        .filter((time, index, all) => index === 0 || time !== all[index - 1]),
      spans: this.#spans,
      counts: this.#counts,
      lengths: new Map(reaches.map(({ index, length }) => [index, length])),
      endSeconds: reaches.reduce((most, { end }) => Math.max(most, end), videoEndSeconds),
      lastTicks: this.#lastTicks,
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
    if (!this.#hasAllPlaces) return;
    if (packet.isKey) this.#keySpans += 1;
    if (time === null || start === null || size === null || this.#keySpans > keySpanLimit) {
      this.#hasAllPlaces = false;
      this.#spans.length = 0;
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

export function tooManyFrames(): VsError {
  return new VsError("media_limit", `the source has more than ${frameLimit} frames`);
}

/** A count of ticks as ffprobe prints it; null: there is none. */
export function asTicks(text: string | undefined): number | null {
  const value = Number(text);
  return text === undefined || text === "" || !Number.isSafeInteger(value) ? null : value;
}
