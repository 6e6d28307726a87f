// kill -9 at several moments of an ingest: the work goes on elsewhere, the asset ends ready, nothing is left behind.
import assert from "node:assert/strict";
import { Cluster, clip, eventually } from "../cluster/cluster.ts";
import type { AssetJson, IngestJson } from "../cluster/cluster.ts";
import { encodersOf, namedObjects, storedObjects, strayFiles } from "../cluster/leftovers.ts";
import { decodeStream } from "../cluster/stream.ts";

interface TaskJson {
  readonly id: string;
  readonly kind: string;
  readonly nodeId: string | null;
  readonly state: string;
}

interface Kill {
  readonly title: string;
  /** `control`, a node's name, or `receiver`: the node that got the upload. */
  readonly programs: readonly string[];
  readonly atProgress: number;
  readonly startAgain: boolean;
}

const kills: readonly Kill[] = [
  { title: "an agent early on", programs: ["eu-2"], atProgress: 0.05, startAgain: true },
  { title: "an agent half-way", programs: ["us-1"], atProgress: 0.5, startAgain: true },
  { title: "the control plane early on", programs: ["control"], atProgress: 0.05, startAgain: true },
  { title: "the control plane near the end", programs: ["control"], atProgress: 0.7, startAgain: true },
  { title: "the control plane and an agent", programs: ["control", "eu-1"], atProgress: 0.4, startAgain: true },
  { title: "the node that received the upload, for good", programs: ["receiver"], atProgress: 0.3, startAgain: false },
];

describe("kill -9 during an ingest", () => {
  for (const kill of kills) {
    it(`of ${kill.title}: the asset ends ready and nothing is left behind`, async () => {
      await using cluster = await Cluster.start();
      const { asset } = await cluster.json<IngestJson>("ingest", clip, "--wait", "none");
      await progressOf(cluster, asset.id, kill.atProgress);
      const receiver = (await cluster.json<AssetJson>("assets", "show", asset.id)).replicas[0]?.nodeId ?? "";
      const programs = kill.programs.map((name) => (name === "receiver" ? cluster.node(receiver).name : name));
      for (const name of programs) cluster.kill(name);
      if (kill.startAgain) for (const name of programs) await cluster.startProgram(name);

      await cluster.json("assets", "wait", asset.id, "--for", "ready", "--timeout", "2m");
      assert.equal((await cluster.json<AssetJson>("assets", "show", asset.id)).state, "ready");
      const { playback } = await cluster.json<IngestJson>("assets", "url", asset.id);
      assert.equal(playback.hls.length, 2);
      for (const url of playback.hls) assert.equal((await decodeStream(url)).videoTimes.length, 720);
      await nothingLeft(cluster, kill.startAgain ? [] : programs);
    });
  }

  it("of an agent: what it was encoding runs elsewhere within 20 s", async () => {
    await using cluster = await Cluster.start();
    const { asset } = await cluster.json<IngestJson>("ingest", clip, "--wait", "none");
    const victim = await eventually("an agent that encodes", async () => {
      const encoding = (await tasksOf(cluster, asset.id)).find(
        (task) => task.kind === "transcode" && task.state === "leased",
      );
      return encoding?.nodeId ?? undefined;
    });
    cluster.kill(victim);
    const killedAt = performance.now();
    // A copy that was on its way to the dead agent is not made elsewhere under the same name: another home gets its own.
    const lost = (await tasksOf(cluster, asset.id)).filter(
      (task) => task.state === "leased" && task.nodeId === victim && /transcode|audio/.test(task.kind),
    );
    assert.ok(lost.length > 0, "the agent was killed while it encoded");
    for (const { id, kind } of lost) {
      await eventually(`${kind} task ${id} to run elsewhere`, async () => {
        const task = (await tasksOf(cluster, asset.id)).find((known) => known.id === id);
        // Its last word may have been on its way when it was killed.
        if (task?.state === "succeeded") return true;
        return task?.state === "leased" && task.nodeId !== victim ? true : undefined;
      });
    }
    assert.ok(performance.now() - killedAt <= 20_000, `it took ${Math.round(performance.now() - killedAt)} ms`);
  });
});

async function progressOf(cluster: Cluster, assetId: string, wanted: number): Promise<void> {
  await eventually(`progress of ${wanted}`, async () => {
    const asset = await cluster.json<AssetJson>("assets", "show", assetId);
    return asset.progress >= wanted || asset.state === "ready" ? true : undefined;
  });
}

async function tasksOf(cluster: Cluster, assetId: string): Promise<readonly TaskJson[]> {
  return (await cluster.json<{ items: TaskJson[] }>("tasks", "list", "--asset", assetId, "--limit", "500")).items;
}

async function nothingLeft(cluster: Cluster, gone: readonly string[]): Promise<void> {
  await cluster.refresh();
  const nodes = cluster.state.nodes.filter((node) => !gone.includes(node.name));
  await eventually(
    "encoders to end",
    async () => ((await encodersOf(cluster)).length === 0 ? true : undefined),
    10_000,
  );
  await eventually(
    "surplus and stray files to go",
    async () => {
      const stray = (await strayFiles(cluster)).filter((path) => nodes.some((node) => path.startsWith(node.dataDir)));
      const unnamed = await Promise.all(
        nodes.map(async ({ dataDir }) => {
          const named = new Set(await namedObjects(dataDir));
          return (await storedObjects(dataDir)).filter((hash) => !named.has(hash));
        }),
      );
      return stray.length === 0 && unnamed.flat().length === 0 ? true : undefined;
    },
    60_000,
  );
}
