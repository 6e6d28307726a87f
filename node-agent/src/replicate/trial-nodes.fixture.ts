// For tests: nodes of one cluster, each with a store, an identity, a listener and a client of its own.
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "@vstream/core/clock.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import type { NodeAddress, SourceRef } from "@vstream/core/media.ts";
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
}

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
  const listener = opened.use(
    await openPeerListener({ store, peers, identity, listen, log: quietLog, clock: systemClock }),
  );
  const fetcher = new PeerFetcher({ store, peers, log: quietLog });
  return {
    nodeId,
    identity,
    folder,
    store,
    peers,
    fetcher,
    listener,
    address: addressOf(nodeId, listener.address.port),
  };
}

export function addressOf(nodeId: NodeId, port: number): NodeAddress {
  const peerUrl = `https://127.0.0.1:${String(port)}`;
  return { nodeId, name: nodeId, region: "eu", playbackUrl: "", peerUrl, serving: true };
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
