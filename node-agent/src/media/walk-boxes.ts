// Walks the boxes of an MP4 file by their headers alone. Whatever a box claims, nothing beyond the file is read, and not
// more boxes than allowed are visited.
import type { ReadableFile } from "./local-files.ts";

export interface FoundBox {
  readonly type: string;
  readonly start: number;
  /** First byte of the content. */
  readonly body: number;
  /** As the box claims. */
  readonly end: number;
}

/** A file of more fragments than this is known by those that come first. */
const visitLimit = 5000;

/** The boxes that lie where the last one of a path (from the outermost) does; it and those beside it. */
export async function* walkBoxes(
  file: ReadableFile,
  within: { start: number; end: number },
  path: readonly string[],
): AsyncGenerator<FoundBox> {
  yield* walk(file, { ...within, path }, { left: visitLimit });
}

async function* walk(
  file: ReadableFile,
  within: { start: number; end: number; path: readonly string[] },
  visits: { left: number },
): AsyncGenerator<FoundBox> {
  const [type, ...rest] = within.path;
  let at = within.start;
  while (at + 8 <= within.end && visits.left > 0) {
    visits.left -= 1;
    const box = parseBox(await file.read(at, 16), at, within.end);
    if (box === null) return;
    if (type === undefined || rest.length === 0) yield box;
    if (rest.length > 0 && box.type === type) {
      yield* walk(file, { start: box.body, end: Math.min(box.end, within.end), path: rest }, visits);
    }
    at = box.end;
  }
}

/** Null: not a box. @param end of what it lies in: a box without a size reaches to there */
export function parseBox(header: Buffer, start: number, end: number): FoundBox | null {
  if (header.length < 8) return null;
  const type = header.toString("latin1", 4, 8);
  const short = header.readUInt32BE(0);
  if (short === 0) return { type, start, body: start + 8, end };
  if (short !== 1) return short < 8 ? null : { type, start, body: start + 8, end: start + short };
  if (header.length < 16) return null;
  const long = header.readBigUInt64BE(8);
  if (long < 16n || long > BigInt(Number.MAX_SAFE_INTEGER)) return null;
  return { type, start, body: start + 16, end: start + Number(long) };
}
