// Whether a coded picture is one that decoding can start at, by its first NAL units (ISO 14496-15; ITU-T H.264 7.4.1.2,
// H.265 7.4.2.2).
import type { InitTrack } from "./init-segment.ts";

export type PictureKind = "idr" | "other";

/** @param head the first bytes of a sample @returns null when it cannot be told */
export function pictureKindOf(head: Buffer, track: InitTrack | null): PictureKind | null {
  const lengthBytes = track?.entry.picture?.unitLengthBytes ?? null;
  if (track === null || lengthBytes === null) return null;
  const isHevc = /^(hvc|hev)/.test(track.entry.type);
  let at = 0;
  while (at + lengthBytes < head.length) {
    const length = head.readUIntBE(at, lengthBytes);
    const [header = 0] = head.subarray(at + lengthBytes, at + lengthBytes + 1);
    if (isHevc) {
      const type = (header >> 1) & 63;
      if (type < 32) return type === 19 || type === 20 ? "idr" : "other";
    } else {
      const type = header & 31;
      if (type >= 1 && type <= 5) return type === 5 ? "idr" : "other";
    }
    at += lengthBytes + length;
  }
  return null;
}
