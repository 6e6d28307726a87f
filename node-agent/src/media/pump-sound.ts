// Runs the two ffmpegs of an audio encode, and carries samples from the one to the other, laid where they belong. Both
// are gone when it settles. However much is decoded, only what fits between them waits in memory.
import { once } from "node:events";
import { VsError } from "@vstream/core/errors.ts";
import { explainEnd, keepLine, lineCutter, ProgressReader } from "./ffmpeg-output.ts";
import type { EncodeProgress, ProcessEnd } from "./ffmpeg-output.ts";
import { ended, startFed, startGuarded } from "./guarded-process.ts";
import type { FedProcess, GuardedProcess } from "./guarded-process.ts";
import type { SoundTrack } from "./lay-sound.ts";
import { SoundFragments } from "./sound-fragments.ts";
import type { SoundFragment } from "./sound-fragments.ts";

const defaultTimeLimitMs = 12 * 3600 * 1000;

export interface SoundPump {
  readonly ffmpegPath: string;
  readonly decodeArgs: readonly string[];
  readonly encodeArgs: readonly string[];
  readonly track: SoundTrack;
  /** Where the track begins on the decoder's clock, in samples; need not be whole. */
  readonly firstTick: number;
  readonly signal: AbortSignal;
  readonly timeLimitMs: number | undefined;
  readonly onProgress: (progress: EncodeProgress) => void;
  /** Each line for people, as it comes. */
  readonly onLog: ((line: string) => void) | undefined;
}

/**
 * Encodes a track whole; where the source gives nothing, silence.
 * @returns the last lines that both printed
 * @throws the signal's reason; VsError ffmpeg_missing, timed_out, storage_full, unknown_codec, ffmpeg_killed,
 *   ffmpeg_failed, encode_mismatch
 */
export async function pumpSound(pump: SoundPump): Promise<string[]> {
  pump.signal.throwIfAborted();
  const timeLimitMs = pump.timeLimitMs ?? defaultTimeLimitMs;
  const limit = AbortSignal.timeout(timeLimitMs);
  const halt = new AbortController();
  const signal = AbortSignal.any([pump.signal, limit, halt.signal]);
  const enough = new AbortController();
  const log: string[] = [];
  const running = await startBoth(pump, { signal, enough, log });
  const feeding = feed(running, pump).catch((thrown: unknown) => {
    halt.abort(thrown);
  });
  const [encoded] = await Promise.all([running.encoded, running.decoded, feeding]);
  pump.signal.throwIfAborted();
  if (limit.aborted) throw new VsError("timed_out", `ffmpeg was not done after ${timeLimitMs / 1000} s`);
  halt.signal.throwIfAborted();
  if (encoded.exitCode !== 0) throw explainEnd("ffmpeg", encoded, log);
  return log;
}

interface Running {
  readonly decoder: GuardedProcess;
  readonly encoder: FedProcess;
  readonly decoded: Promise<ProcessEnd>;
  readonly encoded: Promise<ProcessEnd>;
  /** Aborted when the rest of the source is not wanted. */
  readonly enough: AbortController;
  /** Whole once both have ended. */
  readonly log: string[];
}

type Surroundings = Pick<Running, "enough" | "log"> & { readonly signal: AbortSignal };

/** Starts both, or throws when neither is there any more. */
async function startBoth(pump: SoundPump, { signal, enough, log }: Surroundings): Promise<Running> {
  const halt = new AbortController();
  const either = AbortSignal.any([signal, halt.signal]);
  const ends: Promise<ProcessEnd>[] = [];
  const follow = (child: GuardedProcess): Promise<ProcessEnd> => {
    const end = endOf(child, pump, log);
    ends.push(end);
    return end;
  };
  try {
    const decoder = startGuarded(pump.ffmpegPath, pump.decodeArgs, AbortSignal.any([either, enough.signal]));
    const decoded = follow(decoder);
    const encoder = startFed(pump.ffmpegPath, pump.encodeArgs, either);
    const encoded = follow(encoder);
    // A process that cannot be started never gets a number; its streams may never end.
    if (decoder.pid === undefined) await decoded;
    if (encoder.pid === undefined) await encoded;
    encoder.stdout.resume();
    const watched = encoded.then((end) => {
      if (end.exitCode !== 0) enough.abort();
      return end;
    });
    return { decoder, encoder, decoded, encoded: watched, enough, log };
  } catch (thrown) {
    halt.abort();
    await Promise.allSettled(ends);
    pump.signal.throwIfAborted();
    throw new VsError("ffmpeg_missing", `ffmpeg cannot be started: ${String(thrown)}`);
  }
}

