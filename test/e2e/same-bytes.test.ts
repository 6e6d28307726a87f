// The same clip gives the same files: on any number of nodes, after a killed agent, on an older processor's
// instructions.
import assert from "node:assert/strict";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Cluster, clip, eventually } from "../cluster/cluster.ts";
import type { AssetJson, IngestJson } from "../cluster/cluster.ts";
import { segmentHashes } from "../cluster/stream.ts";

describe("the bytes of an asset", () => {
  let expected: readonly string[];

  before(async () => {
    await using cluster = await Cluster.start({ nodes: 1, regions: "eu" });
    expected = await ingestedHashes(cluster);
    assert.ok(expected.length >= 3 * (5 + 1) + 5 + 1, `${expected.length} files`);
  });

  it("are the same when 4 agents encode", async () => {
    await using cluster = await Cluster.start({ nodes: 4, regions: "eu,us" });
    assert.deepEqual(await ingestedHashes(cluster), expected);
  });

  it("are the same when an agent is killed half-way and comes back", async () => {
    await using cluster = await Cluster.start();
    const { asset } = await cluster.json<IngestJson>("ingest", clip, "--wait", "none");
    await eventually("half of the progress", async () => {
      const shown = await cluster.json<AssetJson>("assets", "show", asset.id);
      return shown.progress >= 0.5 ? true : undefined;
    });
    cluster.kill("eu-1");
    await cluster.startProgram("eu-1");
    await cluster.json("assets", "wait", asset.id, "--for", "ready", "--timeout", "2m");
    assert.deepEqual(await hashesOf(cluster, asset.id), expected);
  });

  it("are the same when 2 agents encode, of which one's ffmpeg is held to older instructions", async () => {
    await using cluster = await Cluster.start({ nodes: 2, regions: "eu,us" });
    await holdToOldInstructions(cluster, "eu-1");
    assert.deepEqual(await ingestedHashes(cluster), expected);
    const tasks = await cluster.json<{ items: { kind: string; nodeId: string }[] }>("tasks", "list", "--limit", "100");
    const encoders = new Set(tasks.items.filter((task) => task.kind === "transcode").map((task) => task.nodeId));
    assert.equal(encoders.size, 2, "both agents encoded");
  });
});

async function ingestedHashes(cluster: Cluster): Promise<string[]> {
  const { asset } = await cluster.json<IngestJson>("ingest", clip);
  return await hashesOf(cluster, asset.id);
}

async function hashesOf(cluster: Cluster, assetId: string): Promise<string[]> {
  const { playback } = await cluster.json<IngestJson>("assets", "url", assetId);
  return await segmentHashes(playback.hls[0] ?? "");
}

/** Puts a script in ffmpeg's place that takes AVX and the rest away from it and from x264. */
async function holdToOldInstructions(cluster: Cluster, name: string): Promise<void> {
  const script = join(cluster.folder, "old-ffmpeg");
  const text = `#!/usr/bin/env bash
args=()
for arg in "$@"; do
  case "$arg" in *cpu-independent=1*) arg="$arg:asm=SSE2" ;; esac
  args+=("$arg")
done
exec ffmpeg -cpuflags sse2 "\${args[@]}"
`;
  await writeFile(script, text);
  await chmod(script, 0o755);
  const configPath = join(cluster.folder, "nodes", name, "agent.yaml");
  const config = await readFile(configPath, "utf8");
  await cluster.stopProgram(name);
  await writeFile(configPath, `${config.replace(/^ffmpegPath:.*\n?/m, "")}\nffmpegPath: ${script}\n`);
  await cluster.startProgram(name);
}
