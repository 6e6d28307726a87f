// A film of one picture: a QuickTime file whose frames are all the same few bytes. It stands for the pictures of a
// source that has only sound, so that everything after the probe goes as for any film. Made anew from the timeline
// wherever a chunk is encoded; nothing of the source is needed for it.
import { join } from "node:path";
import { box, matrix, u16, u32, u64, zeros } from "./box-bytes.ts";
import { stillHeight, stillWidth } from "./draw-waveform.ts";
import { writeParts } from "./local-files.ts";
import type { Timeline } from "./timeline.ts";

/** Where a chunk's pictures are read from: the source itself, or such a film, made in the scratch folder. */
export async function picturesPath(
  timeline: Timeline,
  { sourcePath, scratchFolder }: { sourcePath: string; scratchFolder: string },
): Promise<string> {
  if (timeline.still === undefined) return sourcePath;
  const path = join(scratchFolder, "still.mov");
  await writeParts(path, stillFilm(timeline, timeline.still.jpeg));
  return path;
}

/** One JPEG shown at each time of the timeline, from 0; the time base must be a whole number of ticks a second. */
export function stillFilm(timeline: Timeline, jpeg: Uint8Array): Uint8Array[] {
  const { timeBase, pts, ticksPerFrame } = timeline;
  const times = [...pts, (pts.at(-1) ?? 0) + ticksPerFrame];
  const frames = {
    timeScale: timeBase.den,
    durations: times.slice(1).map((time, index) => time - (times[index] ?? 0)),
  };
  const head = box("ftyp", [Buffer.from("qt  "), u32(0), Buffer.from("qt  ")]);
  const mdat = [u32(jpeg.length + 8), Buffer.from("mdat"), jpeg];
  return [head, ...mdat, movie(frames, { bytes: jpeg.length, offset: head.length + 8 })];
}

interface Frames {
  readonly timeScale: number;
  readonly durations: readonly number[];
}

interface Shown {
  readonly bytes: number;
  /** In the file. */
  readonly offset: number;
}

function movie({ timeScale, durations }: Frames, shown: Shown): Buffer {
  const total = durations.reduce((sum, duration) => sum + duration, 0);
  const count = durations.length;
  const place = Array.from({ length: count }, () => u32(shown.offset));
  const stbl = box("stbl", [
    box("stsd", [u32(0), u32(1), jpegEntry()]),
    box("stts", [u32(0), ...runsOf(durations)]),
    box("stsc", [u32(0), u32(1), u32(1), u32(1), u32(1)]),
    box("stsz", [u32(0), u32(shown.bytes), u32(count)]),
    box("stco", [u32(0), u32(count), ...place]),
  ]);
  const dinf = box("dinf", [box("dref", [u32(0), u32(1), box("url ", [u32(1)])])]);
  const minf = box("minf", [box("vmhd", [u32(1), zeros(8)]), dinf, stbl]);
  const length = [u32(timeScale), u64(total)];
  const mdhd = box("mdhd", [u32(0x01000000), zeros(16), ...length, u16(0x55c4), u16(0)]);
  const hdlr = box("hdlr", [u32(0), Buffer.from("mhlrvide"), zeros(13)]);
  const size = [u32(stillWidth * 65_536), u32(stillHeight * 65_536)];
  const times = [zeros(16), u32(1), u32(0), u64(total)];
  const tkhd = box("tkhd", [u32(0x01000003), ...times, zeros(16), matrix, ...size]);
  const mvhd = box("mvhd", [u32(0x01000000), zeros(16), ...length, u32(65_536), zeros(12), matrix, zeros(24), u32(2)]);
  return box("moov", [mvhd, box("trak", [tkhd, box("mdia", [mdhd, hdlr, minf])])]);
}

function jpegEntry(): Buffer {
  const resolution = [u32(0x480000), u32(0x480000)];
  const after = [u32(0), u16(1), zeros(32), u16(24), u16(0xffff)];
  return box("jpeg", [zeros(6), u16(1), zeros(16), u16(stillWidth), u16(stillHeight), ...resolution, ...after]);
}

// How many frames in a row last how long.
function runsOf(durations: readonly number[]): Buffer[] {
  const runs: { count: number; duration: number }[] = [];
  for (const duration of durations) {
    const last = runs.at(-1);
    if (last?.duration === duration) last.count += 1;
    else runs.push({ count: 1, duration });
  }
  return [u32(runs.length), ...runs.flatMap(({ count, duration }) => [u32(count), u32(duration)])];
}
