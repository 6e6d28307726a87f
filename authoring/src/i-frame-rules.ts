// Rules on I-frame playlists, by the boxes of the files that their byte ranges are parts of. Pure.
import { finding, unless } from "./findings.ts";
import type { Finding } from "./findings.ts";
import { listedSeconds } from "./parse-media.ts";
import type { PlaylistSegment } from "./parse-media.ts";
import type { ScannedSegment } from "./segment-scan.ts";
import type { MediaView } from "./views.ts";

const mostSecondsApart = 2;

export function checkIFrames({ kind, playlist, segments }: MediaView): Finding[] {
  if (kind !== "iframes") return [];
  const { length } = playlist.segments;
  const apart = listedSeconds(playlist) / Math.max(1, length);
  return [
    // A frame of room: they stand at the first frame at or after each two seconds.
    ...unless(
      apart <= mostSecondsApart + 0.1,
      "Apple 6.2",
      playlist.url,
      `${length} pictures, ${apart.toFixed(3)} s apart`,
    ),
    ...playlist.segments.flatMap((listed, index) => {
      const wrong = wrongIn(listed, segments[index] ?? null);
      return wrong === null ? [] : [finding("Apple 6.10", listed.url, wrong)];
    }),
  ];
}

function wrongIn({ range }: PlaylistSegment, scanned: ScannedSegment | null): string | null {
  if (scanned === null || scanned.problem !== null) return null;
  const from = range?.offset ?? 0;
  const to = range === null ? scanned.bytes : range.offset + range.length;
  const said = `bytes ${from} to ${to}`;
  const fragment = scanned.fragments.find(({ offset }) => offset === from);
  if (fragment === undefined) return `${said} do not begin with a moof`;
  if (!fragment.startsWithSync) return `${said} begin with a picture that is no sync sample`;
  const end = fragment.firstSampleEnd;
  if (end === null || end === to) return null;
  return end > to
    ? `${said} end ${end - to} bytes before their picture does`
    : `${said} hold ${to - end} bytes beyond their picture`;
}
