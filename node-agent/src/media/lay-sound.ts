// Pure: lays decoded sound on a track that begins with the picture and ends with it. Silence where the source has
// nothing, whatever lies before or after is cut off, and a clock that runs a little wrong is followed without a jump.
// Memory does not grow with the length of a gap.

/** Samples of all channels side by side, 32-bit floats, little-endian. */
export interface SoundBlock {
  /** Of its first sample: samples from the track's start; may be negative. */
  readonly at: number;
  readonly bytes: Buffer;
}

export interface TrackForm {
  readonly channels: number;
  readonly sampleRate: number;
  /** Of the whole track, in samples. */
  readonly samples: number;
}

const bytesPerValue = 4;
const silenceByteLimit = 64 * 1024;

/** Timestamps that are further off than this mean a gap or an overlap: less than a picture at 30 a second. */
const jumpSeconds = 0.03;
/** Nearer than this they are taken for rounded: containers count in milliseconds. */
const toleranceSeconds = 0.002;
/** In between, their mean over about this long is followed: single ones tremble in recordings of calls. */
const meanSeconds = 0.5;
/** By stretching, at most one sample in so many. */
const stretchDivisor = 64;

export class SoundTrack {
  readonly #form: TrackForm;
  readonly #silence: Buffer;
  #next = 0;
  #begun = false;
  /** By how many samples the source is ahead of what was laid, in the mean. */
  #lead = 0;
  /** The last values laid, one a channel. */
  #before: Float32Array;

  constructor(form: TrackForm) {
    this.#form = form;
    this.#before = new Float32Array(form.channels);
    this.#silence = Buffer.alloc(silenceByteLimit - (silenceByteLimit % this.#frameBytes));
  }

  get channels(): number {
    return this.#form.channels;
  }

  /** No more sound is wanted. */
  get isFull(): boolean {
    return this.#next >= this.#form.samples;
  }

  /** Bytes that follow those given before. */
  *lay(block: SoundBlock): Generator<Buffer> {
    const count = Math.floor(block.bytes.length / this.#frameBytes);
    if (count === 0) return;
    const ahead = block.at - this.#next;
    if (!this.#begun || Math.abs(ahead) > jumpSeconds * this.#form.sampleRate) {
      this.#lead = 0;
      if (-ahead >= count) return;
      this.#begun = true;
      yield* this.#lieStill(ahead);
      yield* this.#put(block.bytes.subarray(Math.max(0, -ahead) * this.#frameBytes));
    } else {
      yield* this.#put(this.#followed(block.bytes, { count, ahead }));
    }
  }

  /** Silence up to the track's end. */
  *finish(): Generator<Buffer> {
    yield* this.#lieStill(this.#form.samples - this.#next);
  }

  get #frameBytes(): number {
    return this.#form.channels * bytesPerValue;
  }

  *#put(bytes: Buffer): Generator<Buffer> {
    const wanted = bytes.subarray(0, Math.max(0, this.#form.samples - this.#next) * this.#frameBytes);
    if (wanted.length === 0) return;
    this.#next += wanted.length / this.#frameBytes;
    this.#before = valuesOf(wanted.subarray(wanted.length - this.#frameBytes));
    yield wanted;
  }

  *#lieStill(samples: number): Generator<Buffer> {
    let left = Math.min(samples, this.#form.samples - this.#next);
    while (left > 0) {
      const bytes = this.#silence.subarray(0, left * this.#frameBytes);
      left -= bytes.length / this.#frameBytes;
      yield* this.#put(bytes);
    }
  }

  #followed(bytes: Buffer, { count, ahead }: { count: number; ahead: number }): Buffer {
    const { sampleRate, channels } = this.#form;
    this.#lead += (ahead - this.#lead) * Math.min(1, count / (meanSeconds * sampleRate));
    if (Math.abs(this.#lead) < toleranceSeconds * sampleRate) return bytes;
    const most = Math.floor(count / stretchDivisor);
    const extra = Math.max(-most, Math.min(most, Math.round(this.#lead)));
    if (extra === 0) return bytes;
    this.#lead -= extra;
    return stretched(valuesOf(bytes), { channels, before: this.#before, count: count + extra });
  }
}

/** The same sound in another number of samples, by cubic interpolation. */
function stretched(
  values: Float32Array,
  to: { readonly channels: number; readonly before: Float32Array; readonly count: number },
): Buffer {
  const { channels, before, count } = to;
  const had = values.length / channels;
  const result = new Float32Array(count * channels);
  for (let channel = 0; channel < channels; channel += 1) {
    const at = (index: number): number =>
      index < 0 ? (before[channel] ?? 0) : (values[Math.min(index, had - 1) * channels + channel] ?? 0);
    for (let index = 0; index < count; index += 1) {
      const place = (index * had) / count;
      const whole = Math.floor(place);
      const points = [at(whole - 1), at(whole), at(whole + 1), at(whole + 2)] as const;
      result[index * channels + channel] = between(points, place - whole);
    }
  }
  return Buffer.from(result.buffer);
}

// Catmull and Rom's: through the two points in the middle, with the slopes of their neighbours.
function between([a, b, c, d]: readonly [number, number, number, number], share: number): number {
  return b + 0.5 * share * (c - a + share * (2 * a - 5 * b + 4 * c - d + share * (3 * (b - c) + d - a)));
}

// A copy: bytes from a pipe need not lie where floats may.
function valuesOf(bytes: Buffer): Float32Array {
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}
