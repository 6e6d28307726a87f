// What is going on in the cluster, as plain lines on the terminal: what happens as it happens, and how nodes, copies
// and viewers are whenever that has changed.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { builtProgram } from "../test/cluster/repository.ts";
import type { Cluster } from "../test/cluster/cluster.ts";
import { showAsset } from "../test/cluster/asset-checks.ts";
import type { Crowd } from "../test/cluster/crowd.ts";
import { noticedBy } from "../test/cluster/crowd.ts";

const lookMs = 2_000;

interface NodesJson {
  readonly items: readonly { id: string; name: string; health: string; scheduling: string; viewers: number }[];
}

interface EventJson {
  /** None in what vsctl says when it ends. */
  readonly kind?: string;
  readonly message: string;
}

export interface Shown {
  readonly cluster: Cluster;
  readonly assetId: string;
  readonly crowd: Crowd;
}

/** Shows until it is disposed of. */
export function openScreen(shown: Shown): Disposable {
  const closed = new AbortController();
  const events = followEvents(shown.cluster);
  void showChanges(shown, closed.signal);
  return {
    [Symbol.dispose]() {
      closed.abort();
      events.kill();
    },
  };
}

/** A line of its own kind: what the show does, or what it found. */
export function tell(mark: string, text: string): void {
  process.stdout.write(`${new Date().toISOString().slice(11, 19)}  ${mark.padEnd(7)} ${text}\n`);
}

function followEvents(cluster: Cluster): ReturnType<typeof spawn> {
  const args = [builtProgram("vsctl"), "events", "--follow", "--since", new Date().toISOString(), "--json"];
  const env = { ...process.env, VSCTL_CONFIG: cluster.state.config };
  // What it says when the control plane is gone, the next line of nodes says too.
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"], env });
  createInterface({ input: child.stdout }).on("line", (line) => {
    const { kind, message } = JSON.parse(line) as EventJson;
    if (kind !== undefined) tell("event", `${kind}: ${message}`);
  });
  return child;
}

async function showChanges(shown: Shown, signal: AbortSignal): Promise<void> {
  let last = "";
  while (!signal.aborted) {
    // Without a control plane nobody knows of nodes and copies; the viewers do not need it.
    const known = await knownOf(shown).catch(() => ["the control plane does not answer"]);
    const lines = [...known, viewersOf(shown.crowd)];
    if (lines.join("\n") !== last && !isOver(signal)) for (const line of lines) tell("state", line);
    last = lines.join("\n");
    await new Promise((wake) => setTimeout(wake, lookMs));
  }
}

async function knownOf({ cluster, assetId }: Shown): Promise<string[]> {
  const { items } = await cluster.json<NodesJson>("nodes", "list");
  const { replicas, degraded } = await showAsset(cluster, assetId);
  const nodes = items.map(({ name, health, scheduling }) => {
    return `${name} ${health === "up" ? health : health.toUpperCase()}${scheduling === "active" ? "" : ` ${scheduling}`}`;
  });
  const nameOf = new Map(items.map(({ id, name }) => [id, name]));
  const copies = replicas.map(({ nodeId, state }) => `${nameOf.get(nodeId) ?? nodeId} ${state}`);
  const lacking = degraded === null ? "" : `; ${degraded.have} of ${degraded.wanted} copies`;
  return [`nodes: ${nodes.join(" · ")}`, `copies: ${copies.join(" · ")}${lacking}`];
}

function viewersOf(crowd: Crowd): string {
  const { stalls, longestStallMs, failed, wrongBytes } = noticedBy(crowd.reports);
  const waited = stalls === 0 ? "no stall" : `${stalls} stalls, the longest ${longestStallMs} ms`;
  const homes = [...new Set(crowd.reports.map(({ home }) => home))].sort();
  return (
    `viewers: ${crowd.reports.length} at ${homes.join(", ")}: ` +
    `${waited}, ${failed} failed playbacks, ${wrongBytes} wrong bytes`
  );
}

// A signal changes while something is awaited.
function isOver(signal: AbortSignal): boolean {
  return signal.aborted;
}
