// Pure: the packets of a text track, from what ffmpeg wrote of them: a line for each with its times and size, and the
// bytes of all.
import { VsError } from "@vstream/core/errors.ts";

export interface TextPacket {
  /** On the source's clock. */
  readonly startSeconds: number;
  /** Null: the source does not say. */
  readonly endSeconds: number | null;
  readonly bytes: Buffer;
}

/** Longer than any source: ffmpeg writes 2³² ms where the end is not known. */
const longestSeconds = 2 * 24 * 3600;

/**
 * @param times what the muxer framecrc writes
 * @throws VsError encode_mismatch when the two do not fit together
 */
export function textPackets(times: string, bytes: Buffer): TextPacket[] {
  const packets: TextPacket[] = [];
  let tickSeconds = 0;
  let at = 0;
  for (const line of times.split("\n")) {
    const base = /^#tb 0: (\d+)\/(\d+)$/.exec(line);
    if (base !== null) tickSeconds = Number(base[1]) / Number(base[2]);
    if (line === "" || line.startsWith("#")) continue;
    const [, , pts = "", duration = "", size = ""] = line.split(",").map((field) => field.trim());
    const end = at + Number(size);
    if (!(end >= at && end <= bytes.length && tickSeconds > 0)) throw mismatch();
    const packet = packetOf(bytes.subarray(at, end), Number(pts) * tickSeconds, Number(duration) * tickSeconds);
    if (packet !== null) packets.push(packet);
    at = end;
  }
  if (at !== bytes.length) throw mismatch();
  return packets;
}

// A packet without a time says NOPTS there.
function packetOf(bytes: Buffer, startSeconds: number, durationSeconds: number): TextPacket | null {
  if (!Number.isFinite(startSeconds)) return null;
  const isKnown = durationSeconds > 0 && durationSeconds < longestSeconds;
  return { startSeconds, endSeconds: isKnown ? startSeconds + durationSeconds : null, bytes };
}

function mismatch(): VsError {
  return new VsError("encode_mismatch", "the packets of a text track do not fit what is said of them");
}
