// Lists a source's packets (without decoding) or its decoded frames (where packets do not tell), in the order in which
// frames are shown.
import type { ProbeTarget, SourceDescription } from "./describe-source.ts";
import { frameIndexArguments, packetIndexArguments } from "./ffprobe-args.ts";
import type { FrameIndexRange } from "./ffprobe-args.ts";
import { asTicks, PacketCollector, tooManyFrames } from "./packet-collector.ts";
import type { PacketIndex } from "./packet-collector.ts";
import { runFfprobe } from "./run-ffprobe.ts";
import { PictureCounter } from "./picture-counter.ts";
import type { PictureSample } from "./picture-counter.ts";
import { frameLimit } from "./timeline-codec.ts";

export type { PacketIndex } from "./packet-collector.ts";

/** Of one run: a day of pictures and of two or three sounds. */
const outputByteLimit = 800_000_000;

const doubt = /Invalid NAL unit size|missing picture in access unit/;

/** @throws VsError media_limit, source_unsupported, source_damaged; see run-ffprobe.ts */
export async function indexPackets(target: ProbeTarget, source: SourceDescription): Promise<PacketIndex> {
  const collector = new PacketCollector(source);
  const log = await runFfprobe({
    ffprobePath: target.tools.ffprobePath,
    args: packetIndexArguments(target.sourcePath),
    signal: target.signal,
    timeLimitMs: readingLimitMs(target.sourceBytes),
    outputByteLimit,
    onLine: (line) => {
      collector.take(line);
    },
  });
  return { ...collector.finish(), isDoubtful: log.some((line) => doubt.test(line)) };
}

export interface FrameIndex {
  /** Of decoded frames, as the decoder gives them; NaN for one that has none. */
  readonly times: number[];
  readonly samples: readonly PictureSample[];
}

/** Decodes a source's pictures, all or some. */
export async function indexFrames(
  target: ProbeTarget,
  stream: number,
  range: FrameIndexRange = {},
): Promise<FrameIndex> {
  const times: number[] = [];
  const counter = new PictureCounter();
  await runFfprobe({
    ffprobePath: target.tools.ffprobePath,
    args: frameIndexArguments(target.sourcePath, stream, range),
    signal: target.signal,
    timeLimitMs: indexLimitMs(target.sourceBytes, decodingBytesPerMs),
    outputByteLimit,
    onLine: (line) => {
      // A picture's side data goes on in lines of its own.
      if (!/^(-?\d+|N\/A),/.test(line)) return;
      times.push(asTicks(line.split(",")[0]) ?? NaN);
      counter.take(line);
      if (times.length > frameLimit) throw tooManyFrames();
    },
  });
  return { times, samples: counter.samples };
}

const readingBytesPerMs = 5000;
const decodingBytesPerMs = 500;
const longestIndexMs = 24 * 3600 * 1000;

/** How long ffprobe may take to read all packets of a source. */
export function readingLimitMs(sourceBytes: number): number {
  return indexLimitMs(sourceBytes, readingBytesPerMs);
}

function indexLimitMs(sourceBytes: number, bytesPerMs: number): number {
  return Math.min(120_000 + Math.ceil(sourceBytes / bytesPerMs), longestIndexMs);
}
