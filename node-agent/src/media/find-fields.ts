// Finds out by looking whether pictures are woven of two fields, for sources in which nobody says: neither the container
// nor the pictures. A second of pictures from the middle tells.
import { VsError } from "@vstream/core/errors.ts";
import type { ProbeTarget, SourceDescription } from "./describe-source.ts";
import { inputGuard, inputPath } from "./input-args.ts";
import type { PacketIndex } from "./packet-collector.ts";
import { runFfmpeg } from "./run-ffmpeg.ts";
import { isSilentOnFields } from "./picture-of.ts";
import type { PictureSample } from "./picture-counter.ts";
import type { Picture } from "./timeline.ts";

/** Heights of television, in which fields come. */
const televisionHeights = [480, 486, 512, 576, 608, 1080, 1088];
const lookedAtFrames = 30;
const lookLimitMs = 60_000;

/** The earlier field; null: pictures are whole, or there is no reason to ask. @throws see run-ffmpeg.ts */
export async function findFields(
  target: ProbeTarget,
  { source, packets, samples }: { source: SourceDescription; packets: PacketIndex; samples: readonly PictureSample[] },
): Promise<Picture["fieldOrder"]> {
  const { video, timeBase } = source;
  if (!televisionHeights.includes(video.height) || !isSilentOnFields({ video, samples })) return null;
  const entry = packets.keyframes[Math.floor(packets.keyframes.length / 2)] ?? 0;
  try {
    const log = await runFfmpeg({
      ffmpegPath: target.tools.ffmpegPath,
      args: fieldArguments(target.sourcePath, { stream: video.index, seconds: (entry * timeBase.num) / timeBase.den }),
      signal: target.signal,
      timeLimitMs: lookLimitMs,
    });
    return fieldOrderIn(log);
  } catch (thrown) {
    // Damage in the middle is for others to find.
    if (!(thrown instanceof VsError) || !["ffmpeg_failed", "ffmpeg_killed"].includes(thrown.code)) throw thrown;
    return null;
  }
}

function fieldArguments(sourcePath: string, { stream, seconds }: { stream: number; seconds: number }): string[] {
  return [
    ...["-nostdin", "-hide_banner", "-loglevel", "info", "-nostats", "-noautorotate"],
    ...(seconds > 0 ? ["-seek_timestamp", "1", "-ss", seconds.toFixed(6)] : []),
    ...inputGuard,
    ...["-i", inputPath(sourcePath), "-map", `0:${stream}`, "-vf", "idet", "-frames:v", String(lookedAtFrames)],
    ...["-f", "null", "-"],
  ];
}

/** From what ffmpeg's detector says at its end: most pictures have to be woven, and alike. */
export function fieldOrderIn(log: readonly string[]): Picture["fieldOrder"] {
  const said = log.findLast((line) => line.includes("Multi frame detection"));
  const match = /TFF:\s*(\d+)\s+BFF:\s*(\d+)\s+Progressive:\s*(\d+)\s+Undetermined:\s*(\d+)/.exec(said ?? "");
  const [top = 0, bottom = 0, whole = 0, unknown = 0] = (match ?? []).slice(1).map(Number);
  const most = Math.max(top, bottom);
  if (most < 5 || most * 4 < (top + bottom + whole + unknown) * 3) return null;
  return top > bottom ? "top" : "bottom";
}
