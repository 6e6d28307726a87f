// Media playlists as text. An EVENT playlist only ever gains lines (RFC 8216bis) and becomes VOD with its last one;
// all tracks of an asset share one target duration and one edge (Apple 8.2, 8.3, 8.7).
import type { Manifest } from "@vstream/core/media.ts";
import { audioSegments, videoSegments } from "./track-segments.ts";
import type { TrackSegment } from "./track-segments.ts";

/** The playlist at /v/{asset}/video/{rung}.m3u8, or null when there is no such rung. */
export function videoPlaylist(manifest: Manifest, rung: string): string | null {
  const segments = videoSegments(manifest, rung);
  return segments === null ? null : mediaPlaylist(manifest, segments);
}

/** The playlist at /v/{asset}/audio/{track}.m3u8, or null when there is no such track. */
export function audioPlaylist(manifest: Manifest, track: number): string | null {
  const segments = audioSegments(manifest, track);
  return segments === null ? null : mediaPlaylist(manifest, segments);
}

function mediaPlaylist(manifest: Manifest, segments: readonly TrackSegment[]): string {
  const head = [
    "#EXTM3U",
    "#EXT-X-VERSION:7",
    `#EXT-X-TARGETDURATION:${String(targetDuration(manifest))}`,
    "#EXT-X-MEDIA-SEQUENCE:0",
    `#EXT-X-PLAYLIST-TYPE:${manifest.complete ? "VOD" : "EVENT"}`,
    "#EXT-X-INDEPENDENT-SEGMENTS",
  ];
  // Without it players take a growing playlist for a live one and start near its end.
  if (!manifest.complete) head.push("#EXT-X-START:TIME-OFFSET=0");
  const tail = manifest.complete ? ["#EXT-X-ENDLIST"] : [];
  return [...head, ...segmentLines(segments), ...tail, ""].join("\n");
}

function segmentLines(segments: readonly TrackSegment[]): string[] {
  const lines: string[] = [];
  let init = "";
  let start = 0n;
  for (const segment of segments) {
    if (segment.init.sha256 !== init) {
      init = segment.init.sha256;
      lines.push(`#EXT-X-MAP:URI="../${init}.mp4"`);
    }
    const end = start + BigInt(segment.durationTicks);
    // Each boundary is rounded, not each duration: any run of EXTINF is then within 1 µs of the truth (Apple 8.1).
    const length = microseconds(end, segment.timeScale) - microseconds(start, segment.timeScale);
    lines.push(`#EXTINF:${decimal(length)},`, `../${segment.object.sha256}.m4s`);
    start = end;
  }
  return lines;
}

// Audio is cut where the video is, at the end of the frame of sound that reaches there (1024 samples at 22.05 kHz or
// more).
const audioFrameSeconds = 0.05;

/**
 * Whole seconds, rounded, of the longest segment of any track; at least 1, which an empty playlist has. The same from
 * the first version of a growing playlist to its last (RFC 8216, 6.2.1), so it counts segments that are still to come.
 */
export function targetDuration(manifest: Manifest): number {
  const toCome = manifest.probe.longestSegmentSeconds;
  return Math.max(1, Math.round(toCome + audioFrameSeconds), Math.round(longestReleased(manifest)));
}

function longestReleased(manifest: Manifest): number {
  let longestSeconds = 0;
  for (const { content } of manifest.pieces) {
    if (content.kind !== "video" && content.kind !== "audio") continue;
    const renditions = content.kind === "video" ? content.renditions : [content.rendition];
    for (const { segments } of renditions) {
      for (const segment of segments) {
        longestSeconds = Math.max(longestSeconds, segment.durationTicks / content.timeScale);
      }
    }
  }
  return longestSeconds;
}

function microseconds(ticks: bigint, timeScale: number): bigint {
  const scale = BigInt(timeScale);
  return (ticks * 2_000_000n + scale) / (2n * scale);
}

function decimal(micros: bigint): string {
  const fraction = String(micros % 1_000_000n).padStart(6, "0");
  return `${String(micros / 1_000_000n)}.${fraction}`;
}
