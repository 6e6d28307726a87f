// Boxes of ISO 14496-12 in bytes that may be wrong: every length is held against what is there, and there are limits on
// how much is read. What does not fit throws UnreadableBoxes, whose message says what.

export class UnreadableBoxes extends Error {}

export interface Box {
  readonly type: string;
  readonly start: number;
  /** First byte of the content. */
  readonly body: number;
  readonly end: number;
}

const childrenLimit = 10_000;

/** The boxes that lie side by side in [from, to). */
export function boxesIn(bytes: Buffer, from = 0, to = bytes.length): Box[] {
  const boxes: Box[] = [];
  let at = from;
  while (at < to) {
    const { type, headerBytes, sizeBytes } = boxHeader(bytes, at, to);
    need(at + sizeBytes <= to, `a box "${type}" that is longer than what holds it`);
    need(boxes.length < childrenLimit, "too many boxes");
    boxes.push({ type, start: at, body: at + headerBytes, end: at + sizeBytes });
    at += sizeBytes;
  }
  return boxes;
}

/** Type and length of the box at `at`; its header must be there, its content need not be. */
export function boxHeader(bytes: Buffer, at: number, to = bytes.length) {
  need(at + 8 <= to, "a box without a header");
  const type = bytes.toString("latin1", at + 4, at + 8);
  const short = bytes.readUInt32BE(at);
  if (short !== 1) {
    need(short >= 8, `a box "${type}" without a length`);
    return { type, headerBytes: 8, sizeBytes: short };
  }
  need(at + 16 <= to, "a box without a header");
  const sizeBytes = Number(bytes.readBigUInt64BE(at + 8));
  need(sizeBytes >= 16 && Number.isSafeInteger(sizeBytes), `a box "${type}" without a length`);
  return { type, headerBytes: 16, sizeBytes };
}

export function childrenOf(bytes: Buffer, box: Box, type: string): Box[] {
  return boxesIn(bytes, box.body, box.end).filter((child) => child.type === type);
}

/** The first box at a path of types inside another. */
export function findBox(bytes: Buffer, within: Box, path: readonly string[]): Box | null {
  let box: Box = within;
  for (const type of path) {
    const [child] = childrenOf(bytes, box, type);
    if (child === undefined) return null;
    box = child;
  }
  return box;
}

/** Like findBox, for what must be there. */
export function needBox(bytes: Buffer, within: Box, path: readonly string[]): Box {
  const box = findBox(bytes, within, path);
  need(box !== null, `no ${path.join("/")} box`);
  return box;
}

/** An unsigned number of 1, 2, 4 or 8 bytes inside a box. */
export function readNumber(bytes: Buffer, box: Box, offset: number, length: 1 | 2 | 4 | 8): number {
  const at = box.body + offset;
  need(at + length <= box.end, `a short ${box.type} box`);
  if (length !== 8) return bytes.readUIntBE(at, length);
  const value = Number(bytes.readBigUInt64BE(at));
  need(Number.isSafeInteger(value), `a ${box.type} box with a number beyond all use`);
  return value;
}

export function need(holds: boolean, what: string): asserts holds {
  if (!holds) throw new UnreadableBoxes(what);
}
