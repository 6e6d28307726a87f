// What a source of high dynamic range says it was made on: in its container or in its first picture.
import { VsError } from "@vstream/core/errors.ts";
import { z } from "zod";
import type { ProbeTarget } from "./describe-source.ts";
import { masteringArguments } from "./ffprobe-args.ts";
import { runFfprobe } from "./run-ffprobe.ts";
import type { LightLevels, Mastering, MasteringDisplay } from "./timeline.ts";

const searchLimitMs = 60_000;
const outputByteLimit = 256 * 1024;

/** Printed as 34000/50000. */
const printed = z.string().max(40).optional();
const level = z.number().optional();
const sideShape = z.object({
  ...{ red_x: printed, red_y: printed, green_x: printed, green_y: printed, blue_x: printed, blue_y: printed },
  ...{ white_point_x: printed, white_point_y: printed, min_luminance: printed, max_luminance: printed },
  ...{ max_content: level, max_average: level },
});
const listShape = z.object({ side_data_list: z.array(sideShape).default([]) });
const shape = z.object({ frames: z.array(listShape).default([]), streams: z.array(listShape).default([]) });

type SideData = z.infer<typeof sideShape>;

/**
 * Looks at the start of a stream. What makes no sense counts as not said.
 * @param stream its number in the source
 * @returns null when nothing is said
 * @throws VsError timed_out, media_limit; the signal's reason
 */
export async function findMastering(target: ProbeTarget, stream: number): Promise<Mastering | null> {
  const lines: string[] = [];
  try {
    await runFfprobe({
      ffprobePath: target.tools.ffprobePath,
      args: masteringArguments(target.sourcePath, stream),
      signal: target.signal,
      timeLimitMs: searchLimitMs,
      outputByteLimit,
      onLine: (line) => lines.push(line),
    });
  } catch (thrown) {
    // A damaged start says nothing; whether the source is good is for others to find out.
    if (!(thrown instanceof VsError) || !["ffmpeg_failed", "ffmpeg_killed"].includes(thrown.code)) throw thrown;
    return null;
  }
  return parseMastering(lines.join("\n"));
}

/** @param json ffprobe's; null: nothing is said */
export function parseMastering(json: string): Mastering | null {
  const parsed = shape.safeParse(asJson(json));
  if (!parsed.success) return null;
  const said = [...parsed.data.frames, ...parsed.data.streams].flatMap((list) => list.side_data_list);
  const display = firstOf(said, displayOf);
  const light = firstOf(said, lightOf);
  return display === null && light === null ? null : { display, light };
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function firstOf<Found>(said: readonly SideData[], find: (side: SideData) => Found | null): Found | null {
  return said.map(find).find((found) => found !== null) ?? null;
}

const colourSteps = 50_000;
const luminanceSteps = 10_000;

function displayOf(side: SideData): MasteringDisplay | null {
  const red = pointOf(side.red_x, side.red_y);
  const green = pointOf(side.green_x, side.green_y);
  const blue = pointOf(side.blue_x, side.blue_y);
  const white = pointOf(side.white_point_x, side.white_point_y);
  const mostLuminance = stepsOf(side.max_luminance, luminanceSteps, 0xffffffff);
  const leastLuminance = stepsOf(side.min_luminance, luminanceSteps, 0xffffffff);
  if (red === null || green === null || blue === null || white === null) return null;
  if (mostLuminance === null || leastLuminance === null || mostLuminance <= leastLuminance) return null;
  return { red, green, blue, white, mostLuminance, leastLuminance };
}

function lightOf({ max_content: most, max_average: mostAverage }: SideData): LightLevels | null {
  const isLevel = (value: number | undefined): value is number =>
    value !== undefined && Number.isInteger(value) && value >= 0 && value <= 0xffff;
  // None at all is what encoders write that know nothing.
  return isLevel(most) && isLevel(mostAverage) && most + mostAverage > 0 ? { most, mostAverage } : null;
}

function pointOf(x: string | undefined, y: string | undefined): readonly [number, number] | null {
  const [across, up] = [stepsOf(x, colourSteps, colourSteps), stepsOf(y, colourSteps, colourSteps)];
  return across === null || up === null || across + up === 0 ? null : [across, up];
}

function stepsOf(ratio: string | undefined, steps: number, most: number): number | null {
  const [numerator, denominator] = (ratio ?? "").split("/").map(Number);
  const value = Math.round(((numerator ?? NaN) / (denominator ?? NaN)) * steps);
  return Number.isFinite(value) && value >= 0 && value <= most ? value : null;
}
