// For tests: changes to init segments and segments, byte by byte where that is what is meant.
import { editBox, makeBox } from "./edit-boxes.fixture.ts";
import { all, edit, editBytes, index, without } from "./edit-files.fixture.ts";
import type { Damaging } from "./edit-files.fixture.ts";

export const sampleTable = ["moov", "trak", "mdia", "minf", "stbl", "stsd"];

export function transportStream(codec: string): Damaging {
  const packets = (bytes: Buffer): Buffer =>
    Buffer.alloc(bytes.length, Buffer.concat([Buffer.of(0x47), Buffer.alloc(187)]));
  return all(
    index((text) => text.replaceAll(/(STREAM-INF:B[^\n]*CODECS=")avc1[^,"]*(,[^\n]*320x180)/g, `$1${codec}$2`)),
    edit("video/v180.m3u8", without(/#EXT-X-MAP[^\n]*\n/g)),
    editBytes("v180-0.m4s", packets),
    editBytes("v180-1.m4s", packets),
  );
}

/** The video's time scale is another one, so that its samples last as many times shorter. */
export function slower(factor: number): Damaging {
  return editBytes("v180-init.mp4", (bytes) =>
    editBox(bytes, ["moov", "trak", "mdia", "mdhd"], (mdhd) => {
      mdhd.writeUInt32BE(Math.round(mdhd.readUInt32BE(20) * factor), 20);
      return mdhd;
    }),
  );
}

/** Writes over a place in every box of a type. */
export function patch(type: string, offset: number, bytes: readonly number[]): (box: Buffer) => Buffer {
  return (whole) => {
    for (let at = whole.indexOf(type); at >= 0; at = whole.indexOf(type, at + 1)) whole.set(bytes, at + 4 + offset);
    return whole;
  };
}

// The configuration begins after the descriptors' heads; its channels are bits 9 to 12.
export function withChannels(bytes: Buffer, channels: number): Buffer {
  const at = bytes.indexOf(Buffer.from([0x05, 0x80, 0x80, 0x80]), bytes.indexOf("esds")) + 5;
  bytes[at + 1] = ((bytes[at + 1] ?? 0) & 0x87) | (channels << 3);
  return bytes;
}

export function nclx(transfer: number): Buffer {
  return makeBox("colr", Buffer.from([...Buffer.from("nclx"), 0, 9, 0, transfer, 0, 9, 0]));
}

export function laterBy(ticks: bigint): (bytes: Buffer) => Buffer {
  return (bytes) => {
    for (let at = bytes.indexOf("tfdt"); at >= 0; at = bytes.indexOf("tfdt", at + 1)) {
      if (bytes[at + 4] === 1) bytes.writeBigUInt64BE(bytes.readBigUInt64BE(at + 8) + ticks, at + 8);
      else bytes.writeUInt32BE(bytes.readUInt32BE(at + 8) + Number(ticks), at + 8);
    }
    return bytes;
  };
}

export function otherPicture(bytes: Buffer): Buffer {
  let at = bytes.indexOf("mdat") + 4;
  while (((bytes[at + 4] ?? 0) & 31) !== 5) at += 4 + bytes.readUInt32BE(at);
  bytes[at + 4] = ((bytes[at + 4] ?? 0) & 0xe0) | 1;
  return bytes;
}

/** The moof's samples are no longer told to be sync samples. */
export const notSync = (moof: Buffer): Buffer =>
  editBox(moof, ["moof", "traf", "tfhd"], (tfhd) => {
    const flags = tfhd.readUInt32BE(8) & 0xffffff;
    if ((flags & 0x20) === 0) throw new Error("tfhd has no sample flags");
    tfhd.writeUInt32BE(0x01010000, tfhd.length - 4);
    return tfhd;
  });
