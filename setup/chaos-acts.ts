// What `npm run demo -- --chaos` does to its cluster, each act until all is well again.
import { eventually } from "../test/cluster/cluster.ts";
import type { Cluster, ClusterNode } from "../test/cluster/cluster.ts";
import { showAsset, untilWhole, videoSegments } from "../test/cluster/asset-checks.ts";
import { flipByte, hashOfFile, objectFile } from "../test/cluster/damage.ts";

const healLimitMs = 120_000;

export interface Stage {
  readonly cluster: Cluster;
  readonly assetId: string;
  readonly say: (text: string) => void;
}

export type Act = (stage: Stage) => Promise<void>;

/** In the order of the show. Each ends when the asset has all its copies again. */
export const acts: readonly Act[] = [killHome, flipByteOfHome, drainHome, killControlPlane, restartHome];

async function killHome(stage: Stage): Promise<void> {
  const home = await homeOf(stage);
  stage.say(`kill -9 of ${home.name}, a home; its copies are made again elsewhere after a hold`);
  stage.cluster.kill(home.name);
  await untilWhole(stage.cluster, stage.assetId, { without: [home.id], limitMs: healLimitMs });
  stage.say(`${home.name} comes back`);
  await stage.cluster.startProgram(home.name);
  await untilWhole(stage.cluster, stage.assetId, { limitMs: healLimitMs });
}

async function flipByteOfHome(stage: Stage): Promise<void> {
  const home = await homeOf(stage);
  const segments = await videoSegments(`${home.playbackUrl}/v/${stage.assetId}/index.m3u8`);
  const segment = segments[Math.floor(segments.length / 2)];
  if (segment === undefined) throw new Error("the asset has no segments");
  const file = objectFile(home.dataDir, segment.sha256);
  stage.say(`one bit of one file of ${home.name} turns: ${segment.sha256.slice(0, 12)}…`);
  await flipByte(file);
  const verified = await stage.cluster.vsctl("assets", "verify", stage.assetId);
  stage.say(verified.code === 1 ? "vsctl assets verify finds it" : "it was found before vsctl assets verify looked");
  await eventually(
    "the file to be right again",
    async () => ((await hashOfFile(file)) === segment.sha256 ? true : undefined),
    healLimitMs,
  );
  await untilWhole(stage.cluster, stage.assetId, { limitMs: healLimitMs });
}

async function drainHome(stage: Stage): Promise<void> {
  const home = await homeOf(stage);
  stage.say(`vsctl nodes drain ${home.name}: viewers are steered away, its copies move`);
  const drained = await stage.cluster.vsctl("nodes", "drain", home.name, "--wait", "--yes");
  if (drained.code !== 0) throw new Error(`the drain of ${home.name} ended with ${drained.code}: ${drained.stderr}`);
  stage.say(`${home.name} is drained; it is stopped, started and taken back`);
  await stage.cluster.stopProgram(home.name);
  await stage.cluster.startProgram(home.name);
  await stage.cluster.json("nodes", "uncordon", home.name);
  await untilWhole(stage.cluster, stage.assetId, { limitMs: healLimitMs });
}

async function killControlPlane(stage: Stage): Promise<void> {
  stage.say("kill -9 of the control plane; the agents serve without it");
  stage.cluster.kill("control");
  await new Promise((wake) => setTimeout(wake, 10_000));
  stage.say("the control plane comes back");
  await stage.cluster.startProgram("control");
  await untilWhole(stage.cluster, stage.assetId, { limitMs: healLimitMs });
}

async function restartHome(stage: Stage): Promise<void> {
  const home = await homeOf(stage);
  stage.say(`${home.name}, a home, is restarted; nothing moves`);
  await stage.cluster.stopProgram(home.name);
  await stage.cluster.startProgram(home.name);
  await untilWhole(stage.cluster, stage.assetId, { limitMs: healLimitMs });
}

/** The home that is listed first, where most viewers are. */
async function homeOf({ cluster, assetId }: Stage): Promise<ClusterNode> {
  const [first] = (await showAsset(cluster, assetId)).replicas;
  return cluster.node(first?.nodeId ?? "");
}
