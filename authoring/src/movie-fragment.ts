// A moof as numbers: its samples' times, sizes and flags (ISO 14496-12, 8.8).
import { boxesIn, childrenOf, findBox, need, readNumber } from "./boxes.ts";
import type { Box } from "./boxes.ts";
import type { SampleDefaults } from "./init-segment.ts";

export interface FragmentSample {
  readonly durationTicks: number;
  readonly sizeBytes: number;
  readonly isSync: boolean;
  /** From its decode time to when it is shown. */
  readonly compositionTicks: number;
}

export interface MovieFragment {
  readonly trafs: number;
  /** In each traf. */
  readonly runs: readonly number[];
  /** Of the first traf; null: there is none. */
  readonly decodeTicks: number | null;
  /** Of the first traf. */
  readonly samples: readonly FragmentSample[];
  /** From the moof's start to the first sample. */
  readonly payloadOffset: number | null;
}

const samplesLimit = 200_000;

/** @param moof the whole box @param defaults of the track */
export function parseMovieFragment(moof: Buffer, defaults: SampleDefaults): MovieFragment {
  const [root] = boxesIn(moof);
  need(root !== undefined, "no moof box");
  const trafs = childrenOf(moof, root, "traf");
  const [traf] = trafs;
  need(traf !== undefined, "a moof without a traf");
  const runs = childrenOf(moof, traf, "trun");
  const tfdt = findBox(moof, traf, ["tfdt"]);
  const tfhd = findBox(moof, traf, ["tfhd"]);
  need(tfhd !== null, "a traf without a tfhd");
  const own = ownDefaults(moof, tfhd, defaults);
  const samples = runs.flatMap((run) => readRun(moof, run, own));
  need(samples.length > 0 && samples.length <= samplesLimit, `${samples.length} samples in a fragment`);
  return {
    trafs: trafs.length,
    runs: trafs.map((one) => childrenOf(moof, one, "trun").length),
    decodeTicks: tfdt === null ? null : readNumber(moof, tfdt, 4, readNumber(moof, tfdt, 0, 1) === 1 ? 8 : 4),
    samples,
    payloadOffset: runs[0] === undefined ? null : payloadOffsetOf(moof, runs[0]),
  };
}

function flagsOf(bytes: Buffer, box: Box): number {
  return readNumber(bytes, box, 0, 4) & 0xffffff;
}

function payloadOffsetOf(bytes: Buffer, run: Box): number | null {
  return (flagsOf(bytes, run) & 1) === 0 ? null : readNumber(bytes, run, 8, 4) | 0;
}

// Fields of tfhd in their order, and the flag that says that each is there (8.8.7).
const headerFields = [
  [0x1, 8],
  [0x2, 4],
  [0x8, 4],
  [0x10, 4],
  [0x20, 4],
] as const;

function ownDefaults(bytes: Buffer, tfhd: Box, defaults: SampleDefaults): SampleDefaults {
  const flags = flagsOf(bytes, tfhd);
  const said = new Map<number, number>();
  let at = 8;
  for (const [flag, length] of headerFields) {
    if ((flags & flag) === 0) continue;
    said.set(flag, readNumber(bytes, tfhd, at, 4));
    at += length;
  }
  return {
    durationTicks: said.get(0x8) ?? defaults.durationTicks,
    sizeBytes: said.get(0x10) ?? defaults.sizeBytes,
    flags: said.get(0x20) ?? defaults.flags,
  };
}

/** Of sample flags: it is no sync sample. */
const notSync = 0x10000;

function readRun(bytes: Buffer, run: Box, defaults: SampleDefaults): FragmentSample[] {
  const flags = flagsOf(bytes, run);
  const count = readNumber(bytes, run, 4, 4);
  let at = 8 + ((flags & 0x1) === 0 ? 0 : 4);
  const firstFlags = (flags & 0x4) === 0 ? defaults.flags : readNumber(bytes, run, at, 4);
  if ((flags & 0x4) !== 0) at += 4;
  const fields = [0x100, 0x200, 0x400, 0x800].filter((flag) => (flags & flag) !== 0);
  need(count <= samplesLimit && run.body + at + count * fields.length * 4 <= run.end, "a trun that is cut");
  return Array.from({ length: count }, (_, index) => {
    const said = new Map<number, number>();
    for (const field of fields) {
      said.set(field, bytes.readUInt32BE(run.body + at));
      at += 4;
    }
    const sampleFlags = said.get(0x400) ?? (index === 0 ? firstFlags : defaults.flags);
    return {
      durationTicks: said.get(0x100) ?? defaults.durationTicks,
      sizeBytes: said.get(0x200) ?? defaults.sizeBytes,
      isSync: (sampleFlags & notSync) === 0,
      // Of a trun of version 0 it has no sign, but nobody is 2^31 ticks late.
      compositionTicks: (said.get(0x800) ?? 0) | 0,
    };
  });
}
