// A program for tests: the playback side of one agent over a store folder, in a process of its own that can be killed.
// Its parent gives what it needs in the arguments, and by message the directory once all are up, and manifests.
import { Registry } from "prom-client";
import { systemClock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import { openLog } from "@vstream/core/log.ts";
import type { Load, Manifest, NodeAddress } from "@vstream/core/media.ts";
import { openServing } from "../../node-agent/src/serving/serving.ts";
import { openStore } from "../../node-agent/src/store/segment-store.ts";

const [dataDir = "", nodeId = "", name = "", playerFolder = "", port = "0"] = process.argv.slice(2);
const { log } = openLog({ program: "serving-node", level: "silent" });
const clock = systemClock;
let directory: readonly NodeAddress[] = [];
const store = await openStore({ dataDir, capacityBytes: 2 ** 30, log, clock });

const idle: Load = {
  ...{ usedBytes: 0, capacityBytes: 2 ** 30, tasksRunning: 0, viewers: 0, egressBps: 0, connections: 0 },
  ...{ processor: 0, disk: 0, egressLimitBps: 0, viewersQuietMs: 0 },
};

const serving = await openServing({
  nodeId: nodeId as NodeId,
  name,
  region: "eu",
  listen: { host: "127.0.0.1", port: Number(port) },
  store,
  peers: {
    get directory() {
      return directory;
    },
    getManifest: () => Promise.reject(new VsError("peer_failed", "no peers here")),
    openObject: () => Promise.reject(new VsError("peer_failed", "no peers here")),
    tellDamage: () => Promise.reject(new VsError("peer_failed", "no peers here")),
    getStatus: async (asked, signal) => {
      const peer = directory.find((entry) => entry.nodeId === asked);
      const { status } = await fetch(`${peer?.playbackUrl ?? ""}/readyz`, { signal });
      return { ready: status === 200, load: idle };
    },
  },
  isHome: () => null,
  isControlHeard: () => true,
  egressLimitBps: 0,
  machineLoad: () => ({ processor: 0 }),
  askControl: () => Promise.reject(new VsError("unavailable", "no control plane here")),
  getTicketKey: () => null,
  reportUpload: () => Promise.resolve(true),
  onCorrupt: () => undefined,
  readiness: () => ({ ready: true, reason: "" }),
  registry: new Registry(),
  playerFolder,
  clock,
  log,
});

/** What the parent says; answered when it has been done. */
export interface NodeMessage {
  readonly directory?: readonly NodeAddress[];
  readonly manifest?: Manifest;
}

process.on("message", (message: NodeMessage) => {
  directory = message.directory ?? directory;
  const kept = message.manifest === undefined ? Promise.resolve() : store.keepManifest(message.manifest);
  void kept.then(() => process.send?.("done"));
});
process.on("disconnect", () => process.exit());
process.send?.(`http://127.0.0.1:${String(serving.address.port)}`);
