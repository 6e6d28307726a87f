// What an ingest costs and how long it takes, against one plain ffmpeg command.
import { mkdir, mkdtemp, readFile, rm, rmdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Cluster, clip, eventually, repository } from "../cluster/cluster.ts";
import { freshCopy, runFfmpeg, secondsOf, targetsOf } from "./bench-clips.ts";
import { cpuSecondsOf, cpuSecondsOfChildren } from "./cpu-time.ts";
import { encodeByFfmpeg } from "./plain-ffmpeg.ts";
import { atLeast, atMost, median } from "./row.ts";
import type { Measurement, Row } from "./row.ts";

const longClip = join(repository, "test", "media", "long-1080p-6min.mp4");
const warmUpClip = join(repository, "test", "media", "firstpts-10s.mp4");
const aviClip = join(repository, "test", "media", "mpeg4-mp3.avi");
const ffmpegName = "one plain ffmpeg, same rungs and settings";

export const encodeMeasurements: readonly Measurement[] = [
  {
    name: "cpu-ingest-bbb",
    measure: async () =>
      await withFolder(async (folder) => {
        const source = async (): Promise<string> => await freshCopy(clip, folder);
        return [await cpuRow({ name: "cpu-ingest-bbb", source, folder, pairs: 3, most: 1.05, extra: 1.5 })];
      }),
  },
  {
    name: "cpu-ingest-bbb-looped",
    measure: async () =>
      await withFolder(async (folder) => {
        const looped = join(folder, "looped.mp4");
        await runFfmpeg("-stream_loop", "2", "-i", clip, "-c", "copy", looped);
        const source = async (): Promise<string> => await freshCopy(looped, folder);
        return [await cpuRow({ name: "cpu-ingest-bbb-looped", source, folder, pairs: 5, most: 1.08, extra: 0 })];
      }),
  },
  {
    name: "cpu-ingest-long-1080p",
    measure: async () =>
      await withFolder(async (folder) => {
        const source = async (): Promise<string> => await Promise.resolve(longClip);
        return [await cpuRow({ name: "cpu-ingest-long-1080p", source, folder, pairs: 1, most: 1.08, extra: 0 })];
      }),
  },
  {
    name: "cpu-ingest-avi-looped",
    measure: async () =>
      await withFolder(async (folder) => {
        const looped = join(folder, "looped.avi");
        await runFfmpeg("-stream_loop", "15", "-i", aviClip, "-c", "copy", looped);
        const source = async (): Promise<string> => await freshCopy(looped, folder);
        return [await cpuRow({ name: "cpu-ingest-avi-looped", source, folder, pairs: 3, most: 1.08, extra: 0 })];
      }),
  },
  { name: "wall-ingest-bbb", measure: async () => await withFolder(wallRow) },
  { name: "speed-up-4-agents", measure: async () => await withFolder(speedUpRow) },
];

interface CpuRow {
  readonly name: string;
  /** Gives a source whose bytes the cluster has not seen. */
  readonly source: () => Promise<string>;
  readonly folder: string;
  /** Pairs taken in turn, of which the medians count. */
  readonly pairs: number;
  /** Of what ffmpeg takes, and beside it. */
  readonly most: number;
  readonly extra: number;
}

async function cpuRow({ name, source, folder, pairs, most, extra }: CpuRow): Promise<Row> {
  await using cluster = await Cluster.start();
  // Servers run for weeks: what they compile at their first ingest is not a cost of every ingest.
  for (const path of [warmUpClip, clip]) await cluster.json("ingest", path);
  await allTasksEnded(cluster);
  const own: number[] = [];
  const rival: number[] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    const path = await source();
    own.push(await cpuOfIngest(cluster, path));
    const targets = await targetsOf(path);
    const before = await cpuSecondsOfChildren();
    await encodeByFfmpeg(path, targets, folder);
    rival.push((await cpuSecondsOfChildren()) - before);
  }
  const figures = { value: median(own), againstValue: median(rival) };
  return atMost({ name, unit: "cpu s", against: ffmpegName, most, extra, ...figures });
}

