// How long an asset's segments may be, as its playlists say it and as its rates are measured by.
import type { Manifest } from "./media.ts";

type Timed = Pick<Manifest, "probe" | "pieces">;

// Audio is cut where the video is, at the end of the frame of sound that reaches there (1024 samples at 22.05 kHz or
// more).
const audioFrameSeconds = 0.05;

/**
 * Whole seconds, rounded, of the longest segment of any track; at least 1, which an empty playlist has. The same from
 * the first version of a growing playlist to its last (RFC 8216, 6.2.1), so it counts segments that are still to come.
 * Playlists of text and of I-frames have it too: they may differ only where all playlists are VOD (RFC 8216bis 6.2.4).
 */
export function targetDuration(asset: Timed): number {
  return Math.max(1, Math.round(longestSegment(asset)));
}

/** Seconds that no segment of any track is longer than, those that are still to come among them. */
export function longestSegment({ probe, pieces }: Timed): number {
  return Math.max(probe.longestSegmentSeconds + audioFrameSeconds, longestReleased(pieces));
}

function longestReleased(pieces: Timed["pieces"]): number {
  let longestSeconds = 0;
  for (const { content } of pieces) {
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
