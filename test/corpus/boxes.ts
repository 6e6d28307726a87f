// Changes inside MP4 files that no program makes on purpose.

/** Where a box begins, by its path from the outermost; containers with a header of their own are known. */
export function findBox(bytes: Buffer, path: readonly string[]): { at: number; size: number; parents: number[] } {
  const parents: number[] = [];
  let [at, end] = [0, bytes.length];
  for (const [depth, type] of path.entries()) {
    while (bytes.toString("latin1", at + 4, at + 8) !== type) {
      at += bytes.readUInt32BE(at);
      if (at >= end) throw new Error(`no ${path.join("/")}`);
    }
    if (depth === path.length - 1) break;
    parents.push(at);
    end = at + bytes.readUInt32BE(at);
    at += 8 + (headerBytes[type] ?? 0);
  }
  return { at, size: bytes.readUInt32BE(at), parents };
}

const headerBytes: Readonly<Record<string, number>> = { stsd: 8, avc1: 78, hvc1: 78 };

/** Puts bytes at the end of a box. The index has to lie behind the media. */
export function withChild(bytes: Buffer, path: readonly string[], child: Buffer): Buffer {
  const { at, size, parents } = findBox(bytes, path);
  const longer = Buffer.concat([bytes.subarray(0, at + size), child, bytes.subarray(at + size)]);
  for (const parent of [...parents, at]) longer.writeUInt32BE(bytes.readUInt32BE(parent) + child.length, parent);
  return longer;
}

export function box(type: string, content: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32BE(8 + content.length);
  header.write(type, 4, "latin1");
  return Buffer.concat([header, content]);
}

/** Gives the first track another matrix: across = a·x + c·y, down = b·x + d·y. */
export function withMatrix(bytes: Buffer, [a, b, c, d]: readonly [number, number, number, number]): Buffer {
  const changed = Buffer.from(bytes);
  const { at } = findBox(bytes, ["moov", "trak", "tkhd"]);
  const matrix = at + 8 + (bytes[at + 8] === 1 ? 52 : 40);
  for (const [place, value] of [a, b, 0, c, d].entries()) {
    changed.writeInt32BE(value * 65536, matrix + place * 4);
  }
  return changed;
}

/** Takes all samples from the first track; what listed them stays behind as padding. */
export function withoutSamples(bytes: Buffer): Buffer {
  const changed = Buffer.from(bytes);
  for (const [type, place] of [
    ["stts", 12],
    ["stsc", 12],
    ["stco", 12],
    ["stsz", 16],
    ["stss", 12],
    ["ctts", 12],
  ] as const) {
    changed.writeUInt32BE(0, findBox(bytes, ["moov", "trak", "mdia", "minf", "stbl", type]).at + place);
  }
  return changed;
}

/** Every appearance of some bytes becomes others of the same length. */
export function replaced(bytes: Buffer, from: string, to: string): Buffer {
  const changed = Buffer.from(bytes);
  for (let at = changed.indexOf(from, 0, "latin1"); at >= 0; at = changed.indexOf(from, at + 1, "latin1")) {
    changed.write(to, at, "latin1");
  }
  return changed;
}
