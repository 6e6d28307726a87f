// Serving processes for tests: each the playback side of one agent, over a store in a folder of its own.
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { systemClock } from "@vstream/core/clock.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import { openLog } from "@vstream/core/log.ts";
import type { NodeAddress } from "@vstream/core/media.ts";
import { openStore } from "../../node-agent/src/store/segment-store.ts";
import type { Store } from "../../node-agent/src/store/store.ts";
import type { NodeMessage } from "./serving-node.ts";

export interface ServingNode {
  readonly nodeId: NodeId;
  readonly name: string;
  readonly url: string;
  readonly child: ChildProcess;
}

/** A node's store, to be filled before the node starts. */
export async function openNodeStore(folder: string, nodeId: NodeId): Promise<Store> {
  const { log } = openLog({ program: "test", level: "silent" });
  return await openStore({ dataDir: join(folder, nodeId), capacityBytes: 2 ** 30, log, clock: systemClock });
}

/** @param from the folder of the stores, which holds the built player too; port 0: any free one */
export async function startNode(from: {
  readonly folder: string;
  readonly nodeId: NodeId;
  readonly name: string;
  readonly port?: number;
}): Promise<ServingNode> {
  const { folder, nodeId, name, port = 0 } = from;
  const program = join(import.meta.dirname, "serving-node.ts");
  const child = fork(program, [join(folder, nodeId), nodeId, name, join(folder, "player"), String(port)]);
  const [url] = (await once(child, "message")) as [string];
  return { nodeId, name, url, child };
}

/** The nodes as the control plane would tell them: up and wanted, but for what is said of single ones. */
export function directoryOf(
  nodes: readonly ServingNode[],
  changes: Readonly<Record<NodeId, Partial<NodeAddress>>> = {},
): NodeAddress[] {
  return nodes.map(({ nodeId, name, url }) => ({
    ...{ nodeId, name, region: "eu", zone: "", playbackUrl: url, peerUrl: "" },
    ...{ serving: true, health: "up", scheduling: "active" },
    ...changes[nodeId],
  }));
}

/** Resolves when all nodes have done what was said. */
export async function tellNodes(nodes: readonly ServingNode[], message: NodeMessage): Promise<void> {
  for (const { child } of nodes) {
    child.send(message);
    await once(child, "message");
  }
}

export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}
