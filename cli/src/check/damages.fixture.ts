// For tests: streams that are damaged on purpose, each to break one rule. `also` names the other MUST rules that
// cannot but break with it.
import { appended, editBox, makeBox } from "./edit-boxes.fixture.ts";
import type { RuleId } from "./rules.ts";
import type { ServedStream } from "./sample-server.fixture.ts";

export interface Damage {
  readonly rule: RuleId;
  readonly what: string;
  readonly damage: (stream: ServedStream) => void;
  readonly also?: readonly RuleId[];
}

type Edit = (text: string) => string;

function edit(path: string, change: Edit): (stream: ServedStream) => void {
  return (stream) => {
    const before = stream.files.get(path)?.toString() ?? "";
    const after = change(before);
    if (before === after) throw new Error(`${path} is as it was`);
    stream.files.set(path, Buffer.from(after));
  };
}

function editBytes(path: string, change: (bytes: Buffer) => Buffer): (stream: ServedStream) => void {
  return (stream) => {
    stream.files.set(path, change(Buffer.from(stream.files.get(path) ?? Buffer.alloc(0))));
  };
}

function all(...steps: readonly ((stream: ServedStream) => void)[]): (stream: ServedStream) => void {
  return (stream) => {
    for (const step of steps) step(stream);
  };
}

const index = (change: Edit): ((stream: ServedStream) => void) => edit("index.m3u8", change);
const without =
  (pattern: RegExp): Edit =>
  (text) =>
    text.replaceAll(pattern, "");

const mediaPlaylists = ["video/v180.m3u8", "video/v144.m3u8", "audio/en.m3u8", "audio/de.m3u8"];
const allPlaylists = [...mediaPlaylists, "text/en.m3u8", "iframes/v180.m3u8", "iframes/v144.m3u8"];
const everywhere = (paths: readonly string[], change: Edit): ((stream: ServedStream) => void) =>
  all(...paths.map((path) => edit(path, change)));

