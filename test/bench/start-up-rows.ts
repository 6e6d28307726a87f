// How soon vsctl answers, against the least that a program on the same Node can do.
import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Cluster, repository } from "../cluster/cluster.ts";
import { atMost, median } from "./row.ts";
import type { Measurement } from "./row.ts";

const runs = 15;
const vsctl = join(repository, "dist", "bin", "vsctl");
const bareCall = join(repository, "test", "bench", "bare-call.js");

export const startUpMeasurements: readonly Measurement[] = [
  {
    name: "vsctl-version",
    async measure() {
      const pairs = inTurn([vsctl, "--version"], ["-e", "0"], {});
      return await Promise.resolve([
        atMost({ name: "vsctl-version", unit: "ms", against: "node -e 0", most: 1.5, ...pairs }),
      ]);
    },
  },
  {
    name: "vsctl-nodes-list",
    async measure() {
      await using cluster = await Cluster.start();
      const config = JSON.parse(await readFile(cluster.state.config, "utf8")) as { server: string; token: string };
      const env = { VSCTL_CONFIG: cluster.state.config, BARE_CONFIG: cluster.state.config, BARE_SERVER: config.server };
      const pairs = inTurn([vsctl, "nodes", "list"], [bareCall], env);
      return [
        atMost({
          name: "vsctl-nodes-list",
          unit: "ms",
          against: "bare grpc-js script, the same call",
          most: 1.5,
          ...pairs,
        }),
      ];
    },
  },
];

/** Medians of wall times of two commands on this Node, taken in turn after one unmeasured run of each. */
function inTurn(own: string[], rival: string[], env: Record<string, string>): { value: number; againstValue: number } {
  const times: [number[], number[]] = [[], []];
  for (let run = -1; run < runs; run += 1) {
    for (const [index, args] of [own, rival].entries()) {
      const startedAt = performance.now();
      const ended = spawnSync(process.execPath, args, { env: { ...process.env, ...env }, encoding: "utf8" });
      if (ended.status !== 0) throw new Error(`${args.join(" ")}: ${ended.stderr}`);
      if (run >= 0) times[index]?.push(performance.now() - startedAt);
    }
  }
  return { value: median(times[0]), againstValue: median(times[1]) };
}
