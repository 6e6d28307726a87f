// Decodes a few pictures spread over a source, which stand for all.
import { VsError } from "@vstream/core/errors.ts";
import type { ProbeTarget, SourceDescription } from "./describe-source.ts";
import { pictureSampleArguments } from "./ffprobe-args.ts";
import type { PacketIndex } from "./packet-collector.ts";
import { PictureCounter } from "./picture-counter.ts";
import type { PictureSample } from "./picture-counter.ts";
import { runFfprobe } from "./run-ffprobe.ts";

const sampleLimitMs = 120_000;
const sampleByteLimit = 1024 * 1024;
export interface SampledPictures {
  readonly samples: readonly PictureSample[];
  /** Every keyframe that was looked at gave its picture. */
  readonly isWhole: boolean;
}

/**
 * Pictures at some keyframes, spread evenly over the source.
 * @throws VsError unknown_codec, timed_out; the signal's reason
 */
export async function samplePictures(
  target: ProbeTarget,
  found: { source: SourceDescription; packets: PacketIndex; places: number },
): Promise<SampledPictures> {
  const { source, packets, places } = found;
  const chosen = spread(packets.keyframes, places);
  const missing = new Set(chosen.map(String));
  const counter = new PictureCounter();
  try {
    await runFfprobe({
      ffprobePath: target.tools.ffprobePath,
      args: pictureSampleArguments(target.sourcePath, {
        stream: source.video.index,
        seconds: chosen.map((pts) => (pts * source.timeBase.num) / source.timeBase.den),
      }),
      signal: target.signal,
      timeLimitMs: sampleLimitMs,
      outputByteLimit: sampleByteLimit,
      onLine: (line) => {
        counter.take(line);
        missing.delete(line.slice(0, line.indexOf(",")));
      },
    });
  } catch (thrown) {
    // What cannot be entered in the middle tells less.
    if (!(thrown instanceof VsError) || !["ffmpeg_failed", "ffmpeg_killed"].includes(thrown.code)) throw thrown;
  }
  return { samples: counter.samples, isWhole: missing.size === 0 };
}

function spread(values: Float64Array, places: number): number[] {
  const chosen = Array.from({ length: places }, (_, place) => Math.floor(((place + 0.5) * values.length) / places));
  return [...new Set(chosen)].flatMap((at) => values[at] ?? []);
}
