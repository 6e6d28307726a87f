// What an init segment says of its tracks.
import { UnreadableBoxes, boxesIn, childrenOf, need, needBox, readNumber } from "./boxes.ts";
import type { Box } from "./boxes.ts";
import { readSampleEntry } from "./sample-entry.ts";
import type { SampleEntry } from "./sample-entry.ts";

/** What fragments leave unsaid (ISO 14496-12, 8.8.3). */
export interface SampleDefaults {
  readonly durationTicks: number;
  readonly sizeBytes: number;
  readonly flags: number;
}

export interface InitTrack {
  readonly trackId: number;
  /** vide, soun, text, subt, … */
  readonly mediaType: string;
  readonly timeScale: number;
  readonly entry: SampleEntry;
  readonly defaults: SampleDefaults;
}

export interface InitSegment {
  readonly tracks: readonly InitTrack[];
}

export const noDefaults: SampleDefaults = { durationTicks: 0, sizeBytes: 0, flags: 0 };

/** The parsed segment, or what is wrong with it, a sentence. */
export function readInit(bytes: Buffer): InitSegment | string {
  try {
    return parseInit(bytes);
  } catch (thrown) {
    if (thrown instanceof UnreadableBoxes) return `the init segment has ${thrown.message}`;
    throw thrown;
  }
}

const tracksLimit = 50;

function parseInit(bytes: Buffer): InitSegment {
  const moov = boxesIn(bytes).find((box) => box.type === "moov");
  need(moov !== undefined, "no moov box");
  const traks = childrenOf(bytes, moov, "trak");
  need(traks.length > 0 && traks.length <= tracksLimit, `${traks.length} tracks`);
  const defaults = childrenOf(bytes, moov, "mvex").flatMap((mvex) => childrenOf(bytes, mvex, "trex"));
  return { tracks: traks.map((trak) => readTrack(bytes, trak, defaults)) };
}

function readTrack(bytes: Buffer, trak: Box, defaults: readonly Box[]): InitTrack {
  const tkhd = needBox(bytes, trak, ["tkhd"]);
  const trackId = readNumber(bytes, tkhd, readNumber(bytes, tkhd, 0, 1) === 1 ? 20 : 12, 4);
  const mdhd = needBox(bytes, trak, ["mdia", "mdhd"]);
  const timeScale = readNumber(bytes, mdhd, readNumber(bytes, mdhd, 0, 1) === 1 ? 20 : 12, 4);
  need(timeScale > 0, "a track without a time scale");
  const hdlr = needBox(bytes, trak, ["mdia", "hdlr"]);
  need(hdlr.end - hdlr.body >= 12, "a short hdlr box");
  const mediaType = bytes.toString("latin1", hdlr.body + 8, hdlr.body + 12);
  const stsd = needBox(bytes, trak, ["mdia", "minf", "stbl", "stsd"]);
  need(stsd.end - stsd.body >= 8, "a short stsd box");
  const [entry] = boxesIn(bytes, stsd.body + 8, stsd.end);
  need(entry !== undefined, "no sample entry");
  const trex = defaults.find((box) => readNumber(bytes, box, 4, 4) === trackId);
  return {
    trackId,
    mediaType,
    timeScale,
    entry: readSampleEntry(bytes, entry, mediaType),
    defaults:
      trex === undefined
        ? noDefaults
        : {
            durationTicks: readNumber(bytes, trex, 12, 4),
            sizeBytes: readNumber(bytes, trex, 16, 4),
            flags: readNumber(bytes, trex, 20, 4),
          },
  };
}
