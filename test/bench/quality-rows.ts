// What it costs in quality that a film is encoded in chunks: against one encode of the same size that was never cut, on
// a clip and on the same with film grain, which keeps the encoder at its cap.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Rung } from "@vstream/core/media.ts";
import { chooseLadder } from "../../control-plane/src/planning/choose-ladder.ts";
import { splitChunks } from "../../control-plane/src/planning/split-chunks.ts";
import { clip } from "../cluster/cluster.ts";
import { runFfmpeg } from "./bench-clips.ts";
import { encodeIn, openClip, ssimWith, uncutOfSize } from "./encode-quality.ts";
import type { Measurement, Row } from "./row.ts";

/** Of the SSIM of an encode that was never cut. */
const mostLost = 0.002;

export const qualityMeasurements: readonly Measurement[] = [{ name: "ssim-chunked", measure: measureQuality }];

async function measureQuality(): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), "vstream-bench-"));
  try {
    const grain = join(folder, "grain.mp4");
    const coding = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "12", "-g", "48", "-an"];
    await runFfmpeg("-i", clip, "-vf", "scale=640:360,noise=alls=8:allf=t:all_seed=7", ...coding, grain);
    return [
      await qualityRow("ssim-chunked-bbb", clip, join(folder, "bbb")),
      await qualityRow("ssim-chunked-grain", grain, join(folder, "grain")),
    ];
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function qualityRow(name: string, path: string, folder: string): Promise<Row> {
  const opened = await openClip(path);
  const { probe } = opened.source;
  const rung = rungOf360Lines(chooseLadder("default", probe).rungs);
  const chunked = await encodeIn(splitChunks(probe.segments, null), opened, rung, join(folder, "chunked"));
  const uncut = await uncutOfSize(chunked.bytes, opened, rung, folder);
  const [value, againstValue] = [await ssimWith(opened, chunked, rung), await ssimWith(opened, uncut, rung)];
  return {
    ...{ name, value, unit: "SSIM", against: "an uncut encode of the same size", againstValue },
    ...{ ratio: value / againstValue, bar: `≥ it − ${String(mostLost)}`, ok: value >= againstValue - mostLost },
  };
}

function rungOf360Lines(rungs: readonly Rung[]): Rung {
  const rung = rungs.find(({ name }) => name === "360p");
  if (rung === undefined) throw new Error("the ladder has no rung of 360 lines");
  return rung;
}
