// Reads a segment while it arrives, or only what of it is asked for, and keeps what rules need: the moofs, as numbers,
// and the first bytes of the pictures. Memory is bounded whatever the segment's size. Nothing throws: what cannot be
// read is a problem, said.
import { UnreadableBoxes, boxHeader, need } from "./boxes.ts";
import { noDefaults } from "./init-segment.ts";
import type { InitTrack } from "./init-segment.ts";
import { parseMovieFragment } from "./movie-fragment.ts";
import type { MovieFragment } from "./movie-fragment.ts";
import { pictureKindOf } from "./picture-kind.ts";
import type { PictureKind } from "./picture-kind.ts";

export interface ScannedFragment {
  /** Bytes from the segment's start to the moof. */
  readonly offset: number;
  /** Bytes from the segment's start to the end of the first sample; null: not known. */
  readonly firstSampleEnd: number | null;
  readonly trafs: number;
  readonly runs: readonly number[];
  readonly decodeTicks: number | null;
  readonly durationTicks: number;
  readonly samples: number;
  /** Decode times of sync samples after the fragment's start. */
  readonly syncTicks: readonly number[];
  readonly startsWithSync: boolean;
  /** Null: the track has no pictures, or they cannot be told. */
  readonly firstPicture: PictureKind | null;
  /** How long samples are shown, with how many are so long; the last one apart. */
  readonly shownTicks: ReadonlyMap<number, number>;
  readonly lastSampleTicks: number;
}

export interface ScannedSegment {
  readonly bytes: number;
  readonly container: "fmp4" | "ts" | "other";
  readonly fragments: readonly ScannedFragment[];
  /** Null: it could be read to its end. */
  readonly problem: string | null;
}

const moofLimitBytes = 4 * 2 ** 20;
const pictureHeadBytes = 16 * 2 ** 10;
const fragmentsLimit = 5_000;
/** Of a map of durations: variable rates have a few, damage has many. */
const durationsLimit = 1_000;

type State =
  /** Gathering a box's header, or the whole of a moof. */
  | { readonly kind: "gather"; readonly wantedBytes: number }
  /** Passing over content; the first `keepBytes` of it are kept. */
  | { readonly kind: "pass"; leftBytes: number; keepBytes: number; readonly isPayload: boolean };

const noBytes = Buffer.alloc(0);

export class SegmentScan {
  readonly #track: InitTrack | null;
  readonly #fragments: ScannedFragment[] = [];
  #state: State = { kind: "gather", wantedBytes: 8 };
  #held: Buffer = noBytes;
  #bytes = 0;
  /** Where the box begins that is being read. */
  #boxAt = 0;
  #firstBytes = noBytes;
  /** A moof whose mdat is still to come. */
  #open: { readonly offset: number; readonly moof: MovieFragment } | null = null;
  #problem: string | null = null;

  /** @param track whose samples they are; null: not known */
  constructor(track: InitTrack | null) {
    this.#track = track;
  }

