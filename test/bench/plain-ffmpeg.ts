// The rival of an ingest: one ffmpeg command that writes the same rungs and tracks of sound, with the same encoder
// settings and scaling, as HLS, with as many threads as ffmpeg likes.
import type { AudioTarget, Rung } from "@vstream/core/media.ts";
import { runProgram } from "../cluster/cluster.ts";

export interface PlainTargets {
  readonly rungs: readonly Rung[];
  readonly audio: readonly AudioTarget[];
}

export async function encodeByFfmpeg(source: string, targets: PlainTargets, folder: string): Promise<void> {
  const outcome = await runProgram("ffmpeg", argumentsFor(source, targets, folder));
  if (outcome.code !== 0) throw new Error(`ffmpeg: ${outcome.stderr}`);
}

function argumentsFor(source: string, { rungs, audio }: PlainTargets, folder: string): string[] {
  const names = rungs.map((_, index) => `[s${index}]`).join("");
  const scales = rungs.map(
    (rung, index) =>
      `[s${index}]scale=${rung.width}:${rung.height}:flags=bicubic+accurate_rnd+bitexact,format=yuv420p[v${index}]`,
  );
  const perRung = rungs.flatMap((rung, index) => [
    ...["-map", `[v${index}]`],
    ...[`-crf:v:${index}`, String(rung.crf), `-maxrate:v:${index}`, String(rung.maxrateBps)],
    ...[`-bufsize:v:${index}`, String(rung.bufferBits), `-profile:v:${index}`, rung.profile],
  ]);
  const preset = rungs[0]?.preset ?? "";
  return [
    ...["-v", "error", "-nostdin", "-y", "-i", source],
    ...["-filter_complex", [`[0:V:0]split=${rungs.length}${names}`, ...scales].join(";")],
    ...perRung,
    ...["-c:v", "libx264", "-preset", preset, "-sc_threshold", "0", "-x264-params", "cpu-independent=1"],
    ...["-force_key_frames", "expr:gte(t,n_forced*2)"],
    ...audio.flatMap(({ stream, channels, bitrateBps, sampleRate }, index) => [
      ...["-map", `0:a:${stream}`, `-c:a:${index}`, "aac", `-ac:a:${index}`, String(channels)],
      ...[`-ar:a:${index}`, String(sampleRate), `-b:a:${index}`, String(bitrateBps)],
    ]),
    ...["-f", "hls", "-hls_time", "6", "-hls_list_size", "0", "-hls_segment_type", "fmp4"],
    ...[
      "-var_stream_map",
      [...rungs.map((_, index) => `v:${index}`), ...audio.map((_, index) => `a:${index}`)].join(" "),
    ],
    `${folder}/%v.m3u8`,
  ];
}
