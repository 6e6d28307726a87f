// What a sample entry says of how its track is coded: the RFC 6381 codec, the picture or the sound (ISO 14496-12, -15,
// ISO 14496-1).
import { boxesIn, need, readNumber } from "./boxes.ts";
import type { Box } from "./boxes.ts";
import { parseSequenceParameters } from "./sequence-parameters.ts";

export interface CodedPicture {
  /** As it is to be shown, in square pixels. */
  readonly width: number;
  readonly height: number;
  /** Null: not known. */
  readonly progressive: boolean | null;
  /** As VIDEO-RANGE has it; null: not known. */
  readonly range: "SDR" | "PQ" | "HLG" | null;
  /** Bytes of the length before each NAL unit; null: it has none. */
  readonly unitLengthBytes: number | null;
}

export interface CodedSound {
  readonly channels: number;
  readonly sampleRate: number;
  /** Samples of sound in a coded frame; null: not known. */
  readonly frameSamples: number | null;
}

export interface SampleEntry {
  /** Four characters: avc1, mp4a, … */
  readonly type: string;
  /** As CODECS should say it. */
  readonly codec: string;
  readonly picture: CodedPicture | null;
  readonly sound: CodedSound | null;
}

/** @param mediaType `vide`, `soun` or another */
export function readSampleEntry(bytes: Buffer, entry: Box, mediaType: string): SampleEntry {
  const { type } = entry;
  const fixed = mediaType === "vide" ? 78 : mediaType === "soun" ? 28 : 8;
  const children = mediaType === "vide" || mediaType === "soun" ? boxesIn(bytes, entry.body + fixed, entry.end) : [];
  const contentOf = (child: string): Buffer | null => {
    const box = children.find((candidate) => candidate.type === child);
    return box === undefined ? null : bytes.subarray(box.body, box.end);
  };
  if (mediaType === "vide") return { type, sound: null, ...readPicture(bytes, entry, contentOf) };
  if (mediaType === "soun") return { type, picture: null, ...readSound(bytes, entry, contentOf) };
  return { type, codec: type, picture: null, sound: null };
}

type ContentOf = (type: string) => Buffer | null;

function readPicture(bytes: Buffer, entry: Box, contentOf: ContentOf): { codec: string; picture: CodedPicture } {
  const [width, height] = [readNumber(bytes, entry, 24, 2), readNumber(bytes, entry, 26, 2)];
  const shape = contentOf("pasp");
  const stretch = shape !== null && shape.length >= 8 ? shape.readUInt32BE(0) / Math.max(1, shape.readUInt32BE(4)) : 1;
  const colour = contentOf("colr");
  const told = colour?.toString("latin1", 0, 4) === "nclx" && colour.length >= 8 ? colour.readUInt16BE(6) : null;
  const coded = codingOf(entry.type, contentOf);
  const transfer = told ?? coded.transfer;
  const picture = {
    width: Math.round(width * stretch),
    height,
    progressive: coded.progressive,
    range: transfer === null ? null : rangeOf(transfer),
    unitLengthBytes: coded.unitLengthBytes,
  };
  return { codec: coded.codec, picture };
}

/** @param transfer transfer_characteristics (ISO 23091-2) */
function rangeOf(transfer: number): NonNullable<CodedPicture["range"]> {
  return transfer === 16 ? "PQ" : transfer === 18 ? "HLG" : "SDR";
}

interface Coding {
  readonly codec: string;
  readonly progressive: boolean | null;
  readonly transfer: number | null;
  readonly unitLengthBytes: number | null;
}

function codingOf(type: string, contentOf: ContentOf): Coding {
  if (type === "avc1" || type === "avc3") return avcCoding(type, contentOf("avcC"));
  if (type === "hvc1" || type === "hev1") return hevcCoding(type, contentOf("hvcC"));
  return { codec: type, progressive: null, transfer: null, unitLengthBytes: null };
}

