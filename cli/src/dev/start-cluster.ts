// Starts what does not run of a local cluster and returns when all of it is up, or stops what it started.
import { copyFileSync, chmodSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import { findCluster } from "../cluster-address.ts";
import { connectToCluster, wholeList } from "../control-client.ts";
import type { ControlClient } from "../control-client.ts";
import type { Node } from "../shapes.ts";
import { writeRecord } from "./cluster-record.ts";
import type { ClusterRecord, NodeOfRecord } from "./cluster-record.ts";
import { controlName, programFiles } from "./dev-folder.ts";
import type { DevFolder } from "./dev-folder.ts";
import { explainFailure } from "./explain-failure.ts";
import { isRunning } from "./process-identity.ts";
import { startProgram, stopProgram } from "./run-program.ts";
import type { StartedProgram } from "./run-program.ts";

/** All programs must be up within this time. */
export const startLimitMs = 60_000;
const pollMs = 100;

export interface StartOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
}

/** The names of the programs that do not run. */
export function stoppedPrograms(record: ClusterRecord): string[] {
  const stopped = record.nodes.filter((node) => !runs(node)).map((node) => node.name);
  return runs(record.control) ? stopped : [controlName, ...stopped];
}

export function runs({ process: identity }: Pick<NodeOfRecord, "process">): boolean {
  return identity !== null && isRunning(identity);
}

/**
 * Starts the named programs of a cluster. The record names their processes afterwards.
 * @throws VsError the program's own error, or timed_out, with the end of its log; what was started is stopped again
 */
export async function startPrograms(
  folder: DevFolder,
  record: ClusterRecord,
  options: StartOptions & { names: readonly string[] },
): Promise<void> {
  const starting = new Starting(folder, record, options);
  try {
    if (options.names.includes(controlName)) await starting.startControl();
    const nodes = record.nodes.filter(({ name }) => options.names.includes(name));
    if (nodes.length > 0) await starting.startNodes(nodes);
  } catch (thrown) {
    await starting.undo();
    throw thrown;
  }
}

class Starting {
  readonly #folder: DevFolder;
  readonly #record: ClusterRecord;
  readonly #options: StartOptions;
  readonly #started: StartedProgram[] = [];
  readonly #deadlineMs: number;

  constructor(folder: DevFolder, record: ClusterRecord, options: StartOptions) {
    this.#folder = folder;
    this.#record = record;
    this.#options = options;
    this.#deadlineMs = options.clock.monotonicMs() + startLimitMs;
  }

  async startControl(): Promise<void> {
    this.#options.say("starting the control plane");
    await this.#start(controlName, this.#record.control);
    const { dataDir } = programFiles(this.#folder, controlName);
    const made = join(dataDir, "vsctl.json");
    await this.#until("the control plane does not answer", async () => {
      if (!existsSync(made)) return false;
      copyFileSync(made, this.#folder.vsctlConfig);
      chmodSync(this.#folder.vsctlConfig, 0o600);
      await using client = await this.#connect();
      return await client.getStatus().then(() => true, isNotYet);
    });
  }

  async startNodes(nodes: readonly NodeOfRecord[]): Promise<void> {
    this.#options.say(`starting ${nodes.length === 1 ? "node" : "nodes"} ${nodes.map(({ name }) => name).join(", ")}`);
    await using client = await this.#connect();
    const startedAt = this.#options.clock.now();
    for (const node of nodes) {
      if (node.id === "") await this.#writeToken(client, node);
      await this.#start(node.name, node);
    }
    await this.#until("not every node is up", async () => {
      const { items } = await client.listNodes(wholeList).catch((thrown: unknown) => {
        isNotYet(thrown);
        return { items: [] };
      });
      for (const node of nodes) node.id = items.find(({ name }) => name === node.name)?.id ?? node.id;
      return nodes.every(({ name }) => items.some((item) => item.name === name && isUpSince(item, startedAt)));
    });
    writeRecord(this.#folder, this.#record);
    for (const { name } of nodes) rmSync(programFiles(this.#folder, name).tokenFile, { force: true });
  }

  async undo(): Promise<void> {
    await Promise.all(this.#started.map(({ identity }) => stopProgram(identity, this.#options.clock)));
  }

  async #writeToken(client: ControlClient, { name, region }: NodeOfRecord): Promise<void> {
    const { secret } = await client.createToken({ kind: "node", name, region, role: "", expiresMs: 0 });
    writeFileSync(programFiles(this.#folder, name).tokenFile, `${secret}\n`, { mode: 0o600 });
  }

  async #start(name: string, entry: Pick<NodeOfRecord, "process">): Promise<void> {
    const kind = name === controlName ? "control" : "agent";
    const program = await startProgram(kind, { name, ...programFiles(this.#folder, name) });
    this.#started.push(program);
    entry.process = program.identity;
    writeRecord(this.#folder, this.#record);
  }

  async #connect(): Promise<ControlClient> {
    return await connectToCluster(findCluster({ config: this.#folder.vsctlConfig, env: {} }), this.#options.signal);
  }

  async #until(otherwise: string, condition: () => Promise<boolean>): Promise<void> {
    const { clock, signal } = this.#options;
    while (!(await condition())) {
      const dead = this.#started.find((program) => program.ended() !== undefined);
      if (dead !== undefined) throw explainFailure(dead, dead.ended() ?? "");
      const latest = this.#started.at(-1);
      if (clock.monotonicMs() > this.#deadlineMs && latest !== undefined) {
        throw explainFailure(latest, `${otherwise} after ${startLimitMs / 1000} s`);
      }
      await clock.sleep(pollMs, signal);
    }
  }
}

// One that was killed a moment ago still counts as up for a while.
function isUpSince({ health, lastSeenAt }: Node, startedAt: number): boolean {
  return health === "up" && lastSeenAt !== null && Date.parse(lastSeenAt) >= startedAt;
}

// While a program starts, nobody answers yet; anything else is a failure.
function isNotYet(thrown: unknown): false {
  if (thrown instanceof VsError && (thrown.code === "unavailable" || thrown.code === "timed_out")) return false;
  throw thrown;
}
