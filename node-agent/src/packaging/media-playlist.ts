// Media playlists of video and audio as text. An EVENT playlist only ever gains lines (RFC 8216bis) and becomes VOD
// with its last one; all tracks of an asset share one target duration and one edge (Apple 8.2, 8.3, 8.7).
import type { Manifest } from "@vstream/core/media.ts";
import { RunningDurations, mediaPlaylist } from "./playlist-lines.ts";
import { audioSegments, videoSegments } from "./track-segments.ts";
import type { TrackSegment } from "./track-segments.ts";

/** The playlist at /v/{asset}/video/{rung}.m3u8, or null when there is no such rung. */
export function videoPlaylist(manifest: Manifest, rung: string): string | null {
  return playlistOf(manifest, videoSegments(manifest, rung));
}

/** The playlist at /v/{asset}/audio/{track}.m3u8, or null when there is no such track. */
export function audioPlaylist(manifest: Manifest, track: number): string | null {
  return playlistOf(manifest, audioSegments(manifest, track));
}

function playlistOf(manifest: Manifest, segments: readonly TrackSegment[] | null): string | null {
  return segments === null ? null : mediaPlaylist(manifest, linesOf(segments), ["#EXT-X-INDEPENDENT-SEGMENTS"]);
}

function linesOf(segments: readonly TrackSegment[]): string[] {
  const lines: string[] = [];
  const durations = new RunningDurations();
  let init = "";
  for (const segment of segments) {
    if (segment.init.sha256 !== init) {
      init = segment.init.sha256;
      lines.push(`#EXT-X-MAP:URI="../${init}.mp4"`);
    }
    lines.push(durations.next(segment), `../${segment.object.sha256}.m4s`);
  }
  return lines;
}
