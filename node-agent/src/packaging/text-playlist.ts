// Playlists of text tracks. They are cut like the video and name a file for each of its segments, under the segment's
// number, which is there from the start: before the track is converted, the files say that nothing is said. A playlist
// without segments, or none, would end playing in players that take it for a broken rendition; and segments that last
// as long as a chunk are for VOD alone (RFC 8216bis 6.2.4).
import type { Manifest } from "@vstream/core/media.ts";
import { mostSubtitleFiles } from "@vstream/core/subtitle-file.ts";
import { RunningDurations, mediaPlaylist } from "./playlist-lines.ts";
import { pacingSegments } from "./track-segments.ts";

/** What one file of a text track is about. */
export interface TextSlice {
  readonly chunk: number;
  readonly startSeconds: number;
  readonly endSeconds: number;
}

/** The playlist at /v/{asset}/text/{track}.m3u8, or null when there is no such track. */
export function textPlaylist(manifest: Manifest, track: number): string | null {
  if (!isTextTrack(manifest, track)) return null;
  const durations = new RunningDurations();
  const lines = pacingSegments(manifest).flatMap((segment, index) => [
    durations.next(segment),
    `${String(track)}/${String(index)}.vtt`,
  ]);
  return mediaPlaylist(manifest, lines, []);
}

/**
 * Whether players may have been told of a track: it is announced, or the source and files beside it can be so many and
 * it was given up. That one goes on saying nothing. How many files there were is not known here; each is a track.
 */
export function isTextTrack({ text, probe }: Manifest, track: number): boolean {
  return track < probe.text.length + mostSubtitleFiles || text.some((target) => target.track === track);
}

/** The time that a segment of the text playlists covers; null when there is no such segment, or not yet. */
export function textSlice(manifest: Manifest, index: number): TextSlice | null {
  const segment = pacingSegments(manifest)[index];
  if (segment === undefined) return null;
  const { chunk, startTicks, durationTicks, timeScale } = segment;
  return { chunk, startSeconds: startTicks / timeScale, endSeconds: (startTicks + durationTicks) / timeScale };
}
