// Pure builders of ffmpeg's argument lists. Together with the tools' build they decide every byte that is made, so
// a change here needs a new recipe version (media-tools.ts).
import type { AudioTarget, Rung } from "@vstream/core/media.ts";
import { inputGuard, inputPath, quietArguments } from "./input-args.ts";
import type { ChunkPlan } from "./plan-chunk.ts";
import { rungFilter, sourceFilter, trim } from "./picture-filters.ts";
import type { Picture, TimeBase } from "./timeline.ts";

// Progress once a second, as often as it is passed on.
const globalArguments = ["-nostdin", ...quietArguments, "-y", "-nostats", "-stats_period", "1", "-progress", "pipe:2"];

/** The same bytes whenever and wherever: no dates, no names of tools, nothing of the source's metadata. */
const plainOutput = ["-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact"];

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
    ...["-threads", "1", "-flags:v", "+bitexact"],
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

// The trim by timestamps stands before everything that counts frames. Its end also ends the reading of the source.
function chunkGraph(encode: ChunkEncode): string {
  const { plan } = encode;
  const { beforePts, lastFromPts } = plan.joint;
  const joint = [
    `[j]${trim(beforePts, plan.endPts)}`,
    `select='${beforePts === null ? "" : `eq(pts,${beforePts})+`}gte(pts,${lastFromPts})'`,
    "settb=1/10,setpts=N*10[joint]",
  ].join(",");
  const heads = encode.rungs.map((_, index) => `[s${index}]`).join("");
  const main = `[m]${[...sourceFilter(encode), `split=${encode.rungs.length}`].join(",")}${heads}`;
  const clock = `settb=1/${encode.timeScale},setpts=N*${encode.ticksPerFrame}`;
  const rungs = encode.rungs.map((rung, index) => `[s${index}]${rungFilter(rung, encode.picture)},${clock}[v${index}]`);
  return ["[0:V:0]split=2[m][j]", joint, main, ...rungs].join(";");
}

function rungOutput(encode: ChunkEncode, rung: Rung, index: number): string[] {
  const { timeScale, ticksPerFrame, plan } = encode;
  return [
    ...["-map", `[v${index}]`, "-fps_mode", "passthrough", "-enc_time_base", `1:${timeScale}`],
    ...["-c:v", "libx264", "-preset", rung.preset, "-profile:v", rung.profile, "-crf", String(rung.crf)],
    ...["-maxrate", String(rung.maxrateBps), "-bufsize", String(rung.bufferBits)],
    // Another count of threads gives other bytes.
    ...["-threads", "1", "-flags", "+bitexact", "-a53cc", "0"],
    ...["-g", "9999", "-sc_threshold", "0", "-forced-idr", "1"],
    ...["-force_key_frames", plan.keyframeSeconds.map((seconds) => seconds.toFixed(6)).join(",")],
    // Without cpu-independent SSE2, AVX2 and AVX-512 each give other bytes.
    ...["-x264-params", `cpu-independent=1:fps=${timeScale}/${ticksPerFrame}`],
    // x264's SEI names its settings once a chunk: segments are to look the same wherever a chunk begins.
    // setts with the duration alone would overwrite pts with dts.
    ...["-bsf:v", `filter_units=remove_types=6,setts=pts=PTS:dts=DTS:duration=${ticksPerFrame}`],
    ...plainOutput,
    ...["-avoid_negative_ts", "disabled", "-video_track_timescale", String(timeScale)],
    ...["-movflags", "+frag_keyframe+empty_moov+default_base_moof+frag_discont+negative_cts_offsets"],
    ...["-f", "mp4", inputPath(encode.outputPaths[index] ?? "")],
  ];
}

export interface AudioEncode {
  readonly sourcePath: string;
  readonly target: AudioTarget;
  /** The time of the first frame of video: ticks of the time base of the video stream. */
  readonly firstVideoPts: number;
  readonly timeBase: TimeBase;
  /** Of the video. */
  readonly durationSeconds: number;
  readonly outputPath: string;
  /** The floor of instruction sets on this kind of processor; null where every processor has the same. */
  readonly cpuFlags: string | null;
}

/**
 * One run: an audio track as AAC, laid on the video's clock: silence where the track has nothing, cut or padded to
 * the video's end. A fragment a second, so that segments can be taken while it runs.
 */
export function audioArguments(encode: AudioEncode): string[] {
  const { target, timeBase } = encode;
  const first = `${encode.firstVideoPts}*${timeBase.num}/${timeBase.den}`;
  const filters = [
    `asetpts=PTS-(${first})/TB`,
    `aresample=${target.sampleRate}:async=1000:first_pts=0`,
    "apad",
    `atrim=end=${encode.durationSeconds.toFixed(6)}`,
    "asetpts=N",
  ];
  return [
    // Sums of floats differ between instruction sets; everybody takes those that every processor has.
    ...(encode.cpuFlags === null ? [] : ["-cpuflags", encode.cpuFlags]),
    ...globalArguments,
    ...["-filter_threads", "1", "-copyts", "-threads", "1", "-flags:a", "+bitexact"],
    ...inputGuard,
    ...["-i", inputPath(encode.sourcePath)],
    ...["-map", `0:a:${target.track}`, "-vn", "-sn", "-dn", "-af", filters.join(",")],
    ...["-ac", String(target.channels), "-c:a", "aac", "-b:a", String(target.bitrateBps)],
    ...["-threads", "1", "-flags", "+bitexact"],
    // The encoder's priming frame lies before 0; without an edit list it would delay everything after it.
    ...["-bsf:a", "noise=drop='lt(pts\\,0)'"],
    ...plainOutput,
    ...["-movflags", "+empty_moov+default_base_moof", "-frag_duration", "1000000", "-flush_packets", "1"],
    ...["-f", "mp4", inputPath(encode.outputPath)],
  ];
}
