// What an agent shows on /metrics beside what its parts count themselves.
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from "prom-client";
import type { Scrub, TaskKind } from "@vstream/core/media.ts";
import type { RunEnd } from "./tasks/task-run.ts";

/** Looked at when somebody asks. */
export interface MeasuredState {
  readonly tasksRunning: () => number;
  readonly usedBytes: () => number;
  readonly capacityBytes: () => number;
  readonly scrub: () => Scrub;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly certificateExpiresAt: () => number | null;
  readonly connected: () => boolean;
}

export class AgentMetrics {
  readonly registry = new Registry();
  readonly #tasks: Counter<"kind" | "outcome">;
  readonly #seconds: Histogram<"kind">;

  constructor() {
    const registers = [this.registry];
    // How late the event loop is, looked at once a second: the default of 100 looks costs more than everything else
    // that an idle agent does.
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: 1000 });
    this.#tasks = new Counter({
      name: "vstream_tasks_total",
      help: "Tasks that ended on this node, by kind and how they ended",
      labelNames: ["kind", "outcome"],
      registers,
    });
    this.#seconds = new Histogram({
      name: "vstream_task_seconds",
      help: "How long tasks ran on this node",
      labelNames: ["kind"],
      buckets: [0.1, 0.5, 1, 5, 15, 60, 300, 1800],
      registers,
    });
  }

  taskEnded({ kind, end, durationMs }: { kind: TaskKind; end: RunEnd; durationMs: number }): void {
    this.#tasks.inc({ kind, outcome: end });
    this.#seconds.observe({ kind }, durationMs / 1000);
  }

  watch(state: MeasuredState): void {
    const secondsLeft = (): number => ((state.certificateExpiresAt() ?? state.now()) - state.now()) / 1000;
    this.#gauge("vstream_tasks_running", "Tasks that this node has a lease for", state.tasksRunning);
    this.#gauge("vstream_store_used_bytes", "Bytes that the store holds", state.usedBytes);
    this.#gauge("vstream_store_capacity_bytes", "Bytes that the store may hold", state.capacityBytes);
    this.#gauge("vstream_store_damaged_found", "Objects found wrong ever", () => state.scrub().damagedFound);
    this.#gauge("vstream_store_quarantined", "Wrong files kept for a look", () => state.scrub().quarantined);
    this.#gauge("vstream_scrub_checked_bytes", "Read in this pass of the scrub", () => state.scrub().checkedBytes);
    this.#gauge("vstream_scrub_total_bytes", "To be read in one pass of the scrub", () => state.scrub().totalBytes);
    this.#gauge("vstream_certificate_seconds_left", "Until the node's certificate ends", secondsLeft);
    this.#gauge("vstream_session_connected", "1 while the control plane is reached", () => Number(state.connected()));
  }

  #gauge(name: string, help: string, value: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.registry],
      collect() {
        this.set(value());
      },
    });
  }
}
