// Pure: what a JPEG file says of itself. ITU T.81, annex B.
import { VsError } from "@vstream/core/errors.ts";
import type { Size } from "./images-plan.ts";

/** @throws VsError encode_mismatch when it is no whole JPEG file */
export function jpegSize(bytes: Buffer): Size {
  const isWhole =
    bytes.length > 4 && bytes.readUInt16BE(0) === 0xffd8 && bytes.readUInt16BE(bytes.length - 2) === 0xffd9;
  let at = 2;
  while (isWhole && at + 9 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1] ?? 0;
    if (isFrameHeader(marker)) return { height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) };
    at += 2 + bytes.readUInt16BE(at + 2);
  }
  throw new VsError("encode_mismatch", "ffmpeg wrote a picture that is no JPEG file");
}

// Start of frame, but for the markers of Huffman tables, extensions and arithmetic coding among them.
function isFrameHeader(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}
