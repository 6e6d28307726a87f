// Writes the init segments and fragments that viewers get (CMAF, ISO 14496-12 and -15). The same samples always give
// the same bytes: no dates, no names of tools, no edit list.
import { VsError } from "@vstream/core/errors.ts";
import { box, matrix, u16, u32, u64, zeros } from "./box-bytes.ts";
import { codecName } from "./codec-names.ts";
import { boxesIn, need } from "./fmp4-boxes.ts";
import type { TrackHeader } from "./fmp4-boxes.ts";

export interface PackagedSample {
  readonly sizeBytes: number;
  readonly durationTicks: number;
  /** Never negative. */
  readonly compositionOffset: number;
  readonly isKey: boolean;
}

export interface PackagedFragment {
  /** Position of the fragment in the whole track, from 1. */
  readonly sequence: number;
  readonly decodeTime: number;
  readonly samples: readonly PackagedSample[];
  readonly payload: Buffer;
}

/** Sample flags: an IDR depends on nothing; others do, and are no sync samples. */
const keyFlags = 0x02000000;
const otherFlags = 0x01010000;

/** A moof and its mdat: one traf, one trun, decode time and every sample's duration, size, flags, offset given. */
export function mediaFragment(fragment: PackagedFragment): Buffer[] {
  const { samples, payload } = fragment;
  const table = Buffer.alloc(samples.length * 16);
  for (const [index, sample] of samples.entries()) {
    table.writeUInt32BE(sample.durationTicks, index * 16);
    table.writeUInt32BE(sample.sizeBytes, index * 16 + 4);
    table.writeUInt32BE(sample.isKey ? keyFlags : otherFlags, index * 16 + 8);
    table.writeUInt32BE(sample.compositionOffset, index * 16 + 12);
  }
  const moof = (dataOffset: number): Buffer =>
    box("moof", [
      box("mfhd", [u32(0), u32(fragment.sequence)]),
      box("traf", [
        box("tfhd", [u32(0x020000), u32(1)]),
        box("tfdt", [u32(0x01000000), u64(fragment.decodeTime)]),
        box("trun", [u32(0x000f01), u32(samples.length), u32(dataOffset), table]),
      ]),
    ]);
  const length = moof(0).length;
  return [moof(length + 8), u32(payload.length + 8), Buffer.from("mdat"), payload];
}

/**
 * The init segment of a track whose samples are coded as the header says; equal headers give equal bytes.
 * @param more boxes at the end of the sample entry
 */
export function initSegment(header: TrackHeader, more: readonly Buffer[] = []): Buffer {
  const entry = plainEntry(header.sampleEntry, more);
  const isVideo = entry.type !== "mp4a";
  const size = isVideo ? [entry.bytes.readUInt16BE(32), entry.bytes.readUInt16BE(34)] : [0, 0];
  const handler = isVideo ? "vide" : "soun";
  const mediaHeader = isVideo ? box("vmhd", [u32(1), zeros(8)]) : box("smhd", [u32(0), zeros(4)]);
  const emptyTables = ["stts", "stsc", "stco"].map((type) => box(type, [u32(0), u32(0)]));
  const stbl = box("stbl", [
    box("stsd", [u32(0), u32(1), entry.bytes]),
    ...emptyTables.slice(0, 2),
    box("stsz", [u32(0), u32(0), u32(0)]),
    ...emptyTables.slice(2),
  ]);
  const dinf = box("dinf", [box("dref", [u32(0), u32(1), box("url ", [u32(1)])])]);
  const mdia = box("mdia", [
    box("mdhd", [u32(0), zeros(8), u32(header.timeScale), u32(0), u16(0x55c4), u16(0)]),
    box("hdlr", [u32(0), u32(0), Buffer.from(handler), zeros(12), Buffer.from("\0")]),
    box("minf", [mediaHeader, dinf, stbl]),
  ]);
  const volume = u16(isVideo ? 0 : 0x0100);
  const place = [u16(0), u16(isVideo ? 0 : 1), volume, u16(0), matrix];
  const tkhd = box("tkhd", [
    u32(3),
    zeros(8),
    u32(1),
    u32(0),
    u32(0),
    zeros(8),
    ...place,
    ...size.map((n) => u32(n * 65536)),
  ]);
  const mvhd = box("mvhd", [
    u32(0),
    zeros(8),
    u32(1000),
    u32(0),
    u32(0x10000),
    u16(0x0100),
    zeros(10),
    matrix,
    zeros(24),
    u32(2),
  ]);
  const trex = box("trex", [u32(0), u32(1), u32(1), u32(0), u32(0), u32(0)]);
  const brands = ["iso6", "\0\0\0\0", "iso6", "cmfc", "mp41"].map((brand) => Buffer.from(brand, "latin1"));
  const moov = box("moov", [mvhd, box("trak", [tkhd, mdia]), box("mvex", [trex])]);
  return Buffer.concat([box("ftyp", brands), moov]);
}

/** RFC 6381: what the sample entry's decoder configuration says, exactly. */
export function codecsOf(header: TrackHeader): string {
  const { bytes, fixedBytes } = plainEntry(header.sampleEntry);
  return codecName(bytes, fixedBytes);
}

const entryForms = {
  /** The compressor's name (32 bytes from 50) is blanked. */
  avc1: { fixedBytes: 86, kept: ["avcC", "colr", "pasp"] },
  hvc1: { fixedBytes: 86, kept: ["hvcC", "colr", "pasp"] },
  mp4a: { fixedBytes: 36, kept: ["esds"] },
} as const;

// Bit rates that ffmpeg measured (btrt) and names of tools go: they differ from chunk to chunk, or mean nothing.
function plainEntry(
  entry: Buffer,
  more: readonly Buffer[] = [],
): { type: keyof typeof entryForms; bytes: Buffer; fixedBytes: number } {
  const type = entry.toString("latin1", 4, 8);
  if (type !== "avc1" && type !== "hvc1" && type !== "mp4a") {
    throw new VsError("encode_mismatch", `ffmpeg wrote a sample entry ${type}`);
  }
  const { fixedBytes, kept } = entryForms[type];
  need(entry.length >= fixedBytes, "a short sample entry");
  const fixed = Buffer.from(entry.subarray(8, fixedBytes));
  if (type !== "mp4a") fixed.fill(0, 42, 74);
  const children = boxesIn(entry, fixedBytes).filter((child) => kept.some((name) => name === child.type));
  const bytes = box(type, [fixed, ...children.map((child) => entry.subarray(child.start, child.end)), ...more]);
  return { type, bytes, fixedBytes };
}
