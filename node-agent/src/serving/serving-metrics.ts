// The playback side's numbers for Prometheus.
import { Counter, Gauge } from "prom-client";
import type { Registry } from "prom-client";
import type { LoadMeter } from "./load-meter.ts";

export interface ServingMetrics {
  readonly requests: Counter<"route" | "status">;
  readonly sentBytes: Counter<"route">;
  readonly reads: Counter<"from">;
}

export function registerMetrics(registry: Registry, meter: LoadMeter): ServingMetrics {
  const registers = [registry];
  new Gauge({
    name: "vstream_viewers",
    help: "Addresses that fetched media of an asset within 30 s",
    registers,
    collect() {
      this.set(meter.load().viewers);
    },
  });
  return {
    requests: new Counter({
      name: "vstream_http_requests_total",
      help: "Answers given by the playback listener",
      labelNames: ["route", "status"],
      registers,
    }),
    sentBytes: new Counter({
      name: "vstream_http_sent_bytes_total",
      help: "Bytes of bodies sent whole",
      labelNames: ["route"],
      registers,
    }),
    reads: new Counter({
      name: "vstream_object_reads_total",
      help: "Objects looked up for viewers, by where they were found",
      labelNames: ["from"],
      registers,
    }),
  };
}
