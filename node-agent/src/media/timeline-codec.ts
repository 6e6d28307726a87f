// A timeline as bytes and back. Columns of numbers are kept as their differences, repeated ones counted, so that an
// ordinary film takes a few kilobytes. The same timeline always gives the same bytes. Bytes that come in are checked.
import { VsError } from "@vstream/core/errors.ts";
import { z } from "zod";
import { planTimes } from "./encode-clock.ts";
import {
  colourMatrices,
  colourPrimaries,
  colourSpaces,
  colourTransfers,
  orientations,
  scalerMatrices,
} from "./timeline.ts";
import type { PacketSpan, Timeline } from "./timeline.ts";

/** More frames than this are refused: a day at 60 a second. */
export const frameLimit = 24 * 3600 * 60;

/** No timeline is longer as bytes. */
const byteLimit = 64_000_000;

/** Of the picture of a source without any, as text. */
const stillTextLimit = 8 * 1024 * 1024;

const whole = z.number().int();
const u16 = whole.nonnegative().max(0xffff);
const u32 = whole.nonnegative().max(0xffffffff);
/** Difference, how often, difference, how often … */
const column = z.array(whole);

const point = z.tuple([u16, u16]).readonly();

const mastering = z.strictObject({
  display: z
    .strictObject({ red: point, green: point, blue: point, white: point, mostLuminance: u32, leastLuminance: u32 })
    .nullable(),
  light: z.strictObject({ most: u16, mostAverage: u16 }).nullable(),
});

const picture = z.strictObject({
  stream: whole.nonnegative(),
  interlaced: z.boolean(),
  fieldOrder: z.enum(["top", "bottom"]).nullable(),
  keepEvery: whole.min(1),
  countedAt: z.strictObject({ num: whole.positive(), den: whole.positive() }).nullable(),
  repeats: z.boolean(),
  orientation: z.enum(orientations),
  fitInto: z
    .strictObject({
      width: whole.positive(),
      height: whole.positive(),
      pixelAspect: z.strictObject({ num: whole.positive(), den: whole.positive() }),
    })
    .nullable(),
  colour: z.strictObject({
    matrix: z.enum(colourMatrices),
    primaries: z.enum(colourPrimaries),
    transfer: z.enum(colourTransfers),
    convertFrom: z.strictObject({ matrix: z.enum(scalerMatrices), range: z.enum(["tv", "pc"]) }).nullable(),
    mapFrom: z.enum(colourSpaces).nullable(),
  }),
  mastering: mastering.exactOptional(),
});

const stored = z.strictObject({
  version: z.literal(2),
  timeScale: whole.positive(),
  ticksPerFrame: whole.positive(),
  variable: z.boolean(),
  timeBase: z.strictObject({ num: whole.positive(), den: whole.positive() }),
  pts: column,
  keyframes: column,
  spans: z.strictObject({ key: column, minPts: column, maxPts: column, start: column, end: column }),
  layout: z.strictObject({
    fixed: z
      .array(z.tuple([whole.nonnegative(), whole.nonnegative()]).readonly())
      .max(1000)
      .readonly()
      .nullable(),
    seeksToPts: z.boolean(),
  }),
  picture,
  still: z.strictObject({ jpeg: z.base64().max(stillTextLimit), soundSeconds: z.number() }).optional(),
});

/** @throws VsError media_limit when it would take too many bytes */
export function encodeTimeline(timeline: Timeline): Uint8Array {
  const { spans } = timeline;
  const content: z.infer<typeof stored> = {
    version: 2,
    timeScale: timeline.timeScale,
    ticksPerFrame: timeline.ticksPerFrame,
    variable: timeline.variable,
    timeBase: { num: timeline.timeBase.num, den: timeline.timeBase.den },
    pts: packed(timeline.pts),
    keyframes: packed(timeline.keyframes),
    spans: {
      key: packed(spans.map((span) => (span.key ? 1 : 0))),
      minPts: packed(spans.map((span) => span.minPts)),
      maxPts: packed(spans.map((span) => span.maxPts)),
      start: packed(spans.map((span) => span.start)),
      end: packed(spans.map((span) => span.end)),
    },
    layout: timeline.layout,
    picture: timeline.picture,
    ...(timeline.still === undefined ? {} : { still: { ...timeline.still, jpeg: asBase64(timeline.still.jpeg) } }),
  };
  const bytes = Buffer.from(JSON.stringify(content));
  if (bytes.length <= byteLimit) return bytes;
  throw new VsError(
    "media_limit",
    `the list of the source's frames takes ${bytes.length} bytes; ${byteLimit} are allowed`,
    {
      hint: "Cut the source into parts, or convert it to a constant frame rate",
    },
  );
}

/** @throws VsError object_corrupt when the bytes are no timeline */
export function decodeTimeline(bytes: Uint8Array): Timeline {
  try {
    if (bytes.length > byteLimit) throw new Error("it is too long");
    const content = stored.parse(JSON.parse(Buffer.from(bytes).toString("utf8")));
    const pts = unpacked(content.pts);
    if (!ascends(pts)) throw new Error("its frames are not in order");
    return {
      timeScale: content.timeScale,
      ticksPerFrame: content.ticksPerFrame,
      variable: content.variable,
      timeBase: content.timeBase,
      pts,
      plan: planTimes(pts, content.timeBase, content),
      keyframes: unpacked(content.keyframes),
      spans: spansFrom(content.spans),
      layout: content.layout,
      picture: content.picture,
      ...(content.still === undefined
        ? {}
        : { still: { ...content.still, jpeg: Buffer.from(content.still.jpeg, "base64") } }),
    };
  } catch (cause) {
    throw new VsError("object_corrupt", `a timeline cannot be read: ${cause instanceof Error ? cause.message : ""}`, {
      cause,
    });
  }
}

function spansFrom(columns: z.infer<typeof stored>["spans"]): PacketSpan[] {
  const [minPts, maxPts] = [unpacked(columns.minPts), unpacked(columns.maxPts)];
  const [start, end] = [unpacked(columns.start), unpacked(columns.end)];
  return Array.from(unpacked(columns.key), (key, index) => ({
    key: key === 1,
    minPts: minPts[index] ?? 0,
    maxPts: maxPts[index] ?? 0,
    start: start[index] ?? 0,
    end: end[index] ?? 0,
  }));
}

function asBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

function ascends(values: Float64Array): boolean {
  return values.length > 0 && values.every((value, index) => index === 0 || value > (values[index - 1] ?? 0));
}

function packed(values: ArrayLike<number>): number[] {
  const runs: number[] = [];
  let before = 0;
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] ?? 0;
    const difference = value - before;
    if (runs.length > 0 && runs.at(-2) === difference) runs[runs.length - 1] = (runs.at(-1) ?? 0) + 1;
    else runs.push(difference, 1);
    before = value;
  }
  return runs;
}

function unpacked(runs: readonly number[]): Float64Array {
  let count = 0;
  for (let index = 1; index < runs.length; index += 2) count += Math.max(0, runs[index] ?? 0);
  if (count > frameLimit || runs.length % 2 === 1) throw new Error("a column has no sensible length");
  const values = new Float64Array(count);
  let value = 0;
  let at = 0;
  for (let index = 0; index < runs.length; index += 2) {
    for (let left = runs[index + 1] ?? 0; left > 0; left -= 1) {
      value += runs[index] ?? 0;
      values[at] = value;
      at += 1;
    }
  }
  return values;
}
