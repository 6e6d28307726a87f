// Finds content protection that ffprobe does not tell of: sources whose tracks look like plain H.264 and are not. Bounded:
// it reads headers and a few packets, and believes nothing of them beyond the file's size.
import { ReadableFile } from "./local-files.ts";
import { walkBoxes } from "./walk-boxes.ts";
import type { FoundBox } from "./walk-boxes.ts";

/** What shows that a source is protected; null: nothing does. */
export async function findProtection(sourcePath: string, sourceBytes: number): Promise<string | null> {
  await using file = await ReadableFile.open(sourcePath);
  const head = await file.read(0, 16);
  if (head.length < 16) return null;
  if (head.toString("latin1", 0, 3) === "FLV") return await protectedFlv(file, head.readUInt32BE(5));
  if (/^[a-z]{4}$/.test(head.toString("latin1", 4, 8))) return await protectedMp4(file, sourceBytes);
  return await protectedStream(file, sourceBytes);
}

const sampleTablePath = ["moov", "trak", "mdia", "minf", "stbl", "stsd"];
const protectedEntries = ["encv", "enca", "enct", "encs", "drmi", "drms"];
const sampleTableByteLimit = 64 * 1024;
/** PIFF's own box for what CENC calls senc. */
const piffSampleEncryption = "a2394f525a9b4f14a2446c427c648df4";

async function protectedMp4(file: ReadableFile, sourceBytes: number): Promise<string | null> {
  for await (const box of walkBoxes(file, { start: 0, end: sourceBytes }, sampleTablePath)) {
    if (box.type === "stsd" && (await isProtectedTable(file, box))) return "its sample table has a key";
  }
  for await (const box of walkBoxes(file, { start: 0, end: sourceBytes }, ["moof", "traf", "senc"])) {
    const name = box.type === "uuid" ? (await file.read(box.body, 16)).toString("hex") : box.type;
    if (["senc", piffSampleEncryption].includes(name)) return "its fragments have keys";
  }
  return null;
}

async function isProtectedTable(file: ReadableFile, box: FoundBox): Promise<boolean> {
  const bytes = await file.read(box.body, Math.min(box.end - box.body, sampleTableByteLimit));
  if (protectedEntries.includes(bytes.toString("latin1", 12, 16))) return true;
  // A protection scheme begins with the name of the format that it hides.
  const at = bytes.indexOf("sinf", 0, "latin1");
  return at >= 0 && bytes.toString("latin1", at + 8, at + 12) === "frma";
}

const flvTags = 20;

async function protectedFlv(file: ReadableFile, firstTag: number): Promise<string | null> {
  let at = firstTag + 4;
  for (let tag = 0; tag < flvTags; tag += 1) {
    const header = await file.read(at, 4);
    if (header.length < 4) break;
    if ((header.readUInt8(0) & 0x20) !== 0) return "its tags are filtered";
    at += header.readUIntBE(1, 3) + 15;
  }
  return null;
}

const packetSizes = [188, 192, 204];
const sampledStreamBytes = 512 * 1024;
/** H.264 and AAC with encrypted samples, as Apple numbers them. */
const encryptedStreamTypes = [0xdb, 0xcf];
const emptyPid = 0x1fff;

// From the start, and from the middle: recordings may begin with something that is free.
async function protectedStream(file: ReadableFile, sourceBytes: number): Promise<string | null> {
  const programs = new Set<number>();
  for (const from of [0, Math.floor(sourceBytes / 2)]) {
    const packets = packetsOf(await file.read(from, sampledStreamBytes));
    const scrambled = packets.filter((packet) => (packet.readUInt8(3) & 0x80) !== 0);
    // Single ones are damage.
    if (scrambled.length * 10 > packets.length) return "its packets are scrambled";
    for (const packet of packets) {
      const pid = packet.readUInt16BE(1) & 0x1fff;
      const table = sectionOf(packet);
      if (table === null) continue;
      if (pid === 0) for (const program of programsOf(table)) programs.add(program);
      else if (programs.has(pid) && streamTypesOf(table).some((type) => encryptedStreamTypes.includes(type))) {
        return "its samples are encrypted";
      }
    }
  }
  return null;
}

/** Whole packets with content, of 188 bytes; none where this is no transport stream. */
function packetsOf(bytes: Buffer): Buffer[] {
  for (const size of packetSizes) {
    for (let first = 0; first < size; first += 1) {
      if (![0, 1, 2, 3, 4].every((number) => bytes[first + number * size] === 0x47)) continue;
      const count = Math.floor((bytes.length - first - 188) / size) + 1;
      const packets = Array.from({ length: count }, (_, number) => {
        const start = first + number * size;
        return bytes.subarray(start, start + 188);
      });
      return packets.filter((packet) => packet[0] === 0x47 && (packet.readUInt16BE(1) & 0x1fff) !== emptyPid);
    }
  }
  return [];
}

/** The table that begins in a packet; null: none does. */
function sectionOf(packet: Buffer): Buffer | null {
  const control = packet.readUInt8(3);
  if ((packet.readUInt8(1) & 0x40) === 0 || (control & 0x10) === 0) return null;
  const payload = (control & 0x20) === 0 ? 4 : 5 + packet.readUInt8(4);
  const start = payload + 1 + (packet[payload] ?? 188);
  if (start + 12 > packet.length) return null;
  const end = start + 3 + (packet.readUInt16BE(start + 1) & 0x3ff) - 4;
  return packet.subarray(start, Math.min(end, packet.length));
}

function programsOf(table: Buffer): number[] {
  const programs: number[] = [];
  for (let at = 8; at + 4 <= table.length; at += 4) programs.push(table.readUInt16BE(at + 2) & 0x1fff);
  return programs;
}

function streamTypesOf(table: Buffer): number[] {
  const types: number[] = [];
  if (table.length < 12) return types;
  let at = 12 + (table.readUInt16BE(10) & 0x3ff);
  while (at + 5 <= table.length) {
    types.push(table.readUInt8(at));
    at += 5 + (table.readUInt16BE(at + 3) & 0x3ff);
  }
  return types;
}