/** The last EXTINF with its URI. */
const lastSegment = /#EXTINF:[^\n]*\n(#EXT-X-BYTERANGE[^\n]*\n)?[^\n]*\n(?=#EXT-X-ENDLIST)/g;
const live = without(/#EXT-X-PLAYLIST-TYPE:VOD\n|#EXT-X-ENDLIST\n/g);
const event: Edit = (text) => text.replace("TYPE:VOD", "TYPE:EVENT").replace("#EXT-X-ENDLIST\n", "");

function transportStream(codec: string): (stream: ServedStream) => void {
  const packets = (bytes: Buffer): Buffer =>
    Buffer.alloc(bytes.length, Buffer.concat([Buffer.of(0x47), Buffer.alloc(187)]));
  return all(
    index((text) => text.replaceAll(/(STREAM-INF:B[^\n]*CODECS=")avc1[^,"]*(,[^\n]*320x180)/g, `$1${codec}$2`)),
    edit("video/v180.m3u8", without(/#EXT-X-MAP[^\n]*\n/g)),
    editBytes("v180-0.m4s", packets),
    editBytes("v180-1.m4s", packets),
  );
}

const sampleTable = ["moov", "trak", "mdia", "minf", "stbl", "stsd"];

/** Writes over a place in every box of a type. */
function patch(type: string, offset: number, bytes: readonly number[]): (box: Buffer) => Buffer {
  return (whole) => {
    for (let at = whole.indexOf(type); at >= 0; at = whole.indexOf(type, at + 1)) whole.set(bytes, at + 4 + offset);
    return whole;
  };
}

// The configuration begins after the descriptors' heads; its channels are bits 9 to 12.
function withChannels(bytes: Buffer, channels: number): Buffer {
  const at = bytes.indexOf(Buffer.from([0x05, 0x80, 0x80, 0x80]), bytes.indexOf("esds")) + 5;
  bytes[at + 1] = ((bytes[at + 1] ?? 0) & 0x87) | (channels << 3);
  return bytes;
}

function nclx(transfer: number): Buffer {
  return makeBox("colr", Buffer.from([...Buffer.from("nclx"), 0, 9, 0, transfer, 0, 9, 0]));
}

/** The moof's samples are no longer told to be sync samples. */
const notSync = (moof: Buffer): Buffer =>
  editBox(moof, ["moof", "traf", "tfhd"], (tfhd) => {
    const flags = tfhd.readUInt32BE(8) & 0xffffff;
    if ((flags & 0x20) === 0) throw new Error("tfhd has no sample flags");
    tfhd.writeUInt32BE(0x01010000, tfhd.length - 4);
    return tfhd;
  });

function otherPicture(bytes: Buffer): Buffer {
  let at = bytes.indexOf("mdat") + 4;
  while (((bytes[at + 4] ?? 0) & 31) !== 5) at += 4 + bytes.readUInt32BE(at);
  bytes[at + 4] = ((bytes[at + 4] ?? 0) & 0xe0) | 1;
  return bytes;
}

function laterBy(ticks: bigint): (bytes: Buffer) => Buffer {
  return (bytes) => {
    for (let at = bytes.indexOf("tfdt"); at >= 0; at = bytes.indexOf("tfdt", at + 1)) {
      if (bytes[at + 4] === 1) bytes.writeBigUInt64BE(bytes.readBigUInt64BE(at + 8) + ticks, at + 8);
      else bytes.writeUInt32BE(bytes.readUInt32BE(at + 8) + Number(ticks), at + 8);
    }
    return bytes;
  };
}

const audioLine = /#EXT-X-MEDIA:TYPE=AUDIO[^\n]*\n/g;
const muxed =
  (changes: Edit): Edit =>
  (text) =>
    text.replaceAll(audioLine, (line) =>
      line.includes("DEFAULT=YES") ? changes(line).replace(/,URI="[^"]*"/, "") : line,
    );

export const damages: readonly Damage[] = [
  {
    rule: "Apple 1.5",
    what: "HEVC in a transport stream",
    damage: transportStream("hvc1.1.6.L93.B0"),
    also: ["Readable", "DASH"],
  },
  {
    rule: "Apple 1.39",
    what: "AV1 in a transport stream",
    damage: transportStream("av01.0.04M.08"),
    also: ["Readable", "DASH"],
  },
  {
    rule: "Apple 1.10",
    what: "avc3 sample entries",
    damage: all(
      editBytes("v180-init.mp4", patch("avc1", -4, [...Buffer.from("avc3")])),
      index((text) => text.replaceAll(/avc1([^"]*"[^\n]*320x180)/g, "avc3$1")),
    ),
  },
  {
    rule: "Apple 1.13",
    what: "keyframes that are not marked",
    damage: editBytes("v180-0.m4s", (bytes) => {
      const second = bytes.indexOf("moof", bytes.indexOf("moof") + 1) - 4;
      const size = bytes.readUInt32BE(second);
      const trun = bytes.indexOf("trun", second);
      // The first sample's own flags.
      bytes.writeUInt32BE(0x01010000, trun + 16);
      if (trun > second + size) throw new Error("no trun");
      return bytes;
    }),
    also: ["Apple 6.10"],
  },
  {
    rule: "Apple 1.14",
    what: "interlaced pictures",
    damage: (stream) => {
      stream.files.set("v180-init.mp4", stream.files.get("interlaced-init.mp4") ?? Buffer.alloc(0));
    },
  },
  {
    rule: "Apple 1.18",
    what: "a frame rate of no use",
    damage: slower(0.9),
    also: ["RFC 8216bis 4.4.6.2", "Apple 8.1"],
  },
  {
    rule: "Apple 1.19",
    what: "a frame rate above 60",
    damage: index((text) => text.replaceAll("FRAME-RATE=24.000", "FRAME-RATE=61.000")),
    also: ["RFC 8216bis 4.4.6.2"],
  },
  {
    rule: "Apple 1.19",
    what: "samples that come faster than 60 a second",
    damage: slower(3),
    also: ["RFC 8216bis 4.4.6.2", "Apple 8.1", "Apple 8.3", "Apple 2.15"],
  },
  {
    rule: "Apple 1.24",
    what: "HDR alone",
    damage: index((text) => text.replaceAll("X-STREAM-INF:", "X-STREAM-INF:VIDEO-RANGE=PQ,")),
  },
  {
    rule: "Apple 1.24",
    what: "HDR alone, by what the init segments say",
    damage: all(
      ...["v180", "v144"].map((name) =>
        editBytes(`${name}-init.mp4`, (bytes) =>
          editBox(bytes, [...sampleTable, "avc1"], (box) => appended(box, nclx(16))),
        ),
      ),
    ),
    also: ["Apple 9.16"],
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
    rule: "Apple 2.3",
    what: "sound in six channels alone",
    damage: all(...["en", "de"].map((name) => editBytes(`${name}-init.mp4`, (bytes) => withChannels(bytes, 6)))),
  },
  {
    rule: "Apple 2.15",
    what: "a second language that ends early",
    damage: edit("audio/de.m3u8", without(lastSegment)),
    also: ["DASH"],
  },
  {
    rule: "Apple 2.17",
    what: "two sounds in a file",
    damage: editBytes("en-init.mp4", (bytes) =>
      editBox(bytes, ["moov"], (moov) => {
        const trak = moov.indexOf("trak") - 4;
        return appended(moov, moov.subarray(trak, trak + moov.readUInt32BE(trak)));
      }),
    ),
  },
  {
    rule: "Apple 4.7",
    what: "closed captions of no language",
    damage: index((text) =>
      text
        .replaceAll("CLOSED-CAPTIONS=NONE", 'CLOSED-CAPTIONS="cc"')
        .replace(
          "#EXT-X-MEDIA",
          '#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="cc",NAME="CC",INSTREAM-ID="CC1",STABLE-RENDITION-ID="cc"\n#EXT-X-MEDIA',
        ),
    ),
  },
  {
    rule: "Apple 5.2",
    what: "SubRip as subtitles",
    damage: edit("text/1.vtt", () => "1\n00:00:07,000 --> 00:00:10,000\nWords\n"),
  },
  { rule: "Apple 5.3", what: "no timestamp map", damage: edit("text/1.vtt", without(/X-TIMESTAMP-MAP.*\n/g)) },
  {
    rule: "Apple 5.4",
    what: "a cue that ends before it begins",
    damage: edit("text/1.vtt", (text) => text.replace("00:00:10.000", "00:00:06.000")),
  },
  {
    rule: "Apple 5.4",
    what: "a cue of another time",
    damage: edit("text/1.vtt", (text) => text.replaceAll("00:00:", "00:01:").replace("LOCAL:00:01", "LOCAL:00:00")),
  },
  {
    rule: "Apple 5.4",
    what: "a cue without a time",
    damage: edit("text/0.vtt", (text) => text.replace("00:00:01.000", "soon")),
  },
  { rule: "Apple 5.5", what: "subtitles that end early", damage: edit("text/en.m3u8", without(lastSegment)) },
  { rule: "Apple 6.1", what: "no I-frame playlists", damage: index(without(/#EXT-X-I-FRAME[^\n]*\n/g)) },
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
    also: ["Readable"],
  },
  { rule: "Apple 7.3", what: "a gap between decode times", damage: editBytes("de-1.m4s", laterBy(1024n)) },
  {
    rule: "Apple 7.4",
    what: "a segment that begins with another picture",
    damage: editBytes("v180-1.m4s", otherPicture),
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
    rule: "Apple 8.10",
    what: "subtitles of no language",
    damage: index((text) => text.replaceAll(/(SUBTITLES,[^\n]*)LANGUAGE="en",/g, "$1")),
  },
  {
    rule: "Apple 8.11",
    what: "a live stream of two segments",
    damage: everywhere(mediaPlaylists, (text) =>
      live(text).replace("#EXTINF", "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00Z\n#EXTINF"),
    ),
    also: ["Apple 8.8"],
  },
  {
    rule: "Apple 8.18",
    what: "a redirect",
    damage: (stream) => {
      stream.answer = (path, response) => {
        if (path === "v144-1.m4s") response.writeHead(302, { location: "/elsewhere.m4s" }).end();
        return path === "v144-1.m4s";
      };
    },
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
  { rule: "Apple 10.1", what: "playlists as they are", damage: (stream) => void (stream.gzip = false) },
  { rule: "Apple 10.2", what: "one copy", damage: onePathway },
  {
    rule: "Apple 10.4",
    what: "files of no type",
    damage: (stream) => {
      stream.types = { ...stream.types, m4s: "application/octet-stream" };
    },
  },
  { rule: "Apple 12.1", what: "TLS 1.1", damage: (stream) => void (stream.tlsVersion = "TLSv1.1") },
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
    rule: "RFC 8216bis 6.2.1",
    what: "a growing playlist that changes",
    damage: all(everywhere(allPlaylists, event), changing),
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
    rule: "RFC 8216bis 6.2.4",
    what: "another beginning of one variant",
    damage: all(editBytes("v144-0.m4s", laterBy(12288n)), editBytes("v144-1.m4s", laterBy(12288n))),
  },
  {
    rule: "RFC 8216bis 7.1",
    what: "a pathway that lacks a variant",
    damage: index((text) => text.replace(/#EXT-X-STREAM-INF[^\n]*\ntwo\/video\/v144[^\n]*\n/, "")),
  },
  {
    rule: "RFC 8216bis 7.2",
    what: "a steering manifest of another version",
    damage: edit("steering", (text) => text.replace('"VERSION":1', '"VERSION":2')),
  },
  {
    rule: "RFC 8216bis 7.2",
    what: "pathways that do not exist",
    damage: edit("steering", (text) => text.replace('["one","two"]', '["three"]')),
  },
  {
    rule: "RFC 8216bis 8",
    what: "an old version",
    damage: edit("audio/de.m3u8", (text) => text.replace("VERSION:7", "VERSION:3")),
  },
  { rule: "RFC 9110 8.8.3", what: "one tag for two encodings", damage: (stream) => void (stream.tag = () => '"same"') },
  { rule: "RFC 9110 12.5.5", what: "no Vary", damage: (stream) => void (stream.vary = false) },
  { rule: "CHANNELS", what: "no CHANNELS", damage: index(without(/CHANNELS="2",/g)) },
  { rule: "CLOSED-CAPTIONS", what: "nothing said of captions", damage: index(without(/CLOSED-CAPTIONS=NONE,/g)) },
  { rule: "STABLE-ID", what: "no stable ids", damage: index(without(/STABLE-VARIANT-ID="[^"]*",/g)) },
  {
    rule: "CMAF traf",
    what: "two trafs",
    damage: editBytes("de-0.m4s", (bytes) =>
      editBox(bytes, ["moof"], (moof) => {
        const traf = moof.indexOf("traf") - 4;
        return appended(moof, moof.subarray(traf, traf + moof.readUInt32BE(traf)));
      }),
    ),
  },
  {
    rule: "CMAF trun",
    what: "two truns",
    damage: editBytes("de-0.m4s", (bytes) =>
      editBox(bytes, ["moof", "traf"], (traf) => appended(traf, makeBox("trun", Buffer.alloc(8)))),
    ),
  },
  { rule: "CMAF tfdt", what: "no tfdt", damage: editBytes("de-0.m4s", patch("tfdt", -4, [...Buffer.from("free")])) },
  { rule: "CMAF sync", what: "a segment that begins with no sync sample", damage: editBytes("de-1.m4s", notSync) },
  {
    rule: "CMAF frames",
    what: "samples of another length than their frames",
    damage: editBytes("de-init.mp4", (bytes) =>
      editBox(bytes, [...sampleTable, "mp4a"], (box) => {
        box.writeUInt32BE(box.readUInt32BE(32) / 2, 32);
        return box;
      }),
    ),
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
  { rule: "Readable", what: "a segment that is not there", damage: (stream) => void stream.files.delete("de-1.m4s") },
  {
    rule: "Readable",
    what: "a segment that is cut",
    damage: editBytes("de-1.m4s", (bytes) => bytes.subarray(0, -100)),
  },
  { rule: "Readable", what: "a server without ranges", damage: (stream) => void (stream.ranges = false) },
  { rule: "Readable", what: "an init segment of nothing", damage: editBytes("de-init.mp4", () => Buffer.alloc(64)) },
];

function scaled(name: string, factor: number): Edit {
  const figure = new RegExp(`(${name})=(\\d+)`);
  const larger = (_: string, key: string, value: string): string => `${key}=${Math.ceil(Number(value) * factor)}`;
  const inLine = (line: string): string => (line.startsWith("#EXT-X-STREAM-INF") ? line.replace(figure, larger) : line);
  return (text) => text.split("\n").map(inLine).join("\n");
}

/** The video's time scale is another one, so that its samples last as many times shorter. */
function slower(factor: number): (stream: ServedStream) => void {
  return editBytes("v180-init.mp4", (bytes) =>
    editBox(bytes, ["moov", "trak", "mdia", "mdhd"], (mdhd) => {
      mdhd.writeUInt32BE(Math.round(mdhd.readUInt32BE(20) * factor), 20);
      return mdhd;
    }),
  );
}

function onePathway(stream: ServedStream): void {
  index((text) =>
    text
      .split("\n")
      .filter((line) => !/"two"|-two"|^two\/|CONTENT-STEERING/.test(line))
      .join("\n"),
  )(stream);
}

/** From its third answer on, a playlist names another first segment. */
function changing(stream: ServedStream): void {
  let asked = 0;
  stream.answer = (path) => {
    if (path !== "audio/de.m3u8") return false;
    asked += 1;
    if (asked === 5) edit(path, (text) => text.replace("de-0.m4s", "de-1.m4s"))(stream);
    return false;
  };
}
