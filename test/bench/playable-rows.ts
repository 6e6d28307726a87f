// How long it takes from the command until the first second can be played: it must not grow with the source.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Cluster, clip, eventually } from "../cluster/cluster.ts";
import type { IngestJson } from "../cluster/cluster.ts";
import { mediaPlaylists, segmentsOf } from "../cluster/stream.ts";
import { freshCopy, runFfmpeg, targetsOf, secondsOf } from "./bench-clips.ts";
import { encodeByFfmpeg } from "./plain-ffmpeg.ts";
import { atMost, median } from "./row.ts";
import type { Measurement, Row } from "./row.ts";

const pairs = 5;

export const playableMeasurements: readonly Measurement[] = [{ name: "first-playable", measure: measurePlayable }];

async function measurePlayable(): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), "vstream-bench-"));
  try {
    return await measureIn(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function measureIn(folder: string): Promise<Row[]> {
  await using cluster = await Cluster.start();
  const sixMinutes = join(folder, "six-minutes.mp4");
  await runFfmpeg("-stream_loop", "11", "-i", clip, "-c", "copy", sixMinutes);
  const firstSegment = join(folder, "first-segment.mp4");
  await runFfmpeg("-t", "6", "-i", clip, "-c", "copy", firstSegment);
  const targets = await targetsOf(clip);
  // Servers run for weeks: what they compile at their first ingest is not a cost of every ingest.
  await untilPlayable(cluster, await freshCopy(clip, folder));
  const long: number[] = [];
  const short: number[] = [];
  const alone: number[] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    long.push(await untilPlayable(cluster, await freshCopy(sixMinutes, folder)));
    short.push(await untilPlayable(cluster, await freshCopy(clip, folder)));
    alone.push(
      await secondsOf(async () => {
        await encodeByFfmpeg(firstSegment, targets, folder);
      }),
    );
  }
  return [
    atMost({
      ...{ name: "first-playable-6min", unit: "s", against: "the same clip, 30 s long", most: 1.2 },
      ...{ value: median(long), againstValue: median(short) },
    }),
    atMost({
      ...{ name: "first-playable-bbb", unit: "s", against: "ffmpeg alone encoding that segment", most: 3 },
      ...{ value: median(short), againstValue: median(alone) },
    }),
  ];
}

/** Seconds from the command's start until a player has its first segment; the asset is deleted afterwards. */
async function untilPlayable(cluster: Cluster, source: string): Promise<number> {
  let assetId = "";
  const seconds = await secondsOf(async () => {
    const { asset, playback } = await cluster.json<IngestJson>("ingest", source, "--wait", "playable");
    assetId = asset.id;
    const playlists = await mediaPlaylists(playback.hls[0] ?? "");
    const [first = ""] = await segmentsOf(playlists[0] ?? "");
    const answer = await fetch(first);
    if (!answer.ok) throw new Error(`${first}: ${String(answer.status)}`);
    await answer.arrayBuffer();
  });
  await cluster.json("assets", "delete", assetId, "--yes");
  await noTaskOpen(cluster);
  return seconds;
}

async function noTaskOpen(cluster: Cluster): Promise<void> {
  const states = ["pending", "leased", "waiting"].flatMap((state) => ["--state", state]);
  await eventually("all tasks to end", async () => {
    const { items } = await cluster.json<{ items: unknown[] }>("tasks", "list", ...states);
    return items.length === 0 ? true : undefined;
  });
}
