// Finds CEA-608 captions in pictures, as ATSC A/53 has them in the user data of MPEG-2 and in SEI messages of H.264 and
// HEVC. Nothing is decoded: what they begin with occurs nowhere else, in whatever container they are. Broadcasters send
// user data with nothing in it too; that counts for nothing.
import { ReadableFile } from "./local-files.ts";

/** Of a larger file this many parts are read, from its begin on, at equal distances. */
const windowCount = 64;
const windowBytes = 1024 * 1024;

/** GA94: user data as ATSC has it; 3: of captions. */
const beginning = Buffer.from("GA94\x03", "latin1");
/** What stands before it in SEI messages: the country and the maker of the message; and in MPEG-2: a start code. */
const before = [Buffer.from([0xb5, 0x00, 0x31]), Buffer.from([0x00, 0x00, 0x01, 0xb2])];

export async function hasCaptions(path: string, sizeBytes: number): Promise<boolean> {
  await using file = await ReadableFile.open(path);
  const distance = Math.max(windowBytes, Math.floor(sizeBytes / windowCount));
  for (let at = 0; at < sizeBytes; at += distance) {
    // A little beyond the window: what begins at its end.
    if (captionsIn(await file.read(at, windowBytes + 256))) return true;
  }
  return false;
}

/** Whether the bytes have a character or command of captions. */
export function captionsIn(bytes: Buffer): boolean {
  for (let at = bytes.indexOf(beginning); at >= 0; at = bytes.indexOf(beginning, at + 1)) {
    const isPlaced = before.some((mark) => at >= mark.length && bytes.subarray(at - mark.length, at).equals(mark));
    if (isPlaced && saysSomething(bytes, at + beginning.length)) return true;
  }
  return false;
}

// A/53, 6.2.3: flags and a count, a reserved byte, then three bytes each: five ones, whether it is valid, its field; and
// two characters with their parity. ffmpeg reads the first field.
function saysSomething(bytes: Buffer, at: number): boolean {
  const flags = bytes[at] ?? 0;
  if ((flags & 0x40) === 0) return false;
  const triplets = Array.from({ length: flags & 0x1f }, (_, index) => at + 2 + index * 3);
  return triplets.some((place) => {
    const [head = 0, first = 0, second = 0] = bytes.subarray(place, place + 3);
    return head === 0xfc && ((first | second) & 0x7f) !== 0;
  });
}
