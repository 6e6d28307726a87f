// As much of EBML as it takes to find a Matroska file's seek head. Bounded: nothing is read that an element claims,
// only headers and small seek heads.
import type { ReadableFile } from "./local-files.ts";

export interface MatroskaElement {
  readonly id: number;
  readonly start: number;
  /** First byte of the content. */
  readonly body: number;
  /** Infinity when the size is not known. */
  readonly end: number;
}

const seekId = 0x4dbb;
const seekPositionId = 0x53ac;
const seekHeadByteLimit = 64 * 1024;

/** The element whose header lies at a position; null where there is none. */
export async function readElement(file: ReadableFile, position: number): Promise<MatroskaElement | null> {
  if (!Number.isSafeInteger(position)) return null;
  const found = parseElement(await file.read(position, 12), 0);
  if (found === null) return null;
  return { id: found.id, start: position, body: position + found.body, end: position + found.end };
}

/** The positions (from the segment's first byte) that a seek head names. */
export async function readSeekHead(file: ReadableFile, head: MatroskaElement): Promise<number[]> {
  const length = Math.min(head.end - head.body, seekHeadByteLimit);
  const bytes = await file.read(head.body, length);
  return childrenOf(bytes, 0, bytes.length)
    .filter((child) => child.id === seekId)
    .flatMap((seek) => childrenOf(bytes, seek.body, seek.end))
    .filter((child) => child.id === seekPositionId && child.end - child.body <= 6 && child.end > child.body)
    .map((child) => bytes.readUIntBE(child.body, child.end - child.body));
}

function childrenOf(bytes: Buffer, from: number, to: number): MatroskaElement[] {
  const children: MatroskaElement[] = [];
  let at = from;
  while (at < to) {
    const child = parseElement(bytes, at);
    if (child === null || child.end > to) break;
    children.push(child);
    at = child.end;
  }
  return children;
}

function parseElement(bytes: Buffer, at: number): MatroskaElement | null {
  const idLength = Math.clz32(bytes[at] ?? 0) - 23;
  const sizeAt = at + idLength;
  const sizeLength = Math.clz32(bytes[sizeAt] ?? 0) - 23;
  const body = sizeAt + sizeLength;
  if (idLength > 4 || sizeLength > 8 || body > bytes.length) return null;
  let size = (bytes[sizeAt] ?? 0) & (0xff >> sizeLength);
  let unknown = size === 0xff >> sizeLength;
  for (let index = sizeAt + 1; index < body; index += 1) {
    size = size * 256 + (bytes[index] ?? 0);
    unknown &&= bytes[index] === 0xff;
  }
  return { id: bytes.readUIntBE(at, idLength), start: at, body, end: unknown ? Infinity : body + size };
}
