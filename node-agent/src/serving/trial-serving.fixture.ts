// For tests: nodes that serve from real stores, and see each other's stores as peers.
import { once } from "node:events";
import { request } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import { Registry } from "prom-client";
import { systemClock } from "@vstream/core/clock.ts";
import type { Clock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import { newId } from "@vstream/core/ids.ts";
import type { NodeId, Sha256 } from "@vstream/core/ids.ts";
import { objectsOf } from "@vstream/core/media.ts";
import type { Load, Manifest, NodeAddress } from "@vstream/core/media.ts";
import { sampleNames, sampleObject } from "../packaging/sample-manifest.fixture.ts";
import type { Peers } from "../replicate/peers.ts";
import type { Store } from "../store/store.ts";
import { openTrialStore, quietLog, trialFolder } from "../store/trial-store.fixture.ts";
import { openServing } from "./serving.ts";
import type { Serving, ServingDeps } from "./serving.ts";

export interface TrialNode extends AsyncDisposable {
  readonly nodeId: NodeId;
  readonly store: Store;
  readonly serving: Serving;
  readonly url: string;
  readonly folder: string;
  readonly corrupt: readonly Sha256[];
}

/** What the nodes of one trial know of each other. */
export class TrialCluster {
  readonly stores = new Map<NodeId, Store>();
  /** Nodes that answer no peer. */
  readonly silent = new Set<NodeId>();
  /** What nodes say of their load; those that are not here say that they are idle. */
  readonly loads = new Map<NodeId, Partial<Load>>();
  /** Nodes that were told that they gave wrong bytes, and of what. */
  readonly told: { readonly holder: NodeId; readonly sha256: Sha256 }[] = [];
  directory: readonly NodeAddress[] = [];

  get peers(): Pick<Peers, "directory" | "getManifest" | "openObject" | "getStatus" | "tellDamage"> {
    const storeOf = (holder: NodeId): Store => {
      const store = this.silent.has(holder) ? undefined : this.stores.get(holder);
      if (store === undefined) throw new VsError("peer_failed", `node ${holder} does not answer`);
      return store;
    };
    const directoryNow = (): readonly NodeAddress[] => this.directory;
    return {
      get directory() {
        return directoryNow();
      },
      getManifest: async (holder, assetId) => await Promise.resolve(storeOf(holder).getManifest(assetId)),
      getStatus: async (nodeId) => {
        storeOf(nodeId);
        return await Promise.resolve({ ready: true, load: { ...idleLoad, ...this.loads.get(nodeId) } });
      },
      openObject: async (holder, object, fromByte) => {
        return oneByOne(await storeOf(holder).read(object.sha256, { start: fromByte, end: object.bytes }));
      },
      tellDamage: async (holder, sha256) => {
        await Promise.resolve(this.told.push({ holder, sha256 }));
      },
    };
  }
}

async function* oneByOne(...parts: readonly Buffer[]): AsyncGenerator<Buffer> {
  await Promise.resolve();
  yield* parts;
}

export const idleLoad: Load = {
  ...{ usedBytes: 0, capacityBytes: 2 ** 30, tasksRunning: 0, viewers: 0, egressBps: 0, connections: 0 },
  ...{ processor: 0, disk: 0, egressLimitBps: 0, viewersQuietMs: 0 },
};

/** A node of the directory that is up and wanted. */
export function trialAddress(nodeId: NodeId, changes: Partial<NodeAddress> = {}): NodeAddress {
  const known = { nodeId, name: "node-1", region: "eu", zone: "", playbackUrl: "", peerUrl: "" };
  return { ...known, serving: true, health: "up", scheduling: "active", ...changes };
}

export async function openTrialNode(cluster: TrialCluster, changes: Partial<ServingDeps> = {}): Promise<TrialNode> {
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(await trialFolder());
  const store = changes.store ?? opened.use(await openTrialStore(folder.path));
  const nodeId = changes.nodeId ?? newId("node", Date.now());
  const corrupt: Sha256[] = [];
  const serving = opened.use(
    await openServing({
      nodeId,
      name: "node-1",
      region: "eu",
      listen: { host: "127.0.0.1", port: 0 },
      store,
      peers: cluster.peers,
      isHome: () => null,
      isControlHeard: () => true,
      egressLimitBps: 0,
      machineLoad: () => ({ processor: 0 }),
      askControl: () => Promise.reject(new VsError("unavailable", "the control plane is down")),
      getTicketKey: () => null,
      reportUpload: () => Promise.resolve(true),
      onCorrupt: (sha256) => corrupt.push(sha256),
      readiness: () => ({ ready: true, reason: "" }),
      registry: new Registry(),
      playerFolder: folder.path,
      clock: systemClock,
      log: quietLog,
      ...changes,
    }),
  );
  cluster.stores.set(nodeId, store);
  const url = `http://127.0.0.1:${String(serving.address.port)}`;
  const address = trialAddress(nodeId, { playbackUrl: url, region: changes.region ?? "eu" });
  cluster.directory = [...cluster.directory, address];
  const closing = opened.move();
  const dispose = (): Promise<void> => closing.disposeAsync();
  return { nodeId, store, serving, url, folder: folder.path, corrupt, [Symbol.asyncDispose]: dispose };
}

/** Puts a sample manifest and all that it names into a store. */
export async function fillStore(store: Store, manifest: Manifest): Promise<void> {
  for (const name of sampleNames(manifest)) await store.putBytes(Buffer.from(name));
  for (const piece of manifest.pieces) await store.recordPiece(manifest.assetId, piece);
  await store.keepManifest(manifest);
}

/** The first object of the manifest that is no init segment, with its bytes. */
export function firstSegment(manifest: Manifest): { sha256: Sha256; bytes: Buffer } {
  const piece = manifest.pieces[0];
  const object = piece === undefined ? undefined : objectsOf(piece.content)[1];
  const name = sampleNames(manifest).find((candidate) => sampleObject(candidate).sha256 === object?.sha256);
  if (object === undefined || name === undefined) throw new Error("the sample has no segment");
  return { sha256: object.sha256, bytes: Buffer.from(name) };
}

export interface Fetched {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface FetchOptions {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: Buffer | string;
}

/** A request whose path goes out exactly as it is given; nothing is decoded, followed or retried. */
export async function fetchRaw(url: string, path: string, options: FetchOptions = {}): Promise<Fetched> {
  const { hostname, port } = new URL(url);
  const asked = request({ host: hostname, port, path, method: options.method ?? "GET", agent: false });
  for (const [name, value] of Object.entries(options.headers ?? {})) asked.setHeader(name, value);
  asked.end(options.body);
  const [response] = (await once(asked, "response")) as [
    NodeJS.ReadableStream & { statusCode?: number; headers: IncomingHttpHeaders },
  ];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(Buffer.from(chunk));
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) };
}

/** The code of an error answer. */
export function codeOf(answer: Fetched): unknown {
  const content = JSON.parse(answer.body.toString()) as { error?: { code?: unknown } };
  return content.error?.code;
}

/** A clock whose monotonic time moves only when told; what sleeps on it sleeps until its signal. */
export class HeldClock implements Clock {
  nowMs = 1_000_000;

  now(): number {
    return this.nowMs;
  }

  monotonicMs(): number {
    return this.nowMs;
  }

  async sleep(_ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted !== true) await new Promise((resolve) => signal?.addEventListener("abort", resolve));
    signal?.throwIfAborted();
  }
}
