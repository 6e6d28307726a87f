// For tests: damages of what the multivariant playlist says.
import { index, without } from "./edit-files.fixture.ts";
import type { Damage, Edit } from "./edit-files.fixture.ts";

const audioLine = /#EXT-X-MEDIA:TYPE=AUDIO[^\n]*\n/g;

const muxed =
  (changes: Edit): Edit =>
  (text) =>
    text.replaceAll(audioLine, (line) =>
      line.includes("DEFAULT=YES") ? changes(line).replace(/,URI="[^"]*"/, "") : line,
    );

export const damagedMultivariant: readonly Damage[] = [
  {
    rule: "Apple 1.19",
    what: "a frame rate above 60",
    damage: index((text) => text.replaceAll("FRAME-RATE=24.000", "FRAME-RATE=61.000")),
    also: ["RFC 8216bis 4.4.6.2"],
  },
  {
    rule: "Apple 1.24",
    what: "HDR alone",
    damage: index((text) => text.replaceAll("X-STREAM-INF:", "X-STREAM-INF:VIDEO-RANGE=PQ,")),
  },
  { rule: "Apple 1.26", what: "a wrong average", damage: index(scaled("AVERAGE-BANDWIDTH", 1.2)) },
  { rule: "Apple 1.27", what: "a peak that is too large", damage: index(scaled("(?<!-)BANDWIDTH", 1.3)) },
  {
    rule: "Apple 1.30",
    what: "a peak far above the average",
    damage: index(scaled("(?<!-)BANDWIDTH", 3)),
    also: ["Apple 1.27"],
  },
  {
    rule: "Apple 1.32",
    what: "the smallest variant listed first",
    damage: index((text) =>
      text.replaceAll(/(#EXT-X-STREAM-INF[^\n]*\n[^\n]*v180[^\n]*\n)(#EXT-X-STREAM-INF[^\n]*\n[^\n]*\n)/g, "$2$1"),
    ),
  },
  {
    rule: "Apple 1.33",
    what: "variants of two shapes",
    damage: index((text) => text.replaceAll("RESOLUTION=256x144", "RESOLUTION=192x144")),
    also: ["RFC 8216bis 4.4.6.2"],
  },
  {
    rule: "Apple 4.7",
    what: "closed captions of no language",
    damage: index((text) =>
      text
        .replaceAll("CLOSED-CAPTIONS=NONE", 'CLOSED-CAPTIONS="cc"')
        .replace(
          "#EXT-X-MEDIA",
          '#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="cc",NAME="CC",INSTREAM-ID="CC1",STABLE-RENDITION-ID="cc"\n' +
            "#EXT-X-MEDIA",
        ),
    ),
  },
  { rule: "Apple 6.1", what: "no I-frame playlists", damage: index(without(/#EXT-X-I-FRAME[^\n]*\n/g)) },
  {
    rule: "Apple 8.10",
    what: "subtitles of no language",
    damage: index((text) => text.replaceAll(/(SUBTITLES,[^\n]*)LANGUAGE="en",/g, "$1")),
  },
  {
    rule: "Apple 9.1",
    what: "no CODECS",
    damage: index((text) => text.replace(/(X-STREAM-INF:B[^\n]*)CODECS="[^"]*",/, "$1")),
    also: ["RFC 8216bis 7.1"],
  },
  {
    rule: "Apple 9.2",
    what: "no RESOLUTION",
    damage: index((text) => text.replaceAll(/(X-STREAM-INF:B[^\n]*)RESOLUTION=320x180,/g, "$1")),
  },
  {
    rule: "Apple 9.3",
    what: "no CODECS of I-frames",
    damage: index((text) => text.replaceAll(/(I-FRAME-[^\n]*)CODECS="[^"]*",/g, "$1")),
  },
  {
    rule: "Apple 9.4",
    what: "no RESOLUTION of I-frames",
    damage: index((text) => text.replaceAll(/(I-FRAME-[^\n]*)RESOLUTION=[^,]*,/g, "$1")),
  },
  {
    rule: "Apple 9.5",
    what: "sound within the video",
    damage: index((text) =>
      muxed((line) => line)(text).replaceAll(/#EXT-X-MEDIA:TYPE=AUDIO[^\n]*DEFAULT=NO[^\n]*\n/g, ""),
    ),
    also: ["RFC 8216bis 4.4.6.2", "DASH", "Apple 1.26", "Apple 1.27"],
  },
  {
    rule: "Apple 9.6",
    what: "six channels within the video",
    damage: index((text) => muxed((line) => line.replace('CHANNELS="2"', 'CHANNELS="6"'))(text)),
    also: ["Apple 9.7", "DASH"],
  },
  {
    rule: "Apple 9.7",
    what: "one of two languages within the video",
    damage: index(muxed((line) => line)),
    also: ["DASH"],
  },
  {
    rule: "Apple 9.11",
    what: "segments that are not said to be independent",
    damage: index(without(/#EXT-X-INDEPENDENT-SEGMENTS\n/g)),
  },
  {
    rule: "Apple 9.13",
    what: "a peak that is too small",
    damage: index(scaled("(?<!-)BANDWIDTH", 0.7)),
    also: ["Apple 1.27"],
  },
  { rule: "Apple 9.14", what: "no AVERAGE-BANDWIDTH", damage: index(without(/AVERAGE-BANDWIDTH=\d+,/g)) },
  { rule: "Apple 9.15", what: "no FRAME-RATE", damage: index(without(/FRAME-RATE=[\d.]+,/g)) },
  {
    rule: "Apple 9.16",
    what: "HDR beside variants of no range",
    damage: index((text) => text.replaceAll(/(320x180,FRAME)/g, "320x180,VIDEO-RANGE=PQ,FRAME")),
  },
  {
    rule: "RFC 8216bis 4.4.6.1",
    what: "a language of three letters",
    damage: index((text) => text.replaceAll('LANGUAGE="de"', 'LANGUAGE="deu"')),
  },
  {
    rule: "RFC 8216bis 4.4.6.1.1",
    what: "two of a name",
    damage: index((text) => text.replaceAll('NAME="Deutsch"', 'NAME="English"')),
  },
  {
    rule: "RFC 8216bis 4.4.6.1.1",
    what: "two defaults",
    damage: index((text) => text.replaceAll(/(TYPE=AUDIO[^\n]*)DEFAULT=NO/g, "$1DEFAULT=YES")),
  },
  {
    rule: "RFC 8216bis 4.4.6.2",
    what: "another resolution",
    damage: index((text) => text.replaceAll("RESOLUTION=320x180,FRAME", "RESOLUTION=640x360,FRAME")),
  },
  {
    rule: "RFC 8216bis 4.4.6.2",
    what: "another codec",
    damage: index((text) => text.replaceAll("mp4a.40.2", "mp4a.40.5")),
  },
  {
    rule: "RFC 8216bis 4.4.6.2",
    what: "another frame rate",
    damage: index((text) => text.replaceAll("24.000", "25.000")),
  },
  {
    rule: "RFC 8216bis 4.4.6.2.1",
    what: "a group that is not there",
    damage: index((text) => text.replaceAll(/,SUBTITLES="text-[a-z]*"/g, ',SUBTITLES="nope"')),
  },
  {
    rule: "RFC 8216bis 4.4.6.6",
    what: "a pathway's name with other characters",
    damage: index((text) => text.replaceAll('PATHWAY-ID="one"', 'PATHWAY-ID="o/ne"')),
  },
  {
    rule: "RFC 8216bis 4.4.6.6",
    what: "a variant on no pathway",
    damage: index((text) => text.replace(/,PATHWAY-ID="two",AUDIO/, ",AUDIO")),
    also: ["RFC 8216bis 7.1"],
  },
  {
    rule: "RFC 8216bis 7.1",
    what: "a pathway that lacks a variant",
    damage: index((text) => text.replace(/#EXT-X-STREAM-INF[^\n]*\ntwo\/video\/v144[^\n]*\n/, "")),
  },
  { rule: "CHANNELS", what: "no CHANNELS", damage: index(without(/CHANNELS="2",/g)) },
  { rule: "CLOSED-CAPTIONS", what: "nothing said of captions", damage: index(without(/CLOSED-CAPTIONS=NONE,/g)) },
  { rule: "STABLE-ID", what: "no stable ids", damage: index(without(/STABLE-VARIANT-ID="[^"]*",/g)) },
];

function scaled(name: string, factor: number): Edit {
  const figure = new RegExp(`(${name})=(\\d+)`);
  const larger = (_: string, key: string, value: string): string => `${key}=${Math.ceil(Number(value) * factor)}`;
  const inLine = (line: string): string => (line.startsWith("#EXT-X-STREAM-INF") ? line.replace(figure, larger) : line);
  return (text) => text.split("\n").map(inLine).join("\n");
}
