// What media playlists are made of: their first lines, and durations that add up. All media playlists of an asset have
// the same version, type and target duration.
import type { Manifest } from "@vstream/core/media.ts";

/** Byte ranges need 4, a map beside I-frames 5, a map elsewhere 6; who wrote fragmented MP4 first wrote 7. */
export const playlistVersion = "#EXT-X-VERSION:7";

/** A media playlist from its segments' lines; `marks` are tags of the kind of playlist. */
export function mediaPlaylist(manifest: Manifest, segmentLines: readonly string[], marks: readonly string[]): string {
  const head = [
    "#EXTM3U",
    playlistVersion,
    `#EXT-X-TARGETDURATION:${String(targetDuration(manifest))}`,
    "#EXT-X-MEDIA-SEQUENCE:0",
    `#EXT-X-PLAYLIST-TYPE:${manifest.complete ? "VOD" : "EVENT"}`,
    ...marks,
  ];
  // Without it players take a growing playlist for a live one and start near its end.
  if (!manifest.complete) head.push("#EXT-X-START:TIME-OFFSET=0");
  const tail = manifest.complete ? ["#EXT-X-ENDLIST"] : [];
  return [...head, ...segmentLines, ...tail, ""].join("\n");
}

/** Writes the EXTINF of one segment after the other. */
export class RunningDurations {
  #endTicks = 0n;

  /** Each boundary is rounded, not each duration: any run of EXTINF is then within 1 µs of the truth (Apple 8.1). */
  next({ durationTicks, timeScale }: { readonly durationTicks: number; readonly timeScale: number }): string {
    const start = this.#endTicks;
    this.#endTicks += BigInt(durationTicks);
    const length = microseconds(this.#endTicks, timeScale) - microseconds(start, timeScale);
    return `#EXTINF:${decimal(length)},`;
  }
}

// Audio is cut where the video is, at the end of the frame of sound that reaches there (1024 samples at 22.05 kHz or
// more).
const audioFrameSeconds = 0.05;

/**
 * Whole seconds, rounded, of the longest segment of any track; at least 1, which an empty playlist has. The same from
 * the first version of a growing playlist to its last (RFC 8216, 6.2.1), so it counts segments that are still to come.
 * Playlists of text and of I-frames have it too: they may differ only where all playlists are VOD (RFC 8216bis 6.2.4).
 */
export function targetDuration(manifest: Manifest): number {
  return Math.max(1, Math.round(longestSegment(manifest)));
}

/** Seconds that no segment of any track is longer than, those that are still to come among them. */
export function longestSegment(manifest: Manifest): number {
  return Math.max(manifest.probe.longestSegmentSeconds + audioFrameSeconds, longestReleased(manifest));
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
