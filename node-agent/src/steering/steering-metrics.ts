// Steering's numbers for Prometheus.
import { Counter, Gauge } from "prom-client";
import type { Registry } from "prom-client";
import type { Choice } from "./choose-pathways.ts";
import { sightStates } from "./peer-watch.ts";
import type { PeerWatch } from "./peer-watch.ts";

export type CountAnswer = (answer: {
  readonly by: "playlist" | "steering" | "homes";
  readonly reason: Choice["reason"];
}) => void;

export function registerSteeringMetrics(registry: Registry, watch: Pick<PeerWatch, "counts">): CountAnswer {
  const registers = [registry];
  new Gauge({
    name: "vstream_steering_nodes",
    help: "Nodes that viewers may be sent to, by whether they answer this one",
    labelNames: ["state"],
    registers,
    collect() {
      const counts = watch.counts();
      for (const state of sightStates) this.set({ state }, counts[state]);
    },
  });
  const answers = new Counter({
    name: "vstream_steering_answers_total",
    help: "Times that a viewer was told where to fetch from, by what told it and whether it is to move",
    labelNames: ["by", "reason"],
    registers,
  });
  return (answer) => {
    answers.inc(answer);
  };
}
