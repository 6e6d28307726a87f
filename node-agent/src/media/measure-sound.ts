// Decodes a source's sound once to learn when it begins and ends, and how loud it is on the way. Containers of sound
// often do not say, or guess.
import { VsError } from "@vstream/core/errors.ts";
import { measureArguments } from "./audio-arguments.ts";
import type { ProbeTarget } from "./describe-source.ts";
import { explainEnd, keepLine, lineCutter } from "./ffmpeg-output.ts";
import { ended, startGuarded } from "./guarded-process.ts";
import type { GuardedProcess } from "./guarded-process.ts";
import { SoundFragments } from "./sound-fragments.ts";
import { durationLimitSeconds } from "./source-refusals.ts";

/** Of one stream, on the source's clock. */
export interface MeasuredSound {
  readonly startSeconds: number;
  readonly endSeconds: number;
  /** How loud each of equally long parts is at its loudest, 0 to 1; the last may be cut short. */
  readonly peaks: readonly number[];
}

/** Parts are made longer, two into one, when there would be more. */
const partLimit = 4096;
const shortestLimitMs = 120_000;
const leastBytesPerMs = 100;

/** Enough to see how loud it is, and when, to an eighth of a millisecond. */
const measuredRate = 8000;

/**
 * Measures an audio stream. @param stream the n-th, of which the container says this rate
 * @returns null when not one sample of it can be decoded
 * @throws VsError ffmpeg_missing, timed_out; the signal's reason
 */
export async function measureSound(
  target: ProbeTarget,
  { track, sampleRate }: { track: number; sampleRate: number },
): Promise<MeasuredSound | null> {
  const measured = await measureAt(target, track, measuredRate);
  // At another rate nothing is left of a few samples.
  return measured ?? (sampleRate > 0 ? await measureAt(target, track, sampleRate) : null);
}

async function measureAt(target: ProbeTarget, stream: number, rate: number): Promise<MeasuredSound | null> {
  target.signal.throwIfAborted();
  const limit = AbortSignal.timeout(shortestLimitMs + Math.ceil(target.sourceBytes / leastBytesPerMs));
  const enough = new AbortController();
  const args = measureArguments({ sourcePath: target.sourcePath, stream, arch: process.arch }, rate);
  const signal = AbortSignal.any([target.signal, limit, enough.signal]);
  const child = startGuarded(target.tools.ffmpegPath, args, signal);
  const ending = ended(child);
  // A process that cannot be started never gets a number; its output may never end.
  if (child.pid === undefined) await ending.catch(refuseStart);
  const log: string[] = [];
  const lines = lineCutter((line) => {
    keepLine(log, line);
  });
  child.stderr.on("data", lines.take);
  const meter = new Meter(rate);
  const reading = readInto(meter, child, enough);
  // Its end is waited for also when what it wrote is refused.
  await Promise.allSettled([ending, reading]);
  target.signal.throwIfAborted();
  if (limit.aborted) throw new VsError("timed_out", "the source's sound could not be read in time");
  const [end] = await Promise.all([ending, reading]);
  // What was decoded before an error counts; without any, the stream is as good as none.
  if (end.signal !== null && meter.measured === null) throw explainEnd("ffmpeg", end, log);
  return meter.measured;
}

function refuseStart(thrown: unknown): never {
  throw new VsError("ffmpeg_missing", `ffmpeg cannot be started: ${String(thrown)}`);
}

async function readInto(meter: Meter, child: GuardedProcess, enough: AbortController): Promise<void> {
  const fragments = new SoundFragments(1);
  try {
    for await (const bytes of child.stdout as AsyncIterable<Buffer>) {
      for (const { decodeTime, bytes: samples } of fragments.take(bytes)) meter.take(decodeTime, samples);
      // How much longer than is allowed need not be known.
      if (meter.seconds > durationLimitSeconds) enough.abort();
    }
  } catch (thrown) {
    enough.abort();
    throw thrown;
  }
}

/** Follows how loud it is. Memory does not grow with the length. */
class Meter {
  readonly #rate: number;
  #start: number | null = null;
  #end = 0;
  #partSamples = 64;
  #peaks: number[] = [];

  constructor(rate: number) {
    this.#rate = rate;
  }

  get measured(): MeasuredSound | null {
    if (this.#start === null) return null;
    const [startSeconds, endSeconds] = [this.#start / this.#rate, this.#end / this.#rate];
    return { startSeconds, endSeconds, peaks: this.#peaks };
  }

  get seconds(): number {
    return (this.#end - (this.#start ?? 0)) / this.#rate;
  }

  take(at: number, bytes: Buffer): void {
    const count = Math.floor(bytes.length / 4);
    if (count === 0) return;
    this.#start ??= at;
    const from = Math.max(0, at - this.#start);
    this.#end = Math.max(this.#end, this.#start + from + count);
    while (from + count > this.#partSamples * partLimit) this.#halve();
    for (let index = 0; index < count; index += 1) {
      const part = Math.floor((from + index) / this.#partSamples);
      const loudness = Math.min(1, Math.abs(bytes.readFloatLE(index * 4)));
      while (this.#peaks.length <= part) this.#peaks.push(0);
      if (loudness > (this.#peaks[part] ?? 0)) this.#peaks[part] = loudness;
    }
  }

  #halve(): void {
    const pairs = Array.from({ length: Math.ceil(this.#peaks.length / 2) }, (_, index) => index * 2);
    this.#peaks = pairs.map((index) => Math.max(this.#peaks[index] ?? 0, this.#peaks[index + 1] ?? 0));
    this.#partSamples *= 2;
  }
}