/** Processor seconds of vsctl's ingest, and of the cluster's programs and their encoders until no task is open. */
async function cpuOfIngest(cluster: Cluster, source: string): Promise<number> {
  const pids = [cluster.state.controlPlane.pid, ...cluster.state.nodes.map((node) => node.pid)];
  const programs = async (): Promise<number> =>
    (await Promise.all(pids.map(cpuSecondsOf))).reduce((sum, seconds) => sum + seconds, 0);
  const before = { programs: await programs(), children: await cpuSecondsOfChildren() };
  await cluster.json("ingest", source);
  const vsctl = (await cpuSecondsOfChildren()) - before.children;
  await allTasksEnded(cluster);
  return (await programs()) - before.programs + vsctl;
}

async function allTasksEnded(cluster: Cluster): Promise<void> {
  await eventually("all tasks to end", async () => {
    const open = await cluster.json<{ items: unknown[] }>(
      "tasks",
      "list",
      ...["pending", "leased", "waiting"].flatMap((state) => ["--state", state]),
    );
    return open.items.length === 0 ? true : undefined;
  });
}

async function wallRow(folder: string): Promise<Row[]> {
  const targets = await targetsOf(clip);
  await using cluster = await Cluster.start();
  const own: number[] = [];
  const rival: number[] = [];
  for (let pair = 0; pair < 3; pair += 1) {
    const source = await freshCopy(clip, folder);
    own.push(await secondsOf(async () => await cluster.json("ingest", source)));
    rival.push(
      await secondsOf(async () => {
        await encodeByFfmpeg(source, targets, folder);
      }),
    );
  }
  const figures = { value: median(own), againstValue: median(rival) };
  return [atMost({ name: "wall-ingest-bbb", unit: "s", against: ffmpegName, most: 1.25, ...figures })];
}

async function speedUpRow(folder: string): Promise<Row[]> {
  const source = join(folder, "96s.mp4");
  // 16 segments of 6 s, each a chunk of its own by maxChunkSegments; two rungs of 360p and less come of it. A keyframe
  // every 2 s, as cameras write.
  const small = [
    "-t",
    "96",
    "-vf",
    "scale=640:360",
    "-c:v",
    "libx264",
    "-preset",
    "veryfast",
    "-g",
    "48",
    "-c:a",
    "aac",
    "-ac",
    "2",
  ];
  await runFfmpeg("-stream_loop", "3", "-i", clip, ...small, source);
  const secondsBy = new Map<number, number[]>([1, 4].map((nodes) => [nodes, []]));
  for (let pair = 0; pair < 3; pair += 1) {
    for (const [nodes, seconds] of secondsBy) {
      await using cluster = await Cluster.start({ nodes, regions: "eu,us", controlConfig: { maxChunkSegments: 1 } });
      await using _held = await holdTo(0.25, cluster);
      seconds.push(await secondsOf(async () => await cluster.json("ingest", source)));
    }
  }
  const [one, four] = [median(secondsBy.get(1) ?? []), median(secondsBy.get(4) ?? [])];
  return [
    atLeast({
      name: "speed-up-4-agents",
      value: one / four,
      unit: "times",
      against: "1 agent; each agent held to 0.25 core",
      againstValue: 1,
      least: 3.4,
    }),
  ];
}

/** Holds each agent, and what it starts, to a share of one core. */
async function holdTo(cores: number, cluster: Cluster): Promise<AsyncDisposable> {
  const periodUs = 20_000;
  const groups = cluster.state.nodes.map((node) => ({
    pid: node.pid,
    path: `/sys/fs/cgroup/cpu/vstream-bench-${node.pid}`,
  }));
  for (const { pid, path } of groups) {
    await mkdir(path);
    await writeFile(join(path, "cpu.cfs_period_us"), String(periodUs));
    await writeFile(join(path, "cpu.cfs_quota_us"), String(periodUs * cores));
    await writeFile(join(path, "cgroup.procs"), String(pid));
  }
  return {
    async [Symbol.asyncDispose]() {
      for (const { path } of groups) {
        const procs = (await readFile(join(path, "cgroup.procs"), "utf8")).split("\n").filter((pid) => pid !== "");
        for (const pid of procs) await writeFile("/sys/fs/cgroup/cpu/cgroup.procs", pid).catch(() => undefined);
        await rmdir(path);
      }
    },
  };
}

async function withFolder(act: (folder: string) => Promise<Row[]>): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), "vstream-bench-"));
  try {
    return await act(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
