// Pure: from a file of subtitles beside a source to cues on the video's clock, cleaned and limited as those of the
// source's own tracks are.
import { VsError } from "@vstream/core/errors.ts";
import { readSubtitleFile } from "@vstream/core/subtitle-file.ts";
import { cuesOf } from "./text-cues.ts";
import type { Cue } from "./text-cues.ts";
import { durationSeconds } from "./timeline.ts";
import type { Timeline } from "./timeline.ts";

export interface TextFile {
  readonly name: string;
  readonly content: Uint8Array;
}

/** @throws VsError not_media when it is neither SubRip nor WebVTT, media_limit for too many cues */
export function readTextFile({ name, content }: TextFile, timeline: Timeline): Cue[] {
  const packets = readSubtitleFile(content).map(({ text, ...times }) => ({ ...times, bytes: Buffer.from(text) }));
  if (packets.length === 0) {
    throw new VsError("not_media", `the subtitle file ${name} is neither SubRip nor WebVTT: it has no cue`);
  }
  // Whoever writes such a file counts from the first picture on, whatever the source's clock says then.
  return cuesOf(packets, "tagged", { firstSeconds: 0, durationSeconds: durationSeconds(timeline) });
}
