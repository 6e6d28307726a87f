// Rules on the media of one playlist, by its init segment and its boxes: containers, coding, how segments start. Pure.
import { finding, unless } from "./findings.ts";
import type { Finding } from "./findings.ts";
import type { InitTrack } from "./init-segment.ts";
import type { ScannedFragment, ScannedSegment } from "./segment-scan.ts";
import { checkIdrDistance, checkTimes } from "./time-rules.ts";
import { spanOf } from "./track-span.ts";
import { mainTrack } from "./views.ts";
import type { MediaView } from "./views.ts";

const mostFrameRate = 60;
const naturalRates = [24_000 / 1001, 24, 25, 30_000 / 1001, 30, 50, 60_000 / 1001, 60];

/** @param frameSeconds of the asset's video */
export function checkTrack(view: MediaView, frameSeconds: number): Finding[] {
  const track = mainTrack(view);
  const { url } = view.playlist;
  return [
    ...checkMap(view),
    ...(track === null || view.kind === "iframes" ? [] : checkCoding(view, track)),
    ...(view.kind === "video" ? checkFrameRate(view) : []),
    ...(view.kind === "iframes" ? [] : view.segments.flatMap((segment, index) => checkSegment(view, segment, index))),
    ...(track === null || view.kind === "iframes" ? [] : checkTimes(view, track, frameSeconds)),
    ...(view.kind === "video" && track !== null ? checkIdrDistance(view, track) : []),
    ...(view.kind === "audio" && track !== null ? checkFrames(view, track, url) : []),
  ];
}

function checkMap({ playlist, segments }: MediaView): Finding[] {
  const at = segments.findIndex((segment, index) => {
    return segment?.container === "fmp4" && playlist.segments[index]?.map === null;
  });
  return unless(at < 0, "Apple 8.20", playlist.url, `its segment ${at + 1} is fragmented MP4 without an EXT-X-MAP`);
}

function checkCoding({ kind, inits, playlist }: MediaView, { entry }: InitTrack): Finding[] {
  const { url } = playlist;
  const sounds = Math.max(...inits.map(({ tracks }) => tracks.filter(({ mediaType }) => mediaType === "soun").length));
  const inBand = /^(avc3|hev1)$/.test(entry.type);
  return [
    ...unless(sounds <= 1, "Apple 2.17", url, `its init segment has ${sounds} audio tracks`),
    ...unless(!inBand, "Apple 1.10", url, `its sample entry is ${entry.type}`),
    ...unless(
      kind !== "video" || entry.picture?.progressive !== false,
      "Apple 1.14",
      url,
      "its pictures are interlaced",
    ),
  ];
}

function checkFrameRate(view: MediaView): Finding[] {
  const span = spanOf(view);
  if (span === null) return [];
  const [rate, mean] = [1 / span.usualFrameSeconds, 1 / span.frameSeconds];
  const isNatural = (one: number): boolean => naturalRates.some((known) => Math.abs(one / known - 1) < 0.002);
  const { url } = view.playlist;
  return [
    // A hundredth of room for how times are rounded to ticks.
    ...unless(Math.min(rate, mean) <= mostFrameRate * 1.01, "Apple 1.19", url, `${rate.toFixed(3)} frames a second`),
    ...unless(
      isNatural(rate) || isNatural(mean) || mean > mostFrameRate,
      "Apple 1.18",
      url,
      `${rate.toFixed(3)} frames a second`,
    ),
  ];
}

function checkSegment({ kind, playlist }: MediaView, segment: ScannedSegment | null, index: number): Finding[] {
  const where = playlist.segments[index]?.url ?? playlist.url;
  if (segment === null) return [];
  if (segment.container !== "fmp4") {
    const named = segment.container === "ts" ? "an MPEG transport stream" : "of no known kind";
    return [finding("Readable", where, `the segment is ${named}: this check reads fragmented MP4`)];
  }
  if (segment.problem !== null) return [finding("Readable", where, segment.problem)];
  const [first] = segment.fragments;
  return [
    ...segment.fragments.flatMap((fragment) => checkFragment(fragment, where)),
    ...unless(first?.startsWithSync === true, "CMAF sync", where, "its first sample is no sync sample"),
    ...unless(
      kind !== "video" || first?.firstPicture !== "other",
      "Apple 7.4",
      where,
      "its first picture is not an IDR picture",
    ),
  ];
}

function checkFragment({ offset, trafs, runs, decodeTicks }: ScannedFragment, where: string): Finding[] {
  const at = `the moof at byte ${offset}`;
  return [
    ...unless(trafs === 1, "CMAF traf", where, `${at} has ${trafs} trafs`),
    ...unless(
      runs.every((count) => count === 1),
      "CMAF trun",
      where,
      `${at} has ${runs.join(" and ")} truns in a traf`,
    ),
    ...unless(decodeTicks !== null, "CMAF tfdt", where, `${at} has no tfdt`),
  ];
}

function checkFrames({ segments }: MediaView, { entry, timeScale }: InitTrack, where: string): Finding[] {
  const { frameSamples = null, sampleRate = 0 } = entry.sound ?? {};
  if (frameSamples === null || sampleRate === 0) return [];
  const wanted = (frameSamples * timeScale) / sampleRate;
  const fragments = segments.flatMap((segment) => segment?.fragments ?? []);
  for (const [index, { shownTicks, lastSampleTicks }] of fragments.entries()) {
    const isLast = index === fragments.length - 1;
    const durations = [...shownTicks.keys(), ...(isLast ? [] : [lastSampleTicks])];
    const wrong = durations.find((ticks) => Math.abs(ticks - wanted) >= 1);
    if (wrong !== undefined || (isLast && lastSampleTicks > wanted)) {
      return [
        finding("CMAF frames", where, `a sample lasts ${wrong ?? lastSampleTicks} ticks, a frame of sound ${wanted}`),
      ];
    }
  }
  return [];
}
