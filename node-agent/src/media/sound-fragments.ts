// Takes apart what decoding writes (audio-arguments.ts): fragments of samples, each frame of them with its time.
import { boxHeader, need, parseMoof } from "./fmp4-boxes.ts";
import type { CodedSample } from "./fmp4-boxes.ts";

/** Sound without a gap. */
export interface SoundFragment {
  /** Of its first sample: ticks of the sample rate, on the source's clock. */
  readonly decodeTime: number;
  readonly bytes: Buffer;
}

/** The largest frames of lossless codecs, in 32 bits at six times their rate, are smaller. */
const boxByteLimit = 64 * 1024 * 1024;

export class SoundFragments {
  readonly #frameBytes: number;
  #rest: Buffer = Buffer.alloc(0);
  #samples: readonly CodedSample[] = [];

  /** @param channels of 32 bits each */
  constructor(channels: number) {
    this.#frameBytes = channels * 4;
  }

  /** What is whole by now. @throws VsError encode_mismatch when it is something else */
  *take(bytes: Buffer): Generator<SoundFragment> {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    // A header is 16 bytes at most.
    while (this.#rest.length >= 16) {
      const { type, headerBytes, sizeBytes } = boxHeader(this.#rest, 0);
      need(sizeBytes <= boxByteLimit, `a box of ${sizeBytes} bytes`);
      if (this.#rest.length < sizeBytes) return;
      const box = this.#rest.subarray(0, sizeBytes);
      this.#rest = this.#rest.subarray(sizeBytes);
      if (type === "moof") this.#samples = parseMoof(box);
      if (type === "mdat") yield* this.#runsOf(box.subarray(headerBytes));
    }
  }

  // Frames of some codecs last less than a millisecond: those that follow each other go on together.
  *#runsOf(payload: Buffer): Generator<SoundFragment> {
    let [start, end] = [0, 0];
    let first: CodedSample | null = null;
    for (const sample of this.#samples) {
      const next = first === null ? null : first.decodeTime + (end - start) / this.#frameBytes;
      if (first === null || sample.decodeTime !== next) {
        if (first !== null) yield { decodeTime: first.decodeTime, bytes: payload.subarray(start, end) };
        first = sample;
        start = end;
      }
      end += sample.sizeBytes;
    }
    if (first !== null) yield { decodeTime: first.decodeTime, bytes: payload.subarray(start, end) };
  }
}
