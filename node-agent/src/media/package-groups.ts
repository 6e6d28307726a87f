// Turns what the encoder wrote for one rung of a chunk into the files that viewers get: an init segment, and segments
// of whole groups of pictures, each group a fragment whose times come from the plan.
import { join } from "node:path";
import { VsError } from "@vstream/core/errors.ts";
import type { Keyframe, Rung } from "@vstream/core/media.ts";
import { FragmentReader } from "./fragment-reader.ts";
import type { Fragment } from "./fragment-reader.ts";
import { codecsOf, initSegment, mediaFragment } from "./fmp4-writer.ts";
import { writeParts } from "./local-files.ts";
import { timesOfGroup } from "./group-times.ts";
import { masteringBoxes } from "./mastering-boxes.ts";
import type { ChunkPlan, GroupOfPictures } from "./plan-chunk.ts";
import type { Timeline } from "./timeline.ts";

/** A segment in the scratch folder. */
export interface SegmentFile {
  readonly path: string;
  readonly startTicks: number;
  readonly durationTicks: number;
  /** Of video: one for each group of pictures. */
  readonly keyframes?: readonly Keyframe[];
}

export interface RenditionFiles {
  readonly rung: string;
  /** RFC 6381. */
  readonly codecs: string;
  readonly initPath: string;
  readonly segments: readonly SegmentFile[];
}

export interface EncodedRung {
  readonly rung: Pick<Rung, "name" | "videoRange">;
  /** Begins the names of the files that are made. */
  readonly filePrefix: string;
  readonly encodedPath: string;
  readonly folder: string;
  readonly timeline: Timeline;
  readonly plan: ChunkPlan;
}

/**
 * Packages one rung.
 * @throws VsError encode_mismatch unless it has exactly the planned frames, each group beginning with its keyframe
 */
export async function packageRung(encoded: EncodedRung): Promise<RenditionFiles> {
  const { timeline, plan, folder, filePrefix } = encoded;
  const rung = encoded.rung.name;
  await using reader = await FragmentReader.open(encoded.encodedPath);
  const header = await reader.header();
  if (header?.timeScale !== timeline.timeScale) throw mismatch(rung, "has another time scale than planned");
  const initPath = join(folder, `${filePrefix}-init.mp4`);
  const { mastering } = timeline.picture;
  const said = encoded.rung.videoRange === "PQ" && mastering !== undefined ? masteringBoxes(mastering) : [];
  await writeParts(initPath, [initSegment(header, said)]);
  const segments: SegmentFile[] = [];
  const clock = new FrameNumbers(timeline.ticksPerFrame);
  for (const groups of bySegment(plan.groups)) {
    const path = join(folder, `${filePrefix}-${groups[0]?.segment ?? 0}.m4s`);
    const parts: Buffer[] = [];
    const keyframes: Keyframe[] = [];
    for (const group of groups) {
      const fragment = await reader.next();
      if (fragment === null) throw mismatch(rung, "has fewer groups of pictures than planned");
      const packaged = packageGroup(fragment, { group, timeline, ranks: clock.ranksOf(fragment, rung), rung });
      keyframes.push(keyframeOf(packaged, fragment, { group, timeline, offset: lengthOf(parts) }));
      parts.push(...packaged);
    }
    await writeParts(path, parts);
    const startTicks = startOf(groups[0], timeline);
    segments.push({ path, startTicks, durationTicks: (groups.at(-1)?.endTicks ?? 0) - startTicks, keyframes });
  }
  if ((await reader.next()) !== null) throw mismatch(rung, "has more groups of pictures than planned");
  return { rung, codecs: codecsOf(header), initPath, segments };
}

function packageGroup(
  fragment: Fragment,
  how: { group: GroupOfPictures; timeline: Timeline; ranks: number[]; rung: string },
): Buffer[] {
  const { group, timeline, ranks, rung } = how;
  const times = [...timeline.plan.subarray(group.firstFrame, group.endFrame)];
  const isWhole = ranks.length === times.length && new Set(ranks).size === times.length;
  if (!isWhole || ranks.some((rank) => rank < 0 || rank >= times.length)) {
    throw mismatch(rung, `has ${ranks.length} frames in a group of ${times.length}, or not these`);
  }
  if (fragment.samples.some((sample, index) => sample.isKey !== (index === 0))) {
    throw mismatch(rung, "has a keyframe where none was planned");
  }
  const sampleTimes = timesOfGroup(ranks, times, group.endTicks);
  const samples = sampleTimes.map((sample, index) => ({
    ...sample,
    sizeBytes: fragment.samples[index]?.sizeBytes ?? 0,
    isKey: index === 0,
  }));
  const decodeTime = times[0] ?? 0;
  return mediaFragment({ sequence: group.index + 1, decodeTime, samples, payload: fragment.payload });
}

// Before the first picture stand all parts but the last, which is the pictures.
function keyframeOf(
  packaged: readonly Buffer[],
  fragment: Fragment,
  where: { group: GroupOfPictures; timeline: Timeline; offset: number },
): Keyframe {
  const { group, timeline, offset } = where;
  return {
    offset,
    bytes: lengthOf(packaged) - fragment.payload.length + (fragment.samples[0]?.sizeBytes ?? 0),
    durationTicks: group.endTicks - startOf(group, timeline),
  };
}

function startOf(group: GroupOfPictures | undefined, timeline: Timeline): number {
  return timeline.plan[group?.firstFrame ?? 0] ?? 0;
}

function lengthOf(parts: readonly Buffer[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

/** Frame numbers from the encoder's clock, whatever offset its muxer has given it. */
class FrameNumbers {
  readonly #ticksPerFrame: number;
  #origin: number | null = null;
  #passed = 0;

  constructor(ticksPerFrame: number) {
    this.#ticksPerFrame = ticksPerFrame;
  }

  /** Places of a group's samples in presentation order, from 0 at the group's first frame. */
  ranksOf(fragment: Fragment, rung: string): number[] {
    const shown = fragment.samples.map((sample) => sample.decodeTime + sample.compositionOffset);
    this.#origin ??= shown.reduce((least, time) => Math.min(least, time), Infinity);
    const origin = this.#origin;
    const ranks = shown.map((time) => (time - origin) / this.#ticksPerFrame - this.#passed);
    if (ranks.some((rank) => !Number.isInteger(rank)))
      throw mismatch(rung, "has frames between the ticks of its clock");
    this.#passed += ranks.length;
    return ranks;
  }
}

function bySegment(groups: readonly GroupOfPictures[]): GroupOfPictures[][] {
  return [...Map.groupBy(groups, (group) => group.segment).values()];
}

function mismatch(rung: string, what: string): VsError {
  return new VsError("encode_mismatch", `the encode of rung ${rung} ${what}`);
}
