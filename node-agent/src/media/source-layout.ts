// Where a container keeps what any reader needs (headers, indexes), found by walking its outermost boxes. Nothing of
// the file is believed beyond its size: odd structures give "unknown", never an error.
import { ReadableFile } from "./local-files.ts";
import { readElement, readSeekHead } from "./matroska-elements.ts";
import { parseBox } from "./walk-boxes.ts";

export interface FoundLayout {
  readonly container: "mp4" | "matroska" | "other";
  /** Parts of the file other than media bytes: first, and end. Null: unknown, so the whole file is needed. */
  readonly fixed: readonly (readonly [number, number])[] | null;
  /** The container's own lengths say that the file was longer. */
  readonly cut: boolean;
}

const unknown: FoundLayout = { container: "other", fixed: null, cut: false };
/** Files of more outermost boxes (fragmented MP4) are fetched whole. */
const boxLimit = 500;
/** Of more than this the end is not looked for. */
const boxWalkLimit = 50_000;
/** What an MP4 file may begin with. */
const firstBoxes = ["ftyp", "moov", "mdat", "wide", "free", "skip", "pnot", "uuid", "udta", "styp", "sidx", "moof"];

export async function findLayout(sourcePath: string, sourceBytes: number): Promise<FoundLayout> {
  await using file = await ReadableFile.open(sourcePath);
  const head = await file.read(0, 16);
  if (head.length < 16) return unknown;
  if (head.readUInt32BE(0) === 0x1a45dfa3) return await matroskaLayout(file, sourceBytes);
  if (head.toString("latin1", 0, 4) === "RIFF") return { ...unknown, cut: head.readUInt32LE(4) + 8 > sourceBytes };
  if (head.toString("latin1", 0, 3) === "FLV") return { ...unknown, cut: await isFlvCut(file, sourceBytes) };
  const firstType = head.toString("latin1", 4, 8);
  return firstBoxes.includes(firstType) ? await mp4Layout(file, sourceBytes) : unknown;
}

// Every tag of an FLV file, so also the last, is followed by its length: eleven bytes and the content.
async function isFlvCut(file: ReadableFile, sourceBytes: number): Promise<boolean> {
  const tail = await file.read(sourceBytes - 4, 4);
  const tagBytes = tail.length < 4 ? 0 : tail.readUInt32BE(0);
  const tag = await file.read(Math.max(0, sourceBytes - 4 - tagBytes), 4);
  return tag.length < 4 || tag.readUIntBE(1, 3) + 11 !== tagBytes;
}

async function mp4Layout(file: ReadableFile, sourceBytes: number): Promise<FoundLayout> {
  const fixed: [number, number][] = [];
  let at = 0;
  for (let count = 0; at + 8 <= sourceBytes; count += 1) {
    const box = count < boxWalkLimit ? parseBox(await file.read(at, 16), at, sourceBytes) : null;
    if (box === null) return { container: "mp4", fixed: null, cut: false };
    const end = box.type === "mdat" ? at + 16 : box.end;
    if (count < boxLimit) fixed.push([at, Math.min(end, sourceBytes)]);
    at = box.end;
  }
  return { container: "mp4", fixed: fixed.length < boxLimit ? fixed : null, cut: at > sourceBytes };
}

const segmentId = 0x18538067;
const clusterId = 0x1f43b675;
const seekHeadId = 0x114d9b74;
const cuesId = 0x1c53bb6b;

// The head up to the first cluster, and whatever the seek head names behind it.
async function matroskaLayout(file: ReadableFile, sourceBytes: number): Promise<FoundLayout> {
  const ebml = await readElement(file, 0);
  const segment = ebml === null ? null : await readElement(file, ebml.end);
  if (segment?.id !== segmentId) return { container: "matroska", fixed: null, cut: false };
  const cut = Number.isFinite(segment.end) && segment.end > sourceBytes;
  const named: number[] = [];
  let at = segment.body;
  for (let count = 0; count < boxLimit; count += 1) {
    const element = await readElement(file, at);
    if (element === null) return { container: "matroska", fixed: null, cut };
    if (element.id === clusterId) break;
    if (element.id === seekHeadId) named.push(...(await readSeekHead(file, element)));
    at = element.end;
  }
  const fixed: [number, number][] = [[0, at]];
  let seekable = false;
  for (const offset of named.slice(0, boxLimit)) {
    const element = await readElement(file, segment.body + offset);
    if (element === null || !Number.isFinite(element.end)) return { container: "matroska", fixed: null, cut };
    seekable ||= element.id === cuesId;
    if (element.id !== clusterId) fixed.push([element.start, Math.min(element.end, sourceBytes)]);
  }
  // Without cues libavformat finds its way by reading everything.
  return { container: "matroska", fixed: seekable ? fixed : null, cut };
}
