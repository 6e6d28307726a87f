// Reads the boxes of the fragmented MP4 that ffmpeg writes for us: one track, a moof and an mdat in turn. Every length
// is checked against what is there; anything else throws.
import { VsError } from "@vstream/core/errors.ts";

export interface Box {
  readonly type: string;
  readonly start: number;
  /** First byte of the content. */
  readonly body: number;
  readonly end: number;
}

export interface CodedSample {
  readonly sizeBytes: number;
  readonly decodeTime: number;
  /** Presentation time minus decode time; may be negative here. */
  readonly compositionOffset: number;
  readonly isKey: boolean;
}

export interface TrackHeader {
  readonly timeScale: number;
  /** The one sample entry (avc1, mp4a), whole. */
  readonly sampleEntry: Buffer;
}

/** The boxes that lie side by side in [from, to). */
export function boxesIn(bytes: Buffer, from = 0, to = bytes.length): Box[] {
  const boxes: Box[] = [];
  let at = from;
  while (at < to) {
    const box = boxAt(bytes, at, to);
    boxes.push(box);
    at = box.end;
  }
  return boxes;
}

/** Type and length of the box that begins at `at`; its header must be there, its content need not be. */
export function boxHeader(bytes: Buffer, at: number): { type: string; headerBytes: number; sizeBytes: number } {
  need(at + 8 <= bytes.length, "a box without a header");
  const type = bytes.toString("latin1", at + 4, at + 8);
  const short = bytes.readUInt32BE(at);
  if (short !== 1) {
    need(short >= 8, "a box without a length");
    return { type, headerBytes: 8, sizeBytes: short };
  }
  need(at + 16 <= bytes.length, "a box without a header");
  const sizeBytes = Number(bytes.readBigUInt64BE(at + 8));
  need(sizeBytes >= 16 && Number.isSafeInteger(sizeBytes), "a box without a length");
  return { type, headerBytes: 16, sizeBytes };
}

function boxAt(bytes: Buffer, at: number, to: number): Box {
  const { type, headerBytes, sizeBytes } = boxHeader(bytes, at);
  need(at + sizeBytes <= to, "a box that is longer than what holds it");
  return { type, start: at, body: at + headerBytes, end: at + sizeBytes };
}

/** The box at a path of types inside another. */
export function findBox(bytes: Buffer, within: Box, path: readonly string[]): Box {
  let box = within;
  for (const type of path) {
    const child = boxesIn(bytes, box.body, box.end).find((candidate) => candidate.type === type);
    if (child === undefined) throw wrong(`no ${type} box`);
    box = child;
  }
  return box;
}

/** @param moov the whole box */
export function parseMoov(moov: Buffer): TrackHeader {
  const root = boxAt(moov, 0, moov.length);
  const media = findBox(moov, root, ["trak", "mdia"]);
  const mdhd = findBox(moov, media, ["mdhd"]);
  const timeScaleAt = mdhd.body + (moov[mdhd.body] === 1 ? 20 : 12);
  need(timeScaleAt + 4 <= mdhd.end, "a short mdhd");
  const stsd = findBox(moov, media, ["minf", "stbl", "stsd"]);
  const [entry] = boxesIn(moov, stsd.body + 8, stsd.end);
  if (entry === undefined) throw wrong("no sample entry");
  return { timeScale: moov.readUInt32BE(timeScaleAt), sampleEntry: moov.subarray(entry.start, entry.end) };
}

/** The samples of a fragment, in the order in which their bytes follow each other. @param moof the whole box */
export function parseMoof(moof: Buffer): CodedSample[] {
  const root = boxAt(moof, 0, moof.length);
  const tracks = boxesIn(moof, root.body, root.end).filter((box) => box.type === "traf");
  const [track] = tracks;
  if (track === undefined || tracks.length > 1) throw wrong("a fragment that has not one track");
  const tfdt = findBox(moof, track, ["tfdt"]);
  need(tfdt.body + (moof[tfdt.body] === 1 ? 12 : 8) <= tfdt.end, "a short tfdt");
  let decodeTime =
    moof[tfdt.body] === 1 ? Number(moof.readBigInt64BE(tfdt.body + 4)) : moof.readUInt32BE(tfdt.body + 4);
  const defaults = parseTfhd(moof, findBox(moof, track, ["tfhd"]));
  const samples: CodedSample[] = [];
  for (const run of boxesIn(moof, track.body, track.end).filter((box) => box.type === "trun")) {
    for (const { durationTicks, ...sample } of parseTrun(moof, run, defaults)) {
      samples.push({ ...sample, decodeTime });
      decodeTime += durationTicks;
    }
  }
  return samples;
}

interface SampleDefaults {
  readonly durationTicks: number;
  readonly sizeBytes: number;
  readonly flags: number;
}

// Fields of tfhd in their order, and the flag that says that each is there. ISO 14496-12, 8.8.7.
const headerFields = [
  [0x1, 8],
  [0x2, 4],
  [0x8, 4],
  [0x10, 4],
  [0x20, 4],
] as const;

function parseTfhd(bytes: Buffer, box: Box): SampleDefaults {
  const flags = bytes.readUIntBE(box.body + 1, 3);
  const values = new Map<number, number>();
  let at = box.body + 8;
  for (const [flag, length] of headerFields) {
    if ((flags & flag) === 0) continue;
    need(at + length <= box.end, "a short tfhd");
    values.set(flag, bytes.readUInt32BE(at));
    at += length;
  }
  return { durationTicks: values.get(0x8) ?? 0, sizeBytes: values.get(0x10) ?? 0, flags: values.get(0x20) ?? 0 };
}

// ISO 14496-12, 8.8.8. The "not a sync sample" bit of sample flags is 0x10000.
function parseTrun(bytes: Buffer, box: Box, defaults: SampleDefaults) {
  const flags = bytes.readUIntBE(box.body + 1, 3);
  const count = bytes.readUInt32BE(box.body + 4);
  let at = box.body + 8 + ((flags & 0x1) === 0 ? 0 : 4);
  const firstFlags = (flags & 0x4) === 0 ? null : bytes.readUInt32BE(at);
  if (firstFlags !== null) at += 4;
  const fields = [0x100, 0x200, 0x400, 0x800].filter((flag) => (flags & flag) !== 0);
  need(at + count * fields.length * 4 <= box.end, "a trun with fewer samples than it says");
  return Array.from({ length: count }, (_, index) => {
    const sample = {
      durationTicks: defaults.durationTicks,
      sizeBytes: defaults.sizeBytes,
      compositionOffset: 0,
      isKey: ((index === 0 ? (firstFlags ?? defaults.flags) : defaults.flags) & 0x10000) === 0,
    };
    for (const field of fields) {
      if (field === 0x100) sample.durationTicks = bytes.readUInt32BE(at);
      else if (field === 0x200) sample.sizeBytes = bytes.readUInt32BE(at);
      else if (field === 0x400) sample.isKey = (bytes.readUInt32BE(at) & 0x10000) === 0;
      else sample.compositionOffset = bytes.readInt32BE(at);
      at += 4;
    }
    return sample;
  });
}

export function need(holds: boolean, what: string): asserts holds {
  if (!holds) throw wrong(what);
}

function wrong(what: string): VsError {
  return new VsError("encode_mismatch", `ffmpeg wrote ${what}`);
}
