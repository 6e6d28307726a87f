// For tests: changes boxes inside boxes and mends the lengths of those that hold them.

/** Bytes before the children, of boxes that have more than a header. */
const fixedBytes: Readonly<Record<string, number>> = { stsd: 8, avc1: 78, mp4a: 28 };

/** @param path types from the outermost box down @param change gives the new box, whole; empty takes it away */
export function editBox(bytes: Buffer, path: readonly string[], change: (box: Buffer) => Buffer): Buffer {
  const [type, ...rest] = path;
  const parts: Buffer[] = [];
  let found = false;
  for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at)) {
    const box = bytes.subarray(at, at + bytes.readUInt32BE(at));
    if (found || box.toString("latin1", 4, 8) !== type) {
      parts.push(box);
      continue;
    }
    found = true;
    const fixed = 8 + (fixedBytes[type] ?? 0);
    const inside = rest.length === 0 ? null : editBox(box.subarray(fixed), rest, change);
    parts.push(inside === null ? change(Buffer.from(box)) : sized(Buffer.concat([box.subarray(0, fixed), inside])));
  }
  if (!found) throw new Error(`no ${path.join("/")}`);
  return Buffer.concat(parts);
}

/** With the length that it has. */
export function sized(box: Buffer): Buffer {
  const copy = Buffer.from(box);
  copy.writeUInt32BE(copy.length, 0);
  return copy;
}

export function makeBox(type: string, content: Buffer): Buffer {
  return sized(Buffer.concat([Buffer.alloc(4), Buffer.from(type, "latin1"), content]));
}

/** Puts more boxes at the end of one. */
export function appended(box: Buffer, ...more: readonly Buffer[]): Buffer {
  return sized(Buffer.concat([box, ...more]));
}
