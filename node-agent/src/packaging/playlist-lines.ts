// What media playlists are made of: their first lines, and durations that add up. All media playlists of an asset have
// the same version, type and target duration.
import type { Manifest } from "@vstream/core/media.ts";
import { targetDuration } from "@vstream/core/target-duration.ts";

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

function microseconds(ticks: bigint, timeScale: number): bigint {
  const scale = BigInt(timeScale);
  return (ticks * 2_000_000n + scale) / (2n * scale);
}

function decimal(micros: bigint): string {
  const fraction = String(micros % 1_000_000n).padStart(6, "0");
  return `${String(micros / 1_000_000n)}.${fraction}`;
}
