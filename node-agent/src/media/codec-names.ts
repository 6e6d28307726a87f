// Pure: what a sample entry's decoder configuration says, in the words of CODECS (RFC 6381).
import { boxesIn, need } from "./fmp4-boxes.ts";

/** @param fixedBytes where the entry's boxes begin */
export function codecName(entry: Buffer, fixedBytes: number): string {
  const type = entry.toString("latin1", 4, 8);
  const contentOf = (child: string, leastBytes: number): Buffer => {
    const box = boxesIn(entry, fixedBytes).find((candidate) => candidate.type === child);
    need(box !== undefined && box.end - box.body >= leastBytes, `no whole ${child} box`);
    return entry.subarray(box.body, box.end);
  };
  switch (type) {
    case "avc1":
      return `avc1.${contentOf("avcC", 7).toString("hex", 1, 4).toUpperCase()}`;
    case "hvc1":
      return hevcName(contentOf("hvcC", 23));
    default:
      return `mp4a.40.${audioObjectType(contentOf("esds", 4).subarray(4))}`;
  }
}

// ISO 14496-15, 8.3.3.1 and annex E.3: profile, the profiles that it is compatible with in reverse order of bits, tier
// and level, then the constraints without the empty bytes at their end.
function hevcName(record: Buffer): string {
  const [, profile = 0] = record;
  const space = ["", "A", "B", "C"][profile >> 6] ?? "";
  const compatible = Array.from(record.readUInt32BE(2).toString(2).padStart(32, "0")).toReversed().join("");
  const tier = (profile & 0x20) === 0 ? "L" : "H";
  const constraints = [...record.subarray(6, 12)];
  while (constraints.at(-1) === 0) constraints.pop();
  return [
    "hvc1",
    `${space}${profile & 0x1f}`,
    Number.parseInt(compatible, 2).toString(16).toUpperCase(),
    `${tier}${record[12] ?? 0}`,
    ...constraints.map((byte) => byte.toString(16).toUpperCase()),
  ].join(".");
}

// The decoder's configuration begins with five bits that name the kind of AAC. ISO 14496-1, 7.2.6: descriptors are a
// tag, a length of up to four bytes with seven bits each, and content.
function audioObjectType(descriptors: Buffer): number {
  let at = 0;
  for (const [tag, fixed] of [
    [3, 3],
    [4, 13],
    [5, 0],
  ] as const) {
    need(descriptors[at] === tag, "an esds of another form");
    at += 1;
    while (((descriptors[at] ?? 0) & 0x80) !== 0) at += 1;
    at += 1 + fixed;
  }
  need(at < descriptors.length, "a short esds");
  return (descriptors[at] ?? 0) >> 3;
}
