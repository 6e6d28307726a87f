// For tests: damages of media playlists and of the MPD.
import { allPlaylists, edit, everywhere, mediaPlaylists, without } from "./edit-files.fixture.ts";
import type { Damage } from "./edit-files.fixture.ts";

/** The last EXTINF with its URI. */
const lastSegment = /#EXTINF:[^\n]*\n(#EXT-X-BYTERANGE[^\n]*\n)?[^\n]*\n(?=#EXT-X-ENDLIST)/g;

const live = without(/#EXT-X-PLAYLIST-TYPE:VOD\n|#EXT-X-ENDLIST\n/g);

export const damagedPlaylists: readonly Damage[] = [
  {
    rule: "Apple 2.15",
    what: "a second language that ends early",
    damage: edit("audio/de.m3u8", without(lastSegment)),
    also: ["DASH"],
  },
  { rule: "Apple 5.5", what: "subtitles that end early", damage: edit("text/en.m3u8", without(lastSegment)) },
  {
    rule: "Apple 6.2",
    what: "few I-frames",
    damage: edit("iframes/v180.m3u8", (text) =>
      text.replaceAll(
        /#EXTINF:2.000000,\n([^\n]*\n[^\n]*\n)#EXTINF:2.000000,\n[^\n]*\n[^\n]*\n/g,
        "#EXTINF:4.000000,\n$1",
      ),
    ),
  },
  {
    rule: "Apple 6.10",
    what: "ranges that end too early",
    damage: edit("iframes/v180.m3u8", (text) => text.replaceAll(/BYTERANGE:(\d+)\d@/g, "BYTERANGE:$1@")),
  },
  {
    rule: "Apple 6.10",
    what: "ranges that begin after the moof",
    damage: edit("iframes/v180.m3u8", (text) => text.replaceAll(/@(\d+)/g, "@1$1")),
  },
  {
    rule: "Apple 7.5",
    what: "long targets",
    damage: everywhere(allPlaylists, (text) => text.replace("DURATION:6", "DURATION:10")),
  },
  {
    rule: "Apple 7.7",
    what: "segments longer than the target",
    damage: everywhere(allPlaylists, (text) => text.replace("DURATION:6", "DURATION:5")),
  },
  {
    rule: "Apple 8.1",
    what: "durations that are off and come right again",
    damage: edit("audio/de.m3u8", (text) =>
      text.replace(/EXTINF:([\d.]+)([^]*)EXTINF:([\d.]+)/, (_, one: string, rest: string, other: string) => {
        return `EXTINF:${(Number(one) + 0.1).toFixed(6)}${rest}EXTINF:${(Number(other) - 0.1).toFixed(6)}`;
      }),
    ),
  },
  {
    rule: "Apple 8.2",
    what: "another target for sound",
    damage: edit("audio/de.m3u8", (text) => text.replace("DURATION:6", "DURATION:7")),
  },
  {
    rule: "Apple 8.3",
    what: "sound that ends early",
    damage: edit("audio/en.m3u8", without(lastSegment)),
    also: ["DASH"],
  },
  {
    rule: "Apple 8.4",
    what: "a live stream without dates",
    damage: everywhere(allPlaylists, live),
    also: ["Apple 8.8", "Apple 8.11"],
  },
  {
    rule: "Apple 8.6",
    what: "an end without a type",
    damage: edit("audio/de.m3u8", without(/#EXT-X-PLAYLIST-TYPE:VOD\n/g)),
  },
  { rule: "Apple 8.7", what: "I-frames that end early", damage: edit("iframes/v144.m3u8", without(lastSegment)) },
  { rule: "Apple 8.8", what: "VOD without an end", damage: edit("video/v144.m3u8", without(/#EXT-X-ENDLIST\n/g)) },
  {
    rule: "Apple 8.11",
    what: "a live stream of two segments",
    damage: everywhere(mediaPlaylists, (text) =>
      live(text).replace("#EXTINF", "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00Z\n#EXTINF"),
    ),
    also: ["Apple 8.8"],
  },
  { rule: "Apple 8.20", what: "no map", damage: edit("iframes/v180.m3u8", without(/#EXT-X-MAP[^\n]*\n/g)) },
  {
    rule: "Apple 8.22",
    what: "variants that are cut elsewhere",
    damage: edit("video/v144.m3u8", (text) =>
      text.replace("EXTINF:6.000000", "EXTINF:6.030000").replace("EXTINF:6.000000", "EXTINF:5.970000"),
    ),
  },
  {
    rule: "Apple 14.3",
    what: "a short hold back",
    damage: edit("video/v180.m3u8", (text) =>
      text.replace("#EXT-X-MAP", "#EXT-X-PART-INF:PART-TARGET=1\n#EXT-X-SERVER-CONTROL:PART-HOLD-BACK=2.5\n#EXT-X-MAP"),
    ),
  },
  {
    rule: "RFC 8216bis 4.1",
    what: "another first line",
    damage: edit("audio/de.m3u8", (text) => text.replace("#EXTM3U", "#EXTM3")),
  },
  {
    rule: "RFC 8216bis 4.1",
    what: "a segment without a length",
    damage: edit("text/en.m3u8", (text) => text.replace("#EXTINF:6.000000,\n", "")),
    also: ["Apple 5.5", "Apple 5.4"],
  },
  {
    rule: "RFC 8216bis 4.4.3.6",
    what: "I-frames that are not said to be",
    damage: edit("iframes/v180.m3u8", without(/#EXT-X-I-FRAMES-ONLY\n/g)),
  },
  {
    rule: "RFC 8216bis 6.2.4",
    what: "another target in one variant",
    damage: edit("video/v144.m3u8", (text) => text.replace("DURATION:6", "DURATION:7")),
  },
  {
    rule: "RFC 8216bis 6.2.4",
    what: "a discontinuity in one variant",
    damage: edit("video/v144.m3u8", (text) => text.replace(/(#EXTINF[^]*)(#EXTINF)/, "$1#EXT-X-DISCONTINUITY\n$2")),
  },
  {
    rule: "RFC 8216bis 8",
    what: "an old version",
    damage: edit("audio/de.m3u8", (text) => text.replace("VERSION:7", "VERSION:3")),
  },
  {
    rule: "DASH",
    what: "an MPD that lacks a file",
    damage: edit("manifest.mpd", without(/<SegmentURL media="v180-1.m4s"\/>|<S d="[^>]*\/>/g)),
  },
  {
    rule: "DASH",
    what: "an MPD of another time",
    damage: edit("manifest.mpd", (text) => text.replace("PT12.000S", "PT13.5S")),
  },
  { rule: "DASH", what: "an MPD that is none", damage: edit("manifest.mpd", (text) => text.replace("</Period>", "")) },
];
