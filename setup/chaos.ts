// `npm run demo -- --chaos`: a clip plays to headless viewers, and to whoever opens the page, while nodes are killed,
// damaged, drained and restarted, and everything heals. Endless; with --exit once through the list, and 1 at the end
// when a viewer noticed anything.
import { Cluster } from "../test/cluster/cluster.ts";
import type { IngestJson } from "../test/cluster/cluster.ts";
import { Crowd, noticedBy } from "../test/cluster/crowd.ts";
import { acts } from "./chaos-acts.ts";
import { openScreen, tell } from "./chaos-screen.ts";

const viewers = 6;
/** So that they are at different places of the clip. */
const startWithinMs = 20_000;
/** Shorter stalls nobody sees. */
const seenStallMs = 250;
const betweenActsMs = 8_000;
/** So that a show takes minutes, not hours: how long a home may be away before its copies are made again, and so on. */
const shortHolds = { repairHoldMs: 5_000, brakeHoldMs: 60_000, drainQuietMs: 12_000 };

export interface Chaos {
  readonly source: string;
  readonly stopAfter: boolean;
  readonly interrupted: Promise<void>;
}

/** Gives the exit code. */
export async function showChaos({ source, stopAfter, interrupted }: Chaos): Promise<number> {
  tell("demo", "starting a control plane and four agents in two regions");
  await using cluster = await Cluster.start({ nodes: 4, regions: "eu,eu,us,us", controlConfig: shortHolds });
  const left = interrupted.then(() => "interrupted" as const);
  const outcome = await Promise.race([perform(cluster, source, stopAfter), left]);
  if (outcome === "interrupted") {
    tell("demo", "stopping the cluster");
    return stopAfter ? 130 : 0;
  }
  return outcome;
}

async function perform(cluster: Cluster, source: string, stopAfter: boolean): Promise<number> {
  tell("demo", `ingesting ${source}`);
  const { asset, playback } = await cluster.json<IngestJson>("ingest", source);
  for (const url of playback.watch) tell("demo", `watch it at ${url}`);
  tell("demo", `for vsctl in another terminal:  export VSCTL_CONFIG=${cluster.state.config}`);
  await using crowd = await Crowd.start({ viewers, urls: playback.hls, follows: "homes", startWithinMs });
  tell("demo", `${viewers} viewers play it again and again${stopAfter ? "" : ", until Ctrl-C"}`);
  using _screen = openScreen({ cluster, assetId: asset.id, crowd });
  const say = (text: string): void => {
    tell("ACT", text);
  };
  do {
    for (const act of acts) {
      await new Promise((wake) => setTimeout(wake, betweenActsMs));
      await act({ cluster, assetId: asset.id, say });
      tell("demo", "all is well again");
    }
  } while (!stopAfter);
  return judge(crowd);
}

function judge(crowd: Crowd): number {
  const { playedSeconds, longestStallMs, failed, wrongBytes } = noticedBy(crowd.reports);
  const unnoticed = longestStallMs <= seenStallMs && failed === 0 && wrongBytes === 0;
  const longest = `longest stall ${longestStallMs} ms, ${failed} failed playbacks, ${wrongBytes} wrong bytes`;
  tell("demo", `${playedSeconds} s were watched: ${longest}; ${unnoticed ? "nobody noticed" : "somebody noticed"}`);
  return unnoticed ? 0 : 1;
}
