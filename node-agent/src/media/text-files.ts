// Pure: cuts cues into WebVTT files, one for each chunk of the video.
import { VsError } from "@vstream/core/errors.ts";
import type { Cue } from "./text-cues.ts";
import { segmentTimes } from "./timeline.ts";
import type { Timeline } from "./timeline.ts";

/** Cues are told by times of the video, which begins at 0. RFC 8216, 3.5. */
const header = "WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0\n";

/** Of a cue, beside its text. */
const blockBytes = "00:00:00.000 --> 00:00:00.000\n\n\n".length;

/**
 * When each chunk begins, in milliseconds, and when the last one ends.
 * @param chunkSegments segments in each chunk, in order
 * @throws VsError encode_mismatch when they are not those of the timeline
 */
export function chunkBoundaries(timeline: Timeline, chunkSegments: readonly number[]): number[] {
  const times = segmentTimes(timeline);
  const starts = [0];
  for (const count of chunkSegments) starts.push((starts.at(-1) ?? 0) + count);
  if (starts.at(-1) !== times.length - 1) {
    throw new VsError(
      "encode_mismatch",
      `the chunks have ${starts.at(-1) ?? 0} segments, the video ${times.length - 1}`,
    );
  }
  return starts.map((segment) => (times[segment] ?? 0) * 1000);
}

/**
 * A file for each chunk; a cue stands in each that it touches.
 * @param cues by their start
 * @param byteLimit of all files: long cues in many chunks take more than they are
 * @throws VsError media_limit
 */
export function* textFiles(cues: readonly Cue[], boundaries: readonly number[], byteLimit: number): Generator<Buffer> {
  let left = byteLimit;
  let next = 0;
  let lasting: Cue[] = [];
  for (const [chunk, end] of boundaries.slice(1).entries()) {
    const start = boundaries[chunk] ?? 0;
    lasting = lasting.filter((cue) => cue.endMs > start);
    for (let cue = cues[next]; cue !== undefined && cue.startMs < end; cue = cues[next]) {
      lasting.push(cue);
      next += 1;
    }
    const sizeBytes = lasting.reduce((sum, cue) => sum + cue.text.length + blockBytes, header.length);
    if (sizeBytes > left) throw new VsError("media_limit", `a text track takes more than ${byteLimit} bytes`);
    const file = Buffer.from([header, ...lasting.map(cueBlock)].join("\n"));
    left -= file.length;
    yield file;
  }
}

function cueBlock({ startMs, endMs, text }: Cue): string {
  return `${timestamp(startMs)} --> ${timestamp(endMs)}\n${text}\n`;
}

function timestamp(ms: number): string {
  const two = (value: number): string => String(Math.floor(value)).padStart(2, "0");
  return `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two((ms / 1000) % 60)}.${String(ms % 1000).padStart(3, "0")}`;
}
