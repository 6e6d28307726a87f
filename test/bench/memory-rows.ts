// What the programs weigh when nothing is going on.
import { Cluster } from "../cluster/cluster.ts";
import { residentBytesOf } from "./cpu-time.ts";
import { atMost } from "./row.ts";
import type { Measurement } from "./row.ts";

const settleMs = 15_000;

export const memoryMeasurements: readonly Measurement[] = [
  {
    name: "memory-idle",
    async measure() {
      await using cluster = await Cluster.start();
      await new Promise((wake) => setTimeout(wake, settleMs));
      const control = await residentBytesOf(cluster.state.controlPlane.pid);
      const agents = await Promise.all(cluster.state.nodes.map((node) => residentBytesOf(node.pid)));
      const row = (name: string, bytes: number, limitMb: number) =>
        atMost({ name, value: bytes / 1e6, unit: "MB", against: "the limit", againstValue: limitMb, most: 1 });
      // An agent has one serving thread.
      return [row("memory-idle-control-plane", control, 150), row("memory-idle-agent", Math.max(...agents), 190)];
    },
  },
];
