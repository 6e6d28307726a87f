// For tests: damages of init segments, segments and text.
import { appended, editBox, makeBox } from "./edit-boxes.fixture.ts";
import { all, edit, editBytes, index, without } from "./edit-files.fixture.ts";
import type { Damage } from "./edit-files.fixture.ts";
import {
  laterBy,
  nclx,
  notSync,
  otherPicture,
  patch,
  sampleTable,
  slower,
  transportStream,
  withChannels,
} from "./edit-media.fixture.ts";

export const damagedMedia: readonly Damage[] = [
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
    damage: (files) => {
      files.set("v180-init.mp4", files.get("interlaced-init.mp4") ?? Buffer.alloc(0));
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
    what: "samples that come faster than 60 a second",
    damage: slower(3),
    also: ["RFC 8216bis 4.4.6.2", "Apple 8.1", "Apple 8.3", "Apple 2.15"],
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
  {
    rule: "Apple 9.16",
    what: "HDR that is called SDR",
    damage: all(
      edit("index.m3u8", (text) => text.replaceAll("X-STREAM-INF:", "X-STREAM-INF:VIDEO-RANGE=SDR,")),
      editBytes("v180-init.mp4", (bytes) => editBox(bytes, [...sampleTable, "avc1"], (box) => appended(box, nclx(16)))),
    ),
  },
  {
    rule: "Apple 2.3",
    what: "sound in six channels alone",
    damage: all(...["en", "de"].map((name) => editBytes(`${name}-init.mp4`, (bytes) => withChannels(bytes, 6)))),
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
  { rule: "Apple 7.3", what: "a gap between decode times", damage: editBytes("de-1.m4s", laterBy(1024n)) },
  {
    rule: "Apple 7.4",
    what: "a segment that begins with another picture",
    damage: editBytes("v180-1.m4s", otherPicture),
  },
  {
    rule: "RFC 8216bis 6.2.4",
    what: "another beginning of one variant",
    damage: all(editBytes("v144-0.m4s", laterBy(12288n)), editBytes("v144-1.m4s", laterBy(12288n))),
  },
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
    rule: "Readable",
    what: "a segment that is cut",
    damage: editBytes("de-1.m4s", (bytes) => bytes.subarray(0, -100)),
  },
  { rule: "Readable", what: "an init segment of nothing", damage: editBytes("de-init.mp4", () => Buffer.alloc(64)) },
];