function avcCoding(type: string, record: Buffer | null): Coding {
  need(record !== null && record.length >= 7, "no avcC box");
  const codec = `${type}.${record.toString("hex", 1, 4).toUpperCase()}`;
  const unitLengthBytes = ((record[4] ?? 0) & 3) + 1;
  if (((record[5] ?? 0) & 0x1f) === 0) return { codec, progressive: null, transfer: null, unitLengthBytes };
  need(record.length >= 8, "a short avcC box");
  const length = record.readUInt16BE(6);
  need(length > 4 && record.length >= 8 + length, "a short avcC box");
  return { codec, unitLengthBytes, ...parseSequenceParameters(record.subarray(8, 8 + length)) };
}

// ISO 14496-15, 8.3.3.1 and annex E.3: the compatibility flags are said in reverse order of bits.
function hevcCoding(type: string, record: Buffer | null): Coding {
  need(record !== null && record.length >= 23, "no hvcC box");
  const profile = record[1] ?? 0;
  const space = ["", "A", "B", "C"][profile >> 6] ?? "";
  const flags = record.readUInt32BE(2).toString(2).padStart(32, "0");
  const compatible = Number.parseInt(flags.split("").reverse().join(""), 2).toString(16);
  const tier = (profile & 0x20) === 0 ? "L" : "H";
  const constraints = [...record.subarray(6, 12)];
  while (constraints.at(-1) === 0) constraints.pop();
  const tail = constraints.map((byte) => `.${byte.toString(16)}`).join("");
  const [sources = 0] = record.subarray(6, 7);
  const codec = `${type}.${space}${profile & 0x1f}.${compatible}.${tier}${record[12] ?? 0}${tail}`;
  // general_progressive_source_flag, general_interlaced_source_flag.
  const progressive = (sources & 0x80) !== 0 ? true : (sources & 0x40) !== 0 ? false : null;
  return {
    codec: codec.toUpperCase().replace(/^..../, type),
    progressive,
    transfer: null,
    unitLengthBytes: ((record[21] ?? 0) & 3) + 1,
  };
}

function readSound(bytes: Buffer, entry: Box, contentOf: ContentOf): { codec: string; sound: CodedSound } {
  const channels = readNumber(bytes, entry, 16, 2);
  const sampleRate = readNumber(bytes, entry, 24, 4) / 65536;
  const esds = entry.type === "mp4a" ? contentOf("esds") : null;
  if (esds === null) return { codec: codecOfSound(entry.type), sound: { channels, sampleRate, frameSamples: null } };
  const config = decoderConfig(esds);
  const first = config.length >= 2 ? config.readUInt16BE(0) : 0;
  const [kind, configured] = [first >> 11, (first >> 3) & 15];
  return {
    codec: `mp4a.40.${kind}`,
    // 7 stands for eight channels (ISO 14496-3, 1.6.3.5).
    sound: {
      channels: configured === 0 ? channels : configured === 7 ? 8 : configured,
      sampleRate,
      frameSamples: kind === 2 ? 1024 : null,
    },
  };
}

function codecOfSound(type: string): string {
  return type === "Opus" ? "opus" : type;
}

// Descriptors are a tag, a length of up to four bytes with seven bits each, and content; the wanted one is within two
// others (ISO 14496-1, 7.2.6).
function decoderConfig(esds: Buffer): Buffer {
  let at = 4;
  let length = 0;
  for (const [tag, fixed] of [
    [3, 3],
    [4, 13],
    [5, 0],
  ] as const) {
    need(esds[at] === tag, "an esds box without a decoder's configuration");
    at += 1;
    length = 0;
    for (let count = 0; count < 4; count += 1) {
      const byte = esds[at] ?? 0;
      at += 1;
      length = length * 128 + (byte & 127);
      if (byte < 128) break;
    }
    if (tag !== 5) at += fixed;
  }
  need(at + length <= esds.length, "a short esds box");
  return esds.subarray(at, at + length);
}
