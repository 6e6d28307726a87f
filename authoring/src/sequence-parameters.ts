// What an H.264 sequence parameter set says of the pictures (ITU-T H.264, 7.3.2.1.1 and E.1.1).
import { need } from "./boxes.ts";

export interface SequenceParameters {
  /** Every picture is a whole frame. */
  readonly progressive: boolean;
  /** transfer_characteristics; null when it is not said. */
  readonly transfer: number | null;
}

const highProfiles = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);

/** @param unit the NAL unit, with its header */
export function parseSequenceParameters(unit: Buffer): SequenceParameters {
  const bits = new BitReader(withoutEmulation(unit.subarray(1)));
  const profile = bits.read(8);
  bits.read(16);
  bits.readExp();
  if (highProfiles.has(profile)) skipHighProfile(bits);
  bits.readExp();
  const orderType = bits.readExp();
  if (orderType === 0) bits.readExp();
  else if (orderType === 1) {
    bits.read(1);
    bits.readExp();
    bits.readExp();
    for (let left = bits.readExp(); left > 0; left -= 1) bits.readExp();
  }
  bits.readExp();
  bits.read(1);
  bits.readExp();
  bits.readExp();
  const progressive = bits.read(1) === 1;
  if (!progressive) bits.read(1);
  bits.read(1);
  if (bits.read(1) === 1) for (let side = 0; side < 4; side += 1) bits.readExp();
  return { progressive, transfer: bits.read(1) === 1 ? readTransfer(bits) : null };
}

function skipHighProfile(bits: BitReader): void {
  const chroma = bits.readExp();
  if (chroma === 3) bits.read(1);
  bits.readExp();
  bits.readExp();
  bits.read(1);
  if (bits.read(1) === 0) return;
  for (let list = 0; list < (chroma === 3 ? 12 : 8); list += 1) {
    if (bits.read(1) === 1) skipScalingList(bits, list < 6 ? 16 : 64);
  }
}

function skipScalingList(bits: BitReader, size: number): void {
  let [last, next] = [8, 8];
  for (let index = 0; index < size && next !== 0; index += 1) {
    const code = bits.readExp();
    const delta = code % 2 === 0 ? -code / 2 : (code + 1) / 2;
    next = (last + delta + 256) % 256;
    if (next !== 0) last = next;
  }
}

function readTransfer(bits: BitReader): number | null {
  if (bits.read(1) === 1 && bits.read(8) === 255) bits.read(32);
  if (bits.read(1) === 1) bits.read(1);
  if (bits.read(1) === 0) return null;
  bits.read(4);
  if (bits.read(1) === 0) return null;
  bits.read(8);
  return bits.read(8);
}

// A 3 that follows two zeros only keeps them from looking like a start code (7.4.1).
function withoutEmulation(bytes: Buffer): Buffer {
  const kept: number[] = [];
  let zeros = 0;
  for (const byte of bytes) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    kept.push(byte);
  }
  return Buffer.from(kept);
}

class BitReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  read(count: number): number {
    need(this.#at + count <= this.#bytes.length * 8, "a sequence parameter set that is cut");
    let value = 0;
    for (let left = count; left > 0; left -= 1) {
      const byte = this.#bytes[this.#at >> 3] ?? 0;
      value = value * 2 + ((byte >> (7 - (this.#at & 7))) & 1);
      this.#at += 1;
    }
    return value;
  }

  /** Exp-Golomb, unsigned. */
  readExp(): number {
    let zeros = 0;
    while (this.read(1) === 0) {
      zeros += 1;
      need(zeros <= 32, "a sequence parameter set with a number beyond all use");
    }
    return 2 ** zeros - 1 + this.read(zeros);
  }
}
