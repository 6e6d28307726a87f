// Pure: what each encoder is told of a rung. Keyframes come where the plan wants them and nowhere else, and every
// machine makes the same bytes.
import type { Rung } from "@vstream/core/media.ts";
import type { ChunkPlan } from "./plan-chunk.ts";
import type { Mastering } from "./timeline.ts";

export interface EncoderWork {
  readonly plan: Pick<ChunkPlan, "keyframeSeconds">;
  readonly timeScale: number;
  readonly ticksPerFrame: number;
  readonly mastering: Mastering | null;
}

/** The encoder with its settings, and what is done to the packets that leave it. */
export function encoderArguments(rung: Rung, work: EncoderWork): string[] {
  return rung.codec === "hevc" ? hevcArguments(rung, work) : h264Arguments(rung, work);
}

function h264Arguments(rung: Rung, work: EncoderWork): string[] {
  const { timeScale, ticksPerFrame } = work;
  return [
    ...["-c:v", "libx264", ...qualityArguments(rung)],
    // Another count of threads gives other bytes.
    ...["-threads", "1", "-flags", "+bitexact", "-a53cc", "0"],
    ...["-g", "9999", "-sc_threshold", "0", "-forced-idr", "1"],
    ...keyframeArguments(work),
    // Without cpu-independent SSE2, AVX2 and AVX-512 each give other bytes.
    ...["-x264-params", `cpu-independent=1:fps=${timeScale}/${ticksPerFrame}`],
    // x264's SEI names its settings once a chunk: segments are to look the same wherever a chunk begins.
    ...["-bsf:v", `filter_units=remove_types=6,${timesFilter(work)}`],
  ];
}

// x265's bytes do not depend on the processor: docs/decisions/014 has what was measured.
function hevcArguments(rung: Rung, work: EncoderWork): string[] {
  const { timeScale, ticksPerFrame } = work;
  const settings = [
    ...["log-level=error", `fps=${timeScale}/${ticksPerFrame}`],
    // Neither the count of processors nor of threads may show; its SEI would name its settings.
    ...["pools=none", "frame-threads=1", "wpp=0", "lookahead-slices=0", "info=0"],
    // Groups of pictures are closed, and begin where they are told to.
    ...["keyint=9999", "min-keyint=1", "scenecut=0", "open-gop=0"],
    // Players look for the tier that all of them have.
    "high-tier=0",
    ...(rung.videoRange === "PQ" && work.mastering !== null ? masteringSettings(work.mastering) : []),
  ];
  return [
    ...["-c:v", "libx265", ...qualityArguments(rung)],
    ...["-threads", "1", "-flags", "+bitexact"],
    ...["-g", "9999", "-forced-idr", "1"],
    ...keyframeArguments(work),
    ...["-x265-params", settings.join(":")],
    // Parameter sets stand in the sample entry, as hvc1 wants it; told of a mastering display, x265 repeats them.
    ...["-bsf:v", `filter_units=remove_types=32-34,${timesFilter(work)}`],
    ...["-tag:v", "hvc1"],
  ];
}

function qualityArguments({ preset, profile, crf, maxrateBps, bufferBits }: Rung): string[] {
  return [
    ...["-preset", preset, "-profile:v", profile, "-crf", String(crf)],
    ...["-maxrate", String(maxrateBps), "-bufsize", String(bufferBits)],
  ];
}

function keyframeArguments({ plan }: EncoderWork): string[] {
  return ["-force_key_frames", plan.keyframeSeconds.map((seconds) => seconds.toFixed(6)).join(",")];
}

// setts with the duration alone would overwrite pts with dts.
function timesFilter({ ticksPerFrame }: EncoderWork): string {
  return `setts=pts=PTS:dts=DTS:duration=${ticksPerFrame}`;
}

function masteringSettings({ display, light }: Mastering): string[] {
  const said: string[] = [];
  if (display !== null) {
    const { green, blue, red, white, mostLuminance, leastLuminance } = display;
    const points = [`G(${String(green)})`, `B(${String(blue)})`, `R(${String(red)})`, `WP(${String(white)})`];
    said.push(`master-display=${points.join("")}L(${mostLuminance},${leastLuminance})`);
  }
  if (light !== null) said.push(`max-cll=${light.most},${light.mostAverage}`);
  return said;
}
