// Pure: cuts cues into WebVTT files, one for each chunk of the video.
import { VsError } from "@vstream/core/errors.ts";
import { segmentSeconds } from "@vstream/core/media.ts";
import type { Cue } from "./text-cues.ts";
import { segmentTimes } from "./timeline.ts";
import type { Timeline } from "./timeline.ts";

/** Cues are told by times of the video, which begins at 0. RFC 8216, 3.5. */
const header = "WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0\n";

/** Of a cue, beside its text. */
const blockBytes = "00:00:00.000 --> 00:00:00.000\n\n\n".length;

/** Of the cues in a segment of the usual length; longer ones may have more. Players load it beside the pictures. */
const segmentBytes = 64 * 1024;

/**
 * A track that says more than anybody could read would take the line from the pictures.
 * @param cues by their start
 * @throws VsError media_limit that says where in the track there is too much
 */
export function checkDensity(cues: readonly Cue[], timeline: Timeline): void {
  const times = segmentTimes(timeline);
  let next = 0;
  let lasting: Cue[] = [];
  for (const [segment, endSeconds] of times.slice(1).entries()) {
    const startSeconds = times[segment] ?? 0;
    lasting = lasting.filter((cue) => cue.endMs > startSeconds * 1000);
    for (let cue = cues[next]; cue !== undefined && cue.startMs < endSeconds * 1000; cue = cues[next]) {
      lasting.push(cue);
      next += 1;
    }
    const bytes = lasting.reduce((sum, { text }) => sum + Buffer.byteLength(text) + blockBytes, 0);
    const limit = Math.floor(segmentBytes * Math.max(1, (endSeconds - startSeconds) / segmentSeconds));
    if (bytes <= limit) continue;
    const span = `from ${startSeconds.toFixed(3)} s to ${endSeconds.toFixed(3)} s`;
    throw new VsError("media_limit", `a text track has ${bytes} bytes of cues ${span}; it may have ${limit} there`);
  }
}

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
