// What an operator's monitoring reads: the process, the cluster's state at the moment of the reading, and what calls
// and planning cost.
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from "prom-client";
import type { Look } from "./control-loop/loop-parts.ts";
import type { CatalogCounts, CatalogQueries } from "./catalog/catalog.ts";

export interface Metrics {
  readonly contentType: string;
  /** The text format of Prometheus. */
  read(): Promise<string>;
  observeCall(call: { name: string; code: string; ms: number }): void;
  observeLook(look: Look): void;
  /** Copies that were found wrong on some node's disk. */
  countDamage(copies: number): void;
}

const seconds = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 15];

export function openMetrics(queries: Pick<CatalogQueries, "counts" | "countMoves">): Metrics {
  const register = new Registry();
  const registers = [register];
  // How late the event loop is, looked at once a second: the default of 100 looks costs more than everything else that
  // an idle control plane does.
  collectDefaultMetrics({ register, eventLoopMonitoringPrecision: 1000 });
  const calls = new Counter({
    name: "vstream_grpc_calls_total",
    help: "Answered gRPC calls",
    labelNames: ["method", "code"],
    registers,
  });
  const callSeconds = new Histogram({
    name: "vstream_grpc_call_seconds",
    help: "How long gRPC calls took to answer",
    labelNames: ["method"],
    buckets: seconds,
    registers,
  });
  const reconcileSeconds = new Histogram({
    name: "vstream_reconcile_seconds",
    help: "How long it took to look at the cluster and to apply what followed from it",
    buckets: seconds,
    registers,
  });
  const healing = openHealingMetrics(registers);
  const showCounts = openClusterGauges(registers);
  return {
    contentType: register.contentType,
    async read() {
      showCounts(await queries.counts());
      healing.moves.set(await queries.countMoves());
      return await register.metrics();
    },
    observeCall({ name, code, ms }) {
      calls.inc({ method: name, code });
      callSeconds.observe({ method: name }, ms / 1000);
    },
    observeLook({ ms, brakedRegions, isCutOff, verifications }) {
      reconcileSeconds.observe(ms / 1000);
      healing.brakedRegions.set(brakedRegions);
      healing.cutOff.set(isCutOff ? 1 : 0);
      healing.verifications.set(verifications);
    },
    countDamage(copies) {
      healing.damaged.inc(copies);
    },
  };
}

function openHealingMetrics(registers: Registry[]) {
  const gauge = (name: string, help: string): Gauge => new Gauge({ name, help, registers });
  return {
    moves: gauge("vstream_moving_assets", "Assets that are moved to even out how full the nodes are"),
    brakedRegions: gauge("vstream_braked_regions", "Regions most nodes of which went down together, held from repair"),
    cutOff: gauge("vstream_cut_off", "1 while most nodes are silent together, and nothing is moved; else 0"),
    verifications: gauge("vstream_running_verifications", "Nodes that hash again what they hold of an asset"),
    damaged: new Counter({
      name: "vstream_damaged_copies_total",
      help: "Copies of pieces that nodes found wrong on their disks",
      registers,
    }),
  };
}

function openClusterGauges(registers: Registry[]): (counts: CatalogCounts) => void {
  const gauge = (name: string, help: string, label?: string): Gauge =>
    new Gauge({ name, help, labelNames: label === undefined ? [] : [label], registers });
  const nodes = gauge("vstream_nodes", "Nodes by health", "health");
  const assets = gauge("vstream_assets", "Assets by state", "state");
  const tasks = gauge("vstream_tasks", "Tasks by state", "state");
  const queued = gauge("vstream_queue_depth", "Tasks that wait to be leased");
  const leases = gauge("vstream_leases", "Tasks that are leased");
  const degraded = gauge("vstream_degraded_assets", "Ready assets with fewer copies than wanted");
  const stored = gauge("vstream_stored_bytes", "Bytes of all verified copies");
  const capacity = gauge("vstream_capacity_bytes", "Bytes that all nodes together can hold");
  return (counts) => {
    setAll(nodes, "health", counts.nodesByHealth);
    setAll(assets, "state", counts.assetsByState);
    setAll(tasks, "state", counts.tasksByState);
    queued.set((counts.tasksByState["pending"] ?? 0) + (counts.tasksByState["waiting"] ?? 0));
    leases.set(counts.tasksByState["leased"] ?? 0);
    degraded.set(counts.degradedAssets);
    stored.set(counts.storedBytes);
    capacity.set(counts.capacityBytes);
  };
}

// What no longer occurs must not keep its last value.
function setAll(gauge: Gauge, label: string, counts: Readonly<Record<string, number>>): void {
  gauge.reset();
  for (const [value, count] of Object.entries(counts)) gauge.set({ [label]: value }, count);
}
