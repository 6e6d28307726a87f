// Rules on a media playlist that its text alone decides, and on one that was fetched again. Pure.
import { finding, unless } from "./findings.ts";
import type { Finding } from "./findings.ts";
import { listedSeconds } from "./parse-media.ts";
import type { MediaPlaylist } from "./parse-media.ts";
import type { TrackKind } from "./views.ts";

const wantedTargetSeconds = 6;
const overTargetSeconds = 0.5;
const fewestLiveSegments = 6;

export function checkMediaPlaylist(playlist: MediaPlaylist, kind: TrackKind): Finding[] {
  const { url, version, versionNeeded } = playlist;
  return [
    ...playlist.problems.map((problem) => finding("RFC 8216bis 4.1", url, problem)),
    ...unless(version >= versionNeeded, "RFC 8216bis 8", url, `version ${version}, and ${versionNeeded} is needed`),
    ...unless(
      kind !== "iframes" || playlist.iFramesOnly,
      "RFC 8216bis 4.4.3.6",
      url,
      "an EXT-X-I-FRAME-STREAM-INF names it, and it has no EXT-X-I-FRAMES-ONLY",
    ),
    ...unless(
      kind !== "video" || playlist.independentSegments,
      "Apple 9.11",
      url,
      "it has no EXT-X-INDEPENDENT-SEGMENTS",
    ),
    ...checkTarget(playlist, kind),
    ...checkType(playlist),
    ...checkParts(playlist),
  ];
}

function checkTarget({ url, targetSeconds, segments, ended }: MediaPlaylist, kind: TrackKind): Finding[] {
  const findings = segments
    .filter(({ durationSeconds }) => durationSeconds > targetSeconds + overTargetSeconds)
    .map((segment) =>
      finding("Apple 7.7", segment.url, `${segment.durationSeconds} s, where the target is ${targetSeconds} s`),
    );
  const isMedia = kind === "video" || kind === "audio";
  // What is shorter as a whole has no six seconds to give.
  const isShort = ended && listedSeconds({ segments }) < wantedTargetSeconds;
  const message = `the target duration is ${targetSeconds} s`;
  return [
    ...findings,
    ...unless(!isMedia || isShort || targetSeconds === wantedTargetSeconds, "Apple 7.5", url, message),
  ];
}

function checkType({ url, type, ended, segments, programDateTimes }: MediaPlaylist): Finding[] {
  const said = type === null ? "it has no EXT-X-PLAYLIST-TYPE" : `its EXT-X-PLAYLIST-TYPE is ${type}`;
  if (ended) return unless(type === "VOD" || type === "EVENT", "Apple 8.6", url, `${said}, and it has ended`);
  const grows = unless(type === "EVENT", "Apple 8.8", url, `${said}, and it has no EXT-X-ENDLIST`);
  if (type !== null) return grows;
  return [
    ...grows,
    ...unless(programDateTimes > 0, "Apple 8.4", url, "it is live and has no EXT-X-PROGRAM-DATE-TIME"),
    ...unless(
      segments.length >= fewestLiveSegments,
      "Apple 8.11",
      url,
      `it is live and has ${segments.length} segments`,
    ),
  ];
}

function checkParts({ url, partTargetSeconds, partHoldBackSeconds }: MediaPlaylist): Finding[] {
  if (partTargetSeconds === null) return [];
  const message = `PART-HOLD-BACK is ${partHoldBackSeconds ?? "missing"}, and PART-TARGET ${partTargetSeconds}`;
  return unless((partHoldBackSeconds ?? 0) >= 3 * partTargetSeconds, "Apple 14.3", url, message);
}

/** What was fetched of a growing playlist, first and again later. */
export function checkGrowth(before: MediaPlaylist, after: MediaPlaylist): Finding[] {
  const { url } = before;
  const isEvent = before.type === "EVENT" && !before.ended;
  if (!isEvent) return [];
  if (after.segments.length < before.segments.length) {
    const message = `it had ${before.segments.length} segments, and later ${after.segments.length}`;
    return [finding("RFC 8216bis 6.2.1", url, message)];
  }
  const changed = before.segments.findIndex((segment, index) => {
    const now = after.segments[index];
    return now?.url !== segment.url || now.durationSeconds !== segment.durationSeconds;
  });
  return unless(changed < 0, "RFC 8216bis 6.2.1", url, `its segment ${changed + 1} is another one than it was`);
}