async function endOf(child: GuardedProcess, pump: SoundPump, log: string[]): Promise<ProcessEnd> {
  const end = ended(child);
  const lines = child.pid === undefined ? null : readLines(child, pump, log);
  const how = await end;
  lines?.finish();
  return how;
}

function readLines(child: GuardedProcess, pump: SoundPump, log: string[]): { finish: () => void } {
  const progress = new ProgressReader();
  const lines = lineCutter((line) => {
    const report = progress.read(line);
    if (report === null) {
      keepLine(log, line);
      pump.onLog?.(line);
    } else if (report !== "partial") pump.onProgress(report);
  });
  child.stderr.on("data", lines.take);
  return lines;
}

async function feed(
  { decoder, decoded, encoder, enough, log }: Running,
  { track, firstTick }: SoundPump,
): Promise<void> {
  const intake = new Intake(encoder);
  const fragments = new SoundFragments(track.channels);
  const first = Math.round(firstTick);
  for await (const bytes of decoder.stdout as AsyncIterable<Buffer>) {
    await intake.take(laidFrom(fragments.take(bytes), { track, first }));
    if (!track.isFull && !intake.isClosed) continue;
    // Before its output is closed: it would complain of that.
    enough.abort();
    break;
  }
  // Output that stops looks like sound that ends: silence is laid only where the source is known to be over.
  const end = await decoded;
  if (end.exitCode !== 0 && !enough.signal.aborted) throw explainEnd("ffmpeg", end, log);
  await intake.take(track.finish());
  encoder.stdin.end();
}

function* laidFrom(
  fragments: Iterable<SoundFragment>,
  { track, first }: { track: SoundTrack; first: number },
): Generator<Buffer> {
  for (const { decodeTime, bytes } of fragments) yield* track.lay({ at: decodeTime - first, bytes });
}

/** Bytes that wait for the encoder before more are laid. */
const waitingByteLimit = 256 * 1024;

/** The encoder's standard input. Once the encoder is gone, what is written goes nowhere: its end says why. */
class Intake {
  readonly #encoder: FedProcess;
  readonly #gone: Promise<unknown>;
  #closed = false;

  constructor(encoder: FedProcess) {
    this.#encoder = encoder;
    this.#gone = once(encoder.stdin, "close").catch(() => undefined);
    encoder.stdin.on("error", () => {
      this.#closed = true;
    });
    encoder.stdin.on("close", () => {
      this.#closed = true;
    });
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Takes all parts, and as many at once as may wait. */
  async take(parts: Iterable<Buffer>): Promise<void> {
    const { stdin } = this.#encoder;
    stdin.cork();
    for (const part of parts) {
      if (this.#closed) break;
      stdin.write(part);
      if (stdin.writableLength < waitingByteLimit) continue;
      stdin.uncork();
      await this.#drained();
      stdin.cork();
    }
    stdin.uncork();
    if (stdin.writableNeedDrain) await this.#drained();
  }

  async #drained(): Promise<void> {
    if (this.#closed || !this.#encoder.stdin.writableNeedDrain) return;
    const waiting = new AbortController();
    const drain = once(this.#encoder.stdin, "drain", { signal: waiting.signal });
    await Promise.race([drain, this.#gone]).catch(() => undefined);
    waiting.abort();
  }
}
