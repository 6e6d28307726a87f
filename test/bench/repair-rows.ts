// What happens when a node is killed: how soon its work runs elsewhere, and how fast its copies are made again.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Cluster, clip, eventually, runProgram } from "../cluster/cluster.ts";
import type { AssetJson, ClusterNode, IngestJson } from "../cluster/cluster.ts";
import { storedObjects } from "../cluster/leftovers.ts";
import { atLeast, atMost, median } from "./row.ts";
import type { Measurement, Row } from "./row.ts";

interface TaskJson {
  readonly id: string;
  readonly kind: string;
  readonly nodeId: string | null;
  readonly state: string;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
}

const restoredSources = 10;
/** Frames of 1280×720 as they are, 1.4 MB each: large sources that are quickly encoded. */
const framesPerSource = 75;
const copyRuns = 3;

export const repairMeasurements: readonly Measurement[] = [
  { name: "killed-work-elsewhere", measure: workElsewhere },
  {
    name: "restore-1gb",
    async measure() {
      const folder = await mkdtemp(join(tmpdir(), "vstream-restore-"));
      try {
        return [await restoreRow(folder)];
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  },
];

async function workElsewhere(): Promise<Row[]> {
  await using cluster = await Cluster.start();
  const { asset } = await cluster.json<IngestJson>("ingest", clip, "--wait", "none");
  const encodes = async (): Promise<TaskJson[]> =>
    (await tasksOf(cluster, "--asset", asset.id)).filter(({ kind }) => kind === "transcode" || kind === "audio");
  const victim = await eventually("an agent that encodes", async () => {
    return (await encodes()).find(({ state }) => state === "leased")?.nodeId ?? undefined;
  });
  const lost = (await encodes()).filter(({ state, nodeId }) => state === "leased" && nodeId === victim);
  cluster.kill(victim);
  const killedAt = performance.now();
  await eventually("its tasks to run elsewhere", async () => {
    const now = await encodes();
    const moved = lost.every(({ id }) => {
      const task = now.find((one) => one.id === id);
      return task?.state === "succeeded" || (task?.state === "leased" && task.nodeId !== victim);
    });
    return moved ? true : undefined;
  });
  const value = (performance.now() - killedAt) / 1000;
  const against = "the limit";
  return [atMost({ name: "killed-work-elsewhere", value, unit: "s", against, againstValue: 20, most: 1 })];
}

async function restoreRow(folder: string): Promise<Row> {
  await using cluster = await Cluster.start({ regions: "eu,us,eu", controlConfig: { repairHoldMs: 1_000 } });
  const sources = await makeSources(folder);
  const ids: string[] = [];
  for (const source of sources) ids.push((await cluster.json<IngestJson>("ingest", source)).asset.id);
  const victim = await fullestOf(cluster);
  const lost = await storedObjects(victim.dataDir);
  const killedAt = new Date().toISOString();
  cluster.kill(victim.name);
  await eventually("all copies to be restored", async () => await allWholeWithout(victim, ids, cluster), 300_000);

  const copies = (await tasksOf(cluster, "--limit", "500", "--state", "succeeded")).filter(
    (task) => task.kind === "replicate" && task.createdAt > killedAt,
  );
  const instants = (pick: (task: TaskJson) => string | null): number[] =>
    copies.map((task) => Date.parse(pick(task) ?? "")).filter((at) => !Number.isNaN(at));
  const seconds =
    (Math.max(...instants((task) => task.finishedAt)) - Math.min(...instants((task) => task.startedAt))) / 1000;
  const bytes = await bytesOf(victim, lost);
  const rival = median(await curlSeconds(victim, lost, folder));
  return atLeast({
    name: "restore-1gb",
    value: bytes / seconds / 1e6,
    unit: "MB/s",
    against: "curl, sha256sum and sync of the same files",
    againstValue: bytes / rival / 1e6,
    least: 0.7,
  });
}

async function makeSources(folder: string): Promise<string[]> {
  const paths: string[] = [];
  for (let index = 0; index < restoredSources; index += 1) {
    const path = join(folder, `source-${String(index)}.mkv`);
    const picture = ["-an", "-vf", "scale=1280:720", "-pix_fmt", "yuv420p", "-c:v", "rawvideo"];
    const cut = ["-ss", String(index * 2.5), "-i", clip, "-frames:v", String(framesPerSource)];
    const made = await runProgram("ffmpeg", ["-v", "error", "-y", ...cut, ...picture, path]);
    if (made.code !== 0) throw new Error(`ffmpeg: ${made.stderr}`);
    paths.push(path);
  }
  return paths;
}

async function fullestOf(cluster: Cluster): Promise<ClusterNode> {
  const { items } = await cluster.json<{ items: { id: string; storage: { usedBytes: number } }[] }>("nodes", "list");
  const fullest = items.toSorted((one, other) => other.storage.usedBytes - one.storage.usedBytes)[0];
  return cluster.node(fullest?.id ?? "");
}

async function allWholeWithout(
  victim: ClusterNode,
  ids: readonly string[],
  cluster: Cluster,
): Promise<true | undefined> {
  for (const id of ids) {
    const { degraded, replicas } = await cluster.json<AssetJson>("assets", "show", id);
    const others = replicas.filter(({ nodeId }) => nodeId !== victim.id);
    if (degraded !== null || others.length < 2 || !others.every(({ state }) => state === "verified")) return undefined;
  }
  return true;
}

async function tasksOf(cluster: Cluster, ...flags: string[]): Promise<TaskJson[]> {
  return (await cluster.json<{ items: TaskJson[] }>("tasks", "list", ...flags)).items;
}

async function bytesOf({ dataDir }: ClusterNode, objects: readonly string[]): Promise<number> {
  const found = await runProgram("du", ["-bc", ...objects.map((name) => pathOf(dataDir, name))]);
  return Number(/(\d+)\s+total/.exec(found.stdout)?.[1] ?? Number.NaN);
}

/** The same files from a plain file server: fetched by one curl, hashed, and each made durable. */
async function curlSeconds(victim: ClusterNode, objects: readonly string[], folder: string): Promise<number[]> {
  const server = await FileServer.start(victim.dataDir);
  try {
    const times: number[] = [];
    for (let run = 0; run < copyRuns; run += 1) {
      const into = join(folder, `curl-${String(run)}`);
      await mkdir(into);
      const lines = objects.map((name) => `url = "${server.url}${urlPathOf(name)}"\noutput = "${join(into, name)}"\n`);
      const list = join(folder, "curl.conf");
      await writeFile(list, lines.join(""));
      const script = `curl -sS -f -K ${list} && sha256sum ${into}/* > /dev/null && sync ${into}/* ${into}`;
      const startedAt = performance.now();
      const outcome = await runProgram("sh", ["-c", script]);
      if (outcome.code !== 0) throw new Error(`curl: ${outcome.stderr}`);
      times.push((performance.now() - startedAt) / 1000);
      await rm(into, { recursive: true });
    }
    return times;
  } finally {
    server.stop();
  }
}

// As the store lays them out: objects/ab/abcd….
function pathOf(dataDir: string, name: string): string {
  return join(dataDir, urlPathOf(name));
}

function urlPathOf(name: string): string {
  return `/objects/${name.slice(0, 2)}/${name}`;
}

const serverCode = `
  const { createReadStream } = require("node:fs");
  const server = require("node:http").createServer((request, response) => {
    createReadStream(process.argv[1] + request.url).on("error", () => response.destroy()).pipe(response);
  });
  server.listen(0, "127.0.0.1", () => console.log(server.address().port));
`;

class FileServer {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: string) {
    this.#child = child;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async start(root: string): Promise<FileServer> {
    const child = spawn(process.execPath, ["-e", serverCode, root], { stdio: ["ignore", "pipe", "inherit"] });
    const [port] = (await once(child.stdout, "data")) as [Buffer];
    return new FileServer(child, port.toString().trim());
  }

  stop(): void {
    this.#child.kill();
  }
}
