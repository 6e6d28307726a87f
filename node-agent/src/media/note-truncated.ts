// Finds sources that were cut off. ffmpeg reads them without an error, so what is there is held against what the
// container says should be.
import type { VsError } from "@vstream/core/errors.ts";
import type { ProbeTarget, SourceDescription } from "./describe-source.ts";
import { rawCountArguments } from "./ffprobe-args.ts";
import { readingLimitMs } from "./packet-index.ts";
import type { PacketIndex } from "./packet-index.ts";
import { runFfprobe } from "./run-ffprobe.ts";
import type { FoundLayout } from "./source-layout.ts";
import type { SourceDamage } from "./source-damage.ts";
import { cutOff } from "./source-refusals.ts";
import type { SourceStream } from "./source-shape.ts";

const countByteLimit = 65_536;

/** By how much the last packet may end early in a file whose container says that bytes are missing. */
const cutToleranceSeconds = 0.1;

/** Containers whose duration is a header's word, and true; streams (TS, PS, raw) declare none. */
const declaringFormats = ["matroska", "avi", "flv", "asf", "mov"];

/** @throws VsError source_truncated, unless damage is allowed */
export async function noteTruncated(
  target: ProbeTarget,
  found: { source: SourceDescription; packets: PacketIndex; layout: FoundLayout },
  damage: SourceDamage,
): Promise<void> {
  const truncation = await findTruncation(target, found);
  if (truncation !== null) damage.note(truncation);
}

async function findTruncation(
  target: ProbeTarget,
  { source, packets, layout }: { source: SourceDescription; packets: PacketIndex; layout: FoundLayout },
): Promise<VsError | null> {
  const tables = layout.container === "mp4" ? source.streams.filter((stream) => isCounted(stream, packets)) : [];
  if (tables.length > 0) {
    // The sample table is the truth: some good files have an mdat box that claims to be longer than the file.
    return await compareSamples(target, tables, packets);
  }
  if (layout.container === "mp4" && layout.cut) return truncated("its last box is not whole", packets);
  return compareDuration(source, packets, layout);
}

/** The refusal of a file that cannot even be opened, if it is one that was cut off. */
export function truncatedHead(layout: FoundLayout): VsError | null {
  return layout.container === "mp4" && layout.cut ? cutOff("its index lay in the part that is missing") : null;
}

function isCounted(stream: SourceStream, packets: PacketIndex): boolean {
  const samples = stream.nb_frames ?? 0;
  return ["video", "audio"].includes(stream.codec_type) && samples > 0 && !isInBunches(stream, packets);
}

/** Packets of coded sound are this long at least: more samples a second are bare values, and come in bunches. */
const mostPacketsPerSecond = 2000;

function isInBunches({ codec_type, index, nb_frames, duration }: SourceStream, packets: PacketIndex): boolean {
  if (codec_type !== "audio" || duration === null || duration === 0) return false;
  const isWhole = (packets.lengths.get(index) ?? 0) >= duration - cutToleranceSeconds;
  return isWhole || (nb_frames ?? 0) / duration > mostPacketsPerSecond;
}

async function compareSamples(
  target: ProbeTarget,
  tables: readonly SourceStream[],
  packets: PacketIndex,
): Promise<VsError | null> {
  if (tables.every((stream) => (packets.counts.get(stream.index) ?? 0) >= (stream.nb_frames ?? 0))) return null;
  // An edit list may leave samples out: they are counted once more without it.
  const counts = await countRaw(target);
  for (const stream of tables) {
    const have = counts.get(stream.index) ?? 0;
    if (have < (stream.nb_frames ?? 0)) {
      const lists = `it has ${have} of the ${stream.nb_frames ?? 0} ${stream.codec_type} samples that it lists`;
      return truncated(lists, packets);
    }
  }
  return null;
}

async function countRaw(target: ProbeTarget): Promise<Map<number, number>> {
  const counts = new Map<number, number>();
  await runFfprobe({
    ffprobePath: target.tools.ffprobePath,
    args: rawCountArguments(target.sourcePath),
    signal: target.signal,
    timeLimitMs: readingLimitMs(target.sourceBytes),
    outputByteLimit: countByteLimit,
    onLine: (line) => {
      const [index, count] = line.split(",").map(Number);
      if (index !== undefined && count !== undefined && Number.isInteger(count)) counts.set(index, count);
    },
  });
  return counts;
}

// Four of 140 real files declare 143,165 s and hold one: a declaration that is off by more than a factor of two is
// believed only when the container's own length says that bytes are missing.
function compareDuration(source: SourceDescription, packets: PacketIndex, layout: FoundLayout): VsError | null {
  const declared = declaredSeconds(source);
  if (declared === null || !declaringFormats.includes(source.format) || packets.endSeconds <= 0) return null;
  const tolerance = layout.cut ? cutToleranceSeconds : Math.max(1, declared * 0.005);
  const isShort = packets.endSeconds < declared - tolerance;
  if (isShort && (layout.cut || packets.endSeconds * 2 >= declared)) {
    return cutOff(`it declares ${declared.toFixed(1)} s and ends after ${packets.endSeconds.toFixed(1)} s`);
  }
  return null;
}

// ffmpeg takes the duration of an AVI file that lost its index from what is left; the header still counts frames.
function declaredSeconds({ format, video, timeBase, durationSeconds }: SourceDescription): number | null {
  const isCounted = format === "avi" && video.nb_frames !== null;
  return isCounted ? ((video.nb_frames ?? 0) * timeBase.num) / timeBase.den : durationSeconds;
}

function truncated(how: string, { endSeconds }: PacketIndex): VsError {
  return cutOff(endSeconds > 0 ? `${how}, and ends after ${endSeconds.toFixed(1)} s` : how);
}
