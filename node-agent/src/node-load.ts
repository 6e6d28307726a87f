// How busy this node is, as heartbeats and other nodes are told, and when that is too busy for what can wait.
import type { Load } from "@vstream/core/media.ts";
import type { MachineLoad } from "./machine-load.ts";
import type { Serving } from "./serving/serving.ts";
import type { Store } from "./store/store.ts";
import type { TaskRunner } from "./tasks/task-runner.ts";

/** Above these shares viewers come first. */
const busyEgress = 0.7;
const busyDisk = 0.7;
const busyProcessor = 0.9;

const nobodyWatches = { viewers: 0, egressBps: 0, connections: 0, viewersQuietMs: 0 };

export interface NodeLoadDeps {
  readonly store: Pick<Store, "usage">;
  readonly machine: Pick<MachineLoad, "processor" | "disk">;
  /** 0: no limit is set. */
  readonly egressLimitBps: number;
}

/** What makes load, once it is there. */
export interface LoadMakers {
  readonly serving: Pick<Serving, "load">;
  readonly runner: Pick<TaskRunner, "running">;
}

/** Can be asked from the start on, for other nodes ask before all of this one is up. */
export class NodeLoad {
  readonly #deps: NodeLoadDeps;
  #makers: LoadMakers | null = null;

  constructor(deps: NodeLoadDeps) {
    this.#deps = deps;
  }

  include(makers: LoadMakers): void {
    this.#makers = makers;
  }

  /** Whether all that makes load is there. */
  get isComplete(): boolean {
    return this.#makers !== null;
  }

  now(): Load {
    const { store, machine, egressLimitBps } = this.#deps;
    const { usedBytes, capacityBytes } = store.usage;
    const { processor, disk } = machine;
    const served = this.#makers?.serving.load() ?? nobodyWatches;
    const tasksRunning = this.#makers?.runner.running ?? 0;
    return { usedBytes, capacityBytes, ...served, processor, disk, egressLimitBps, tasksRunning };
  }
}

/** Whether reading the store for nobody would be felt by viewers. */
export function isBusy({ egressBps, egressLimitBps, disk, processor }: Load): boolean {
  const egress = egressLimitBps > 0 ? egressBps / egressLimitBps : 0;
  return egress > busyEgress || disk > busyDisk || processor > busyProcessor;
}
