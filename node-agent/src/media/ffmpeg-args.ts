// Pure builders of ffmpeg's argument lists. Together with the tools' build they decide every byte that is made, so
// a change here needs a new recipe version (media-tools.ts).
import type { Rung } from "@vstream/core/media.ts";
import { encoderArguments } from "./encoder-args.ts";
import { globalArguments, inputGuard, inputPath, plainOutput } from "./input-args.ts";
import type { ChunkPlan } from "./plan-chunk.ts";
import { rungFilter, sourceFilter, trim } from "./picture-filters.ts";
import type { Picture, TimeBase } from "./timeline.ts";

export interface ChunkEncode {
  readonly sourcePath: string;
  readonly plan: ChunkPlan;
  readonly picture: Picture;
  readonly timeBase: TimeBase;
  readonly timeScale: number;
  readonly ticksPerFrame: number;
  readonly rungs: readonly Rung[];
  /** Where each rung's fragmented MP4 goes, in the order of the rungs. */
  readonly outputPaths: readonly string[];
  /** Where the hashes of the frames beside the cuts go. */
  readonly jointPath: string;
  /** Where the colour table is that the picture asks for; null: it asks for none. */
  readonly cubePath: string | null;
}

/**
 * One run: decodes a chunk once and writes every rung, a fragment a GOP, each frame at its number times
 * `ticksPerFrame`; and the MD5 of the last decoded frame before the chunk and of the chunk's last.
 */
export function chunkArguments(encode: ChunkEncode): string[] {
  return [
    ...globalArguments,
    // 5.1 decodes and filters in one thread; nodes are filled by chunks, not by threads.
    ...["-filter_complex_threads", "1", "-copyts"],
    ...seekArguments(encode.plan),
    ...["-threads", "1", "-flags:v", "+bitexact", "-noautorotate"],
    // Filters that count frames would begin again at each new size; the first one makes all sizes the same.
    ...(encode.picture.fitInto === null ? [] : ["-reinit_filter", "0"]),
    ...countArguments(encode.picture),
    ...inputGuard,
    ...["-i", inputPath(encode.sourcePath)],
    ...["-filter_complex", chunkGraph(encode)],
    ...encode.rungs.flatMap((rung, index) => rungOutput(encode, rung, index)),
    ...["-map", "[joint]", "-fps_mode", "passthrough", "-enc_time_base", "1:10", "-c:v", "rawvideo"],
    ...["-f", "framemd5", inputPath(encode.jointPath)],
  ];
}

function seekArguments(plan: ChunkPlan): string[] {
  if (plan.seekSeconds === null) return [];
  return ["-noaccurate_seek", "-seek_timestamp", "1", "-ss", plan.seekSeconds.toFixed(6)];
}

function countArguments({ countedAt }: Picture): string[] {
  return countedAt === null ? [] : ["-r", `${countedAt.num}/${countedAt.den}`];
}

// The trim by timestamps stands before everything that counts frames. Its end also ends the reading of the source.
function chunkGraph(encode: ChunkEncode): string {
  const { plan, picture, cubePath } = encode;
  const { beforePts, lastFromPts } = plan.joint;
  // Of fast sources the frames in between are not shown: the last that is has to be found by its very time.
  const isLast = plan.endPts === null ? `gte(pts,${lastFromPts})` : `eq(pts,${lastFromPts})`;
  const joint = [
    `[j]${trim(beforePts, plan.endPts)}`,
    `select='${beforePts === null ? "" : `eq(pts,${beforePts})+`}${isLast}'`,
    "settb=1/10,setpts=N*10[joint]",
  ].join(",");
  const filters = encode.rungs.map((rung) => rungFilter(rung, picture.colour, cubePath));
  // Rungs that differ in the encoder alone share their pictures.
  const distinct = [...new Set(filters)];
  const heads = distinct.map((_, index) => `[s${index}]`).join("");
  const main = `[m]${[...sourceFilter(encode), `split=${distinct.length}`].join(",")}${heads}`;
  const clock = `settb=1/${encode.timeScale},setpts=N*${encode.ticksPerFrame}`;
  const rungs = distinct.map((filter, index) => {
    const ends = filters.flatMap((other, rung) => (other === filter ? [`[v${rung}]`] : []));
    return `[s${index}]${filter},${clock}${ends.length > 1 ? `,split=${ends.length}` : ""}${ends.join("")}`;
  });
  const rising = picture.repeats ? "select='isnan(prev_selected_pts)+gt(pts,prev_selected_pts)'," : "";
  return [`[0:${picture.stream}]${rising}split=2[m][j]`, joint, main, ...rungs].join(";");
}

function rungOutput(encode: ChunkEncode, rung: Rung, index: number): string[] {
  const { timeScale, picture } = encode;
  return [
    ...["-map", `[v${index}]`, "-fps_mode", "passthrough", "-enc_time_base", `1:${timeScale}`],
    ...encoderArguments(rung, { ...encode, mastering: picture.mastering ?? null }),
    ...plainOutput,
    ...["-avoid_negative_ts", "disabled", "-video_track_timescale", String(timeScale)],
    ...["-movflags", "+frag_keyframe+empty_moov+default_base_moof+frag_discont+negative_cts_offsets"],
    ...["-f", "mp4", inputPath(encode.outputPaths[index] ?? "")],
  ];
}
