// What fifty viewers notice while one of an asset's two homes is lost: nothing, as far as possible. All of them began
// at that home, each in its own moment of the clip; they play in real time, in a network of their own.
import { setTimeout as sleep } from "node:timers/promises";
import { Bed } from "../cluster/bed.ts";
import type { ClusterNode, IngestJson } from "../cluster/cluster.ts";
import { noticedBy } from "../cluster/crowd.ts";
import type { Noticed } from "../cluster/crowd.ts";
import { atMost } from "./row.ts";
import type { Measurement, Row } from "./row.ts";

const viewers = 50;
const startWithinMs = 30_000;
const watchedAfterMs = 45_000;

interface Loss {
  readonly name: string;
  readonly longestStallMs: number;
  readonly happens: (bed: Bed, home: ClusterNode) => Promise<void>;
}

const losses: readonly Loss[] = [
  { name: "viewers-home-killed", longestStallMs: 1_000, happens: (bed, { name }) => bed.kill(name) },
  {
    name: "viewers-home-black-holed",
    longestStallMs: 3_000,
    happens: async (bed, { name }) => {
      bed.network.blackHole(name);
      await Promise.resolve();
    },
  },
  {
    name: "viewers-home-drained",
    longestStallMs: 1_000,
    happens: async (bed, { name }) => {
      const drained = await bed.vsctl("nodes", "drain", name, "--wait", "--yes");
      if (drained.code !== 0) throw new Error(`drain: ${drained.stderr}`);
      await bed.stop(name);
    },
  },
];

export const viewerMeasurements: readonly Measurement[] = losses.map((loss) => ({
  name: loss.name,
  measure: async () => rowsOf(loss, await watch(loss)),
}));

async function watch({ happens }: Loss): Promise<Noticed> {
  await using bed = await Bed.start();
  const urls = (await bed.ingest<IngestJson>()).playback.hls;
  const home = bed.state.nodes.find(({ playbackUrl }) => urls[0]?.startsWith(playbackUrl));
  if (home === undefined) throw new Error(`no node serves ${String(urls[0])}`);
  await using crowd = await bed.watch({ viewers, urls, follows: "homes", startWithinMs });
  await happens(bed, home);
  await sleep(watchedAfterMs);
  return noticedBy(await crowd.stop());
}

function rowsOf({ name, longestStallMs }: Loss, { longestStallMs: value, failed, wrongBytes }: Noticed): Row[] {
  const limit = { against: "the limit", most: 1 } as const;
  return [
    atMost({ name, value, unit: "ms stall", againstValue: longestStallMs, ...limit }),
    atMost({ name: `${name}-failed`, value: failed + wrongBytes, unit: "in all", againstValue: 0, ...limit }),
  ];
}