  push(chunk: Buffer): void {
    if (this.#firstBytes.length < 8) this.#firstBytes = Buffer.concat([this.#firstBytes, chunk.subarray(0, 8)]);
    this.#bytes += chunk.length;
    if (this.#problem !== null) return;
    try {
      this.#take(chunk);
    } catch (thrown) {
      if (!(thrown instanceof UnreadableBoxes)) throw thrown;
      this.#problem = `it has ${thrown.message}`;
      this.#held = noBytes;
    }
  }

  /** How many of the bytes that come next are of no interest. */
  get skippableBytes(): number {
    if (this.#problem !== null) return Infinity;
    return this.#state.kind === "pass" && this.#state.keepBytes === 0 ? this.#state.leftBytes : 0;
  }

  /** For who need not read what is of no interest. @param bytes of those that come next, at most the skippable ones */
  skip(bytes: number): void {
    this.#bytes += bytes;
    const state = this.#state;
    if (bytes === 0 || this.#problem !== null || state.kind !== "pass") return;
    this.#pass({ ...state, leftBytes: state.leftBytes - bytes });
  }

  end(): ScannedSegment {
    if (this.#problem === null) {
      const isCut = this.#held.length > 0 || this.#state.kind === "pass";
      if (isCut) this.#problem = "it ends in the middle of a box";
      else if (this.#open !== null) this.#problem = "it has a moof without an mdat";
      else if (this.#fragments.length === 0) this.#problem = "it has no fragment";
    }
    return { bytes: this.#bytes, container: this.#container(), fragments: this.#fragments, problem: this.#problem };
  }

  #container(): ScannedSegment["container"] {
    if (this.#firstBytes[0] === 0x47) return "ts";
    const type = this.#firstBytes.toString("latin1", 4, 8);
    return /^(styp|moof|sidx|emsg|prft|ftyp|free)$/.test(type) ? "fmp4" : "other";
  }

  #take(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0) {
      const state = this.#state;
      const taken = rest.subarray(0, state.kind === "gather" ? state.wantedBytes - this.#held.length : state.leftBytes);
      rest = rest.subarray(taken.length);
      if (state.kind === "gather") {
        this.#held = Buffer.concat([this.#held, taken]);
        if (this.#held.length === state.wantedBytes) this.#gathered(this.#held);
      } else {
        const kept = taken.subarray(0, state.keepBytes);
        if (kept.length > 0) this.#held = Buffer.concat([this.#held, kept]);
        this.#pass({ ...state, leftBytes: state.leftBytes - taken.length, keepBytes: state.keepBytes - kept.length });
      }
    }
  }

  #gathered(held: Buffer): void {
    if (held.length === 8 && held.readUInt32BE(0) === 1) {
      this.#state = { kind: "gather", wantedBytes: 16 };
      return;
    }
    const { type, sizeBytes } = boxHeader(held, 0);
    if (type === "moof" && held.length < sizeBytes) {
      need(sizeBytes <= moofLimitBytes, `a moof of ${sizeBytes} bytes`);
      this.#state = { kind: "gather", wantedBytes: sizeBytes };
      return;
    }
    if (type === "moof") this.#openFragment(held);
    const isPayload = type === "mdat" && this.#open !== null;
    const pictureBytes = isPayload ? (this.#open?.moof.samples[0]?.sizeBytes ?? 0) : 0;
    this.#boxAt += sizeBytes;
    const leftBytes = sizeBytes - held.length;
    this.#held = noBytes;
    this.#pass({ kind: "pass", leftBytes, keepBytes: Math.min(pictureBytes, pictureHeadBytes), isPayload });
  }

  #pass(state: Extract<State, { kind: "pass" }>): void {
    this.#state = state;
    if (state.leftBytes > 0) return;
    if (state.isPayload && this.#open !== null) {
      const { offset, moof } = this.#open;
      this.#fragments.push(summaryOf(offset, moof, pictureKindOf(this.#held, this.#track)));
      this.#open = null;
    }
    this.#held = noBytes;
    this.#state = { kind: "gather", wantedBytes: 8 };
  }

  #openFragment(moof: Buffer): void {
    need(this.#open === null, "a moof without an mdat");
    need(this.#fragments.length < fragmentsLimit, "too many fragments");
    this.#open = { offset: this.#boxAt, moof: parseMovieFragment(moof, this.#track?.defaults ?? noDefaults) };
  }
}

function summaryOf(offset: number, moof: MovieFragment, firstPicture: PictureKind | null): ScannedFragment {
  const { samples, payloadOffset, trafs, runs, decodeTicks } = moof;
  const syncTicks: number[] = [];
  const shownAt: number[] = [];
  let durationTicks = 0;
  for (const { durationTicks: ticks, compositionTicks, isSync } of samples) {
    if (isSync) syncTicks.push(durationTicks);
    shownAt.push(durationTicks + compositionTicks);
    durationTicks += ticks;
  }
  const [first] = samples;
  return {
    offset,
    firstSampleEnd: first === undefined || payloadOffset === null ? null : offset + payloadOffset + first.sizeBytes,
    trafs,
    runs,
    decodeTicks,
    durationTicks,
    samples: samples.length,
    syncTicks,
    startsWithSync: first?.isSync === true,
    firstPicture,
    shownTicks: stepsOf(shownAt),
    lastSampleTicks: samples.at(-1)?.durationTicks ?? 0,
  };
}

function stepsOf(times: readonly number[]): Map<number, number> {
  const steps = new Map<number, number>();
  const inOrder = times.toSorted((one, other) => one - other);
  for (const [index, time] of inOrder.entries()) {
    const next = inOrder[index + 1];
    if (next === undefined) break;
    const ticks = next - time;
    if (steps.size < durationsLimit || steps.has(ticks)) steps.set(ticks, (steps.get(ticks) ?? 0) + 1);
  }
  return steps;
}
