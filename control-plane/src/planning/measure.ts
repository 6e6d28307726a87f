// The rates that playlists state. Measured ones follow RFC 8216bis: the peak is the largest rate of any run of
// segments that lasts 0.5 to 1.5 target durations; BANDWIDTH is the largest sum of peaks that can be played together.
import type {
  AudioContent,
  ManifestAudio,
  ManifestRendition,
  Piece,
  Probe,
  Segment,
  VideoContent,
} from "@vstream/core/media.ts";
import { peakRate } from "@vstream/core/peak-rate.ts";
import type { TimedBits } from "@vstream/core/peak-rate.ts";
import { targetDuration } from "@vstream/core/target-duration.ts";
import type { EncodePlan, MeasuredRates } from "../catalog/records.ts";
import { peakUnder } from "./rate-cap.ts";

export interface Encoded {
  readonly plan: EncodePlan;
  readonly probe: Probe;
  readonly pieces: readonly Piece[];
}

/** From all segments of a finished encode. Rates of renditions include the audio track that takes most. */
export function measureRates({ plan, probe, pieces }: Encoded): MeasuredRates {
  // The one that the playlists will have: a frame that is held for long makes a segment long, and with it what a run is.
  const targetSeconds = targetDuration({ probe, pieces });
  const audio = plan.audio.map((target): ManifestAudio => {
    const parts = audioOf(pieces, target.track);
    const segments = parts.flatMap((part) => timed(part.rendition.segments, part.timeScale));
    return { target, ...ratesOf(segments, targetSeconds), codecs: codecsOf(parts.map((part) => part.rendition)) };
  });
  const renditions = plan.rungs.map((rung): ManifestRendition => {
    const parts = videoOf(pieces, rung.name);
    const segments = parts.flatMap((part) => timed(part.rendition.segments, part.timeScale));
    const rates = withAudio(ratesOf(segments, targetSeconds), audio);
    return { rung, ...rates, codecs: codecsOf(parts.map((part) => part.rendition)), frameRate: probe.video.frameRate };
  });
  return { renditions, audio };
}

/** While encoding goes on: what the caps allow, and the codecs of what is there. */
export function declaredRates({ plan, probe, pieces }: Encoded): MeasuredRates {
  const audio = plan.audio.map((target): ManifestAudio => {
    const rates = { bandwidthBps: target.bitrateBps * audioAllowance, averageBandwidthBps: target.bitrateBps };
    return { target, ...rates, codecs: codecsOf(audioOf(pieces, target.track).map((part) => part.rendition)) };
  });
  const renditions = plan.rungs.map((rung): ManifestRendition => {
    const rates = withAudio({ bandwidthBps: peakUnder(rung), averageBandwidthBps: rung.maxrateBps }, audio);
    const codecs = codecsOf(videoOf(pieces, rung.name).map((part) => part.rendition));
    return { rung, ...rates, codecs, frameRate: probe.video.frameRate };
  });
  return { renditions, audio };
}

// ffmpeg's AAC encoder goes above its target in single segments, and boxes come on top.
const audioAllowance = 1.25;

interface Rates {
  readonly bandwidthBps: number;
  readonly averageBandwidthBps: number;
}

function timed(segments: readonly Segment[], timeScale: number): TimedBits[] {
  return segments.map((segment) => ({
    bits: segment.object.bytes * 8,
    seconds: segment.durationTicks / timeScale,
  }));
}

function ratesOf(segments: readonly TimedBits[], targetSeconds: number): Rates {
  const bits = segments.reduce((sum, segment) => sum + segment.bits, 0);
  const seconds = segments.reduce((sum, segment) => sum + segment.seconds, 0);
  const average = seconds > 0 ? bits / seconds : 0;
  return {
    bandwidthBps: Math.ceil(Math.max(average, peakRate(segments, targetSeconds))),
    averageBandwidthBps: Math.ceil(average),
  };
}

function withAudio(video: Rates, audio: readonly ManifestAudio[]): Rates {
  return {
    bandwidthBps: Math.ceil(video.bandwidthBps + Math.max(0, ...audio.map((track) => track.bandwidthBps))),
    averageBandwidthBps: Math.ceil(
      video.averageBandwidthBps + Math.max(0, ...audio.map((track) => track.averageBandwidthBps)),
    ),
  };
}

function codecsOf(renditions: readonly { readonly codecs: string }[]): string {
  return renditions[0]?.codecs ?? "";
}

interface VideoPart {
  readonly timeScale: number;
  readonly rendition: VideoContent["renditions"][number];
}

function videoOf(pieces: readonly Piece[], rung: string): VideoPart[] {
  return pieces
    .map((piece) => piece.content)
    .filter((content) => content.kind === "video")
    .toSorted((one, other) => one.chunk - other.chunk)
    .flatMap(({ timeScale, renditions }) =>
      renditions.filter((rendition) => rendition.rung === rung).map((rendition) => ({ timeScale, rendition })),
    );
}

function audioOf(pieces: readonly Piece[], track: number): AudioContent[] {
  return pieces
    .map((piece) => piece.content)
    .filter((content) => content.kind === "audio")
    .filter((content) => content.track === track)
    .toSorted((one, other) => one.chunk - other.chunk);
}
