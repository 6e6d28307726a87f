// For tests: nodes of one cluster, each with a store, an identity, a listener and a client of its own.
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "@vstream/core/clock.ts";
import type { NodeId, Sha256 } from "@vstream/core/ids.ts";
import type { Load, NodeAddress, SourceRef } from "@vstream/core/media.ts";
import { TrialAuthority, joinedNode } from "../identity/authority.fixture.ts";
import type { NodeIdentity } from "../identity/node-identity.ts";
import type { Store } from "../store/store.ts";
import { openTrialStore, quietLog, trialFolder } from "../store/trial-store.fixture.ts";
import { PeerFetcher } from "./fetcher.ts";
import { openPeers } from "./peer-client.ts";
import { openPeerListener } from "./peer-listener.ts";
import type { PeerListener } from "./peer-listener.ts";
import type { Peers } from "./peers.ts";

export interface TrialNode {
  readonly nodeId: NodeId;
  readonly identity: NodeIdentity;
  readonly folder: string;
  readonly store: Store;
  readonly peers: Peers & AsyncDisposable;
  readonly fetcher: PeerFetcher;
  readonly listener: PeerListener;
  readonly address: NodeAddress;
  /** Objects that the node was told to look at, or found wrong by itself. */
  readonly damaged: readonly Sha256[];
  /** How its listener reads what it gives, when a test wants it to lie, to stall or to fail: its file stays right. */
  readonly faults: { read: Store["read"] | null };
}

export const trialLoad: Load = {
  usedBytes: 1,
  capacityBytes: 2,
  tasksRunning: 0,
  viewers: 3,
  egressBps: 4_000_000,
  connections: 5,
  processor: 0.5,
  disk: 0.25,
  egressLimitBps: 0,
  viewersQuietMs: 12.5,
};

export interface TrialCluster extends AsyncDisposable {
  readonly authority: TrialAuthority;
  readonly nodes: readonly TrialNode[];
}

/** Nodes that all know each other. */
export async function trialCluster(count: number): Promise<TrialCluster> {
  const authority = await TrialAuthority.make();
  await using opened = new AsyncDisposableStack();
  const nodes: TrialNode[] = [];
  for (let index = 0; index < count; index += 1) nodes.push(await openTrialNode(authority, opened));
  const directory = nodes.map((node) => node.address);
  for (const node of nodes) node.peers.setDirectory(directory);
  const kept = opened.move();
  return { authority, nodes, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

export async function openTrialNode(authority: TrialAuthority, opened: AsyncDisposableStack): Promise<TrialNode> {
  const { path: folder } = opened.use(await trialFolder());
  const { identity, nodeId } = opened.use(await joinedNode(authority));
  const store = opened.use(await openTrialStore(folder));
  const peers = opened.use(openPeers({ identity, log: quietLog, clock: systemClock }));
  const listen = { host: "127.0.0.1", port: 0 };
  const damaged: Sha256[] = [];
  const onDamage = (sha256: Sha256): void => {
    damaged.push(sha256);
  };
  const faults: TrialNode["faults"] = { read: null };
  const listener = opened.use(
    await openPeerListener({
      ...{ peers, identity, listen, log: quietLog, clock: systemClock },
      store: {
        sizeOf: (sha256) => store.sizeOf(sha256),
        pathOf: (sha256) => store.pathOf(sha256),
        getManifest: (assetId) => store.getManifest(assetId),
        read: (sha256, range) => (faults.read ?? store.read.bind(store))(sha256, range),
      },
      status: () => ({ ready: true, load: trialLoad }),
      onDamage,
    }),
  );
  const fetcher = new PeerFetcher({ store, peers, onDamage, log: quietLog });
  return {
    nodeId,
    identity,
    folder,
    store,
    peers,
    fetcher,
    listener,
    address: addressOf(nodeId, listener.address.port),
    damaged,
    faults,
  };
}

export function addressOf(nodeId: NodeId, port: number): NodeAddress {
  const peerUrl = `https://127.0.0.1:${String(port)}`;
  const serving = { serving: true, health: "up", scheduling: "active" } as const;
  return { nodeId, name: nodeId, region: "eu", zone: "", playbackUrl: "", peerUrl, ...serving };
}

/** Gives each of the nodes the same random source, and says what it is. */
export async function storedSource(
  nodes: readonly TrialNode[],
  sizeBytes: number,
): Promise<{ source: SourceRef; bytes: Buffer }> {
  const bytes = randomBytes(sizeBytes);
  const sources = await Promise.all(
    nodes.map(async ({ store }) => {
      const path = join(store.uploadFolder, "source");
      await writeFile(path, bytes);
      return await store.adoptSource(path);
    }),
  );
  const [source] = sources;
  if (source === undefined) throw new Error("no node is to hold the source");
  return { source, bytes };
}
