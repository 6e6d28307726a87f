// The DASH manifest (ISO 23009-1) of the files that HLS has too. It is dynamic while the asset grows, with the length
// that it will have, so that players begin at its start and not at an edge; and static when it is complete.
import { madeAtOf } from "@vstream/core/ids.ts";
import type { Manifest } from "@vstream/core/media.ts";
import { longestSegment } from "@vstream/core/target-duration.ts";
import { audioSets, textSets, videoSets } from "./dash-sets.ts";
import type { Period } from "./dash-sets.ts";
import type { Pathway } from "./multivariant-playlist.ts";
import { audioSegments, pacingSegments, videoSegments } from "./track-segments.ts";
import type { TrackSegment } from "./track-segments.ts";
import { element, textElement } from "./xml.ts";

export interface DashWays {
  /** Where the media can be had, the best first; empty: beside the manifest alone. */
  readonly pathways: readonly Pathway[];
  /** Now, milliseconds since the epoch. */
  readonly publishedAt: number;
}

/** How often players look for more. */
const updateSeconds = 3;

/** The text at /v/{asset}/manifest.mpd. */
export function dashManifest(manifest: Manifest, ways: DashWays): string {
  const periods = periodsOf(manifest);
  // Cues have the times of the whole asset, which players take for those of a period.
  const text = periods.length === 1 ? textSets(manifest) : [];
  const [first] = periods;
  const lines = element("MPD", { ...namesOf(manifest), ...timingOf(manifest, ways) }, [
    ...element("ProgramInformation", {}, textElement("Title", manifest.title || manifest.assetId)),
    ...ways.pathways.flatMap(({ id, base }) => textElement("BaseURL", base || "./", { serviceLocation: id })),
    ...periods.flatMap((period, index) => {
      const start = duration(period.startSeconds - (first?.startSeconds ?? 0));
      const sets = [...videoSets(manifest, period), ...audioSets(manifest, period), ...text];
      return element("Period", { id: index, start }, sets);
    }),
    // By the clock of whoever serves the manifest: without it players ask somebody else's.
    ...(manifest.complete
      ? []
      : element("UTCTiming", { schemeIdUri: "urn:mpeg:dash:utc:http-head:2014", value: "manifest.mpd" })),
  ]);
  return ['<?xml version="1.0" encoding="UTF-8"?>', ...lines, ""].join("\n");
}

// Segments that each have a name of their own and text beside them are in no smaller profile.
function namesOf(manifest: Manifest): Record<string, string> {
  return {
    xmlns: "urn:mpeg:dash:schema:mpd:2011",
    profiles: "urn:mpeg:dash:profile:full:2011",
    type: manifest.complete ? "static" : "dynamic",
  };
}

// Segments come as fast as they are encoded, not by any clock: players go by those that are listed. None was there
// before the asset was.
function timingOf(manifest: Manifest, { publishedAt }: DashWays): Record<string, string> {
  const minBufferTime = duration(longestSegment(manifest));
  if (manifest.complete) return { mediaPresentationDuration: duration(lengthOf(manifest)), minBufferTime };
  return {
    availabilityStartTime: instant(madeAtOf(manifest.assetId)),
    publishTime: instant(publishedAt),
    minimumUpdatePeriod: `PT${String(updateSeconds)}S`,
    mediaPresentationDuration: duration(manifest.probe.durationSeconds),
    minBufferTime,
  };
}

function lengthOf(manifest: Manifest): number {
  const segments = pacingSegments(manifest);
  const [first, last] = [segments[0], segments.at(-1)];
  if (first === undefined || last === undefined) return 0;
  return (last.startTicks + last.durationTicks - first.startTicks) / first.timeScale;
}

/** A representation has one init segment: where that of any track changes, a period ends. */
function periodsOf(manifest: Manifest): Period[] {
  const tracks = [
    ...manifest.renditions.map(({ rung }) => videoSegments(manifest, rung.name) ?? []),
    ...manifest.audio.map(({ target }) => audioSegments(manifest, target.track) ?? []),
  ];
  const starts = new Set([0, ...tracks.flatMap(changesOf)]);
  const pace = pacingSegments(manifest);
  const firstChunks = [...starts].sort((one, other) => one - other);
  return firstChunks.flatMap((firstChunk, index) => {
    const first = pace.find(({ chunk }) => chunk >= firstChunk);
    if (first === undefined) return [];
    const endChunk = firstChunks[index + 1] ?? Infinity;
    return [{ firstChunk, endChunk, startSeconds: first.startTicks / first.timeScale }];
  });
}

/** The chunks that begin with another init segment than the one before them. */
function changesOf(segments: readonly TrackSegment[]): number[] {
  return segments
    .filter(({ init }, at) => at > 0 && segments[at - 1]?.init.sha256 !== init.sha256)
    .map(({ chunk }) => chunk);
}

function duration(seconds: number): string {
  return `PT${seconds.toFixed(6)}S`;
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
