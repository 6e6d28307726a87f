// Playlists of I-frames, for seeking and fast playback by pictures (Apple 6.1): each entry is the moof and the first
// picture of a group, a range of bytes of the same file that plays.
import type { Keyframe, Manifest } from "@vstream/core/media.ts";
import { peakRate } from "@vstream/core/peak-rate.ts";
import { targetDuration } from "@vstream/core/target-duration.ts";
import { RunningDurations, mediaPlaylist } from "./playlist-lines.ts";
import { videoSegments } from "./track-segments.ts";
import type { TrackSegment } from "./track-segments.ts";

/** Of an I-frame playlist, measured; bit/s. */
export interface IframeRates {
  readonly bandwidthBps: number;
  readonly averageBandwidthBps: number;
  /** RFC 6381, of the video alone. */
  readonly codecs: string;
}

interface Iframe extends Keyframe {
  readonly segment: TrackSegment;
  readonly timeScale: number;
}

/** The playlist at /v/{asset}/iframes/{rung}.m3u8, or null when there is no such rung or its I-frames are not known. */
export function iframePlaylist(manifest: Manifest, rung: string): string | null {
  const iframes = iframesOf(manifest, rung);
  return iframes === null ? null : mediaPlaylist(manifest, linesOf(iframes), ["#EXT-X-I-FRAMES-ONLY"]);
}

// Steering answers ask again and again of one manifest, and a film has thousands of I-frames.
const measured = new WeakMap<Manifest, Map<string, IframeRates | null>>();

/** What the multivariant playlist says of it; null when there is none. */
export function iframeRates(manifest: Manifest, rung: string): IframeRates | null {
  const rates = measured.get(manifest) ?? new Map<string, IframeRates | null>();
  measured.set(manifest, rates);
  const known = rates.get(rung);
  if (known !== undefined) return known;
  const found = measure(manifest, rung);
  rates.set(rung, found);
  return found;
}

function measure(manifest: Manifest, rung: string): IframeRates | null {
  const iframes = iframesOf(manifest, rung);
  const [first] = iframes ?? [];
  if (iframes === null || first === undefined) return null;
  const timed = iframes.map(({ bytes, durationTicks, timeScale }) => ({
    bits: bytes * 8,
    seconds: durationTicks / timeScale,
  }));
  const seconds = timed.reduce((sum, iframe) => sum + iframe.seconds, 0);
  const average = timed.reduce((sum, iframe) => sum + iframe.bits, 0) / seconds;
  const peak = Math.max(average, peakRate(timed, targetDuration(manifest)));
  return {
    bandwidthBps: Math.ceil(peak),
    averageBandwidthBps: Math.ceil(average),
    codecs: first.segment.codecs,
  };
}

/**
 * Null while the asset grows: players load the multivariant playlist once, and nothing that it names may go again. But
 * any chunk that is still to come may be encoded by an agent that does not tell where its I-frames are, which would
 * leave a hole that cannot be named; and the rates, which decide how a player uses the playlist, are not measured yet.
 */
function iframesOf(manifest: Manifest, rung: string): Iframe[] | null {
  const segments = manifest.complete ? videoSegments(manifest, rung) : null;
  if (segments === null || segments.length === 0 || !segments.every(isKnown)) return null;
  return segments.flatMap((segment) =>
    segment.keyframes.map((keyframe) => ({ ...keyframe, segment, timeScale: segment.timeScale })),
  );
}

/** Whether the I-frames of a segment are told, lie in it and last as long as it does. */
function isKnown({ keyframes, object, durationTicks }: TrackSegment): boolean {
  const lasting = keyframes.reduce((sum, keyframe) => sum + keyframe.durationTicks, 0);
  return (
    lasting === durationTicks &&
    keyframes.every(({ offset, bytes }) => offset >= 0 && bytes > 0 && offset + bytes <= object.bytes)
  );
}

function linesOf(iframes: readonly Iframe[]): string[] {
  const lines: string[] = [];
  const durations = new RunningDurations();
  let init = "";
  for (const iframe of iframes) {
    const { segment, offset, bytes } = iframe;
    if (segment.init.sha256 !== init) {
      init = segment.init.sha256;
      lines.push(`#EXT-X-MAP:URI="../${init}.mp4"`);
    }
    lines.push(durations.next(iframe));
    lines.push(`#EXT-X-BYTERANGE:${String(bytes)}@${String(offset)}`, `../${segment.object.sha256}.m4s`);
  }
  return lines;
}
