// How this agent reads from others: HTTPS with certificates on both sides, connections kept, every one of them to a
// node that its certificate names. Nothing that comes back is believed here; whoever uses it checks its hash.
import { Agent } from "node:https";
import type { IncomingMessage } from "node:http";
import type { Clock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
import type { Logger } from "@vstream/core/log.ts";
import type { Manifest, NodeAddress, ObjectRef } from "@vstream/core/media.ts";
import type { NodeIdentity } from "../identity/node-identity.ts";
import { manifestShape } from "../store/stored-shapes.ts";
import { rangeHeader, requireRange, unexpected, wholeBody } from "./object-answer.ts";
import { askPeer, bodyOf, peerFailed } from "./peer-request.ts";
import type { Peers } from "./peers.ts";

/** For each node: what is read at once, and what is kept for later. */
const connectionsPerNode = 16;
const idleConnectionsPerNode = 4;
const idleConnectionMs = 20_000;
/** A manifest of a two-hour film at five rungs is below 4 MiB of JSON. */
const manifestLimitBytes = 32 * 1024 * 1024;
/** What may be asked for into memory. */
const rangeLimitBytes = 128 * 1024 * 1024;

export interface PeerClientDeps {
  readonly identity: NodeIdentity;
  readonly log: Logger;
  readonly clock: Clock;
}

/** Peers that are reached by HTTPS. The node must have joined. */
export function openPeers(deps: PeerClientDeps): Peers & AsyncDisposable {
  return new HttpsPeers(deps);
}

class HttpsPeers implements Peers, AsyncDisposable {
  readonly #deps: PeerClientDeps;
  readonly #stopListening: () => void;
  #agent: Agent;
  #olderAgent: Agent | null = null;
  #directory = new Map<NodeId, NodeAddress>();

  constructor(deps: PeerClientDeps) {
    this.#deps = deps;
    this.#agent = this.#newAgent();
    this.#stopListening = deps.identity.onChange(() => {
      // What runs on the older certificate may end; idle connections of it go by themselves.
      this.#olderAgent?.destroy();
      this.#olderAgent = this.#agent;
      this.#agent = this.#newAgent();
    });
  }

  get directory(): readonly NodeAddress[] {
    return [...this.#directory.values()];
  }

  setDirectory(nodes: readonly NodeAddress[]): void {
    this.#directory = new Map(nodes.map((node) => [node.nodeId, node]));
    this.#deps.log.debug({ nodes: nodes.length }, "directory replaced");
  }

  async openObject(
    holder: NodeId,
    object: ObjectRef,
    fromByte: number,
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>> {
    if (fromByte === object.bytes && fromByte > 0) return empty();
    const range = { start: fromByte, end: object.bytes };
    const answer = await this.#ask({ holder, path: pathOf(object), headers: rangeHeader(range, object), signal });
    requireRange(answer, { holder, object, range });
    return bodyOf(answer, { holder, signal });
  }

  async readRange(
    holder: NodeId,
    object: ObjectRef,
    range: { start: number; end: number },
    signal: AbortSignal,
  ): Promise<Buffer> {
    const bytes = range.end - range.start;
    if (range.start < 0 || bytes < 0 || range.end > object.bytes || bytes > rangeLimitBytes) {
      throw new VsError("invalid_argument", `no bytes ${range.start} to ${range.end} can be asked of ${object.sha256}`);
    }
    if (bytes === 0) return Buffer.alloc(0);
    const answer = await this.#ask({ holder, path: pathOf(object), headers: rangeHeader(range, object), signal });
    requireRange(answer, { holder, object, range });
    return await wholeBody(answer, { holder, signal, limitBytes: bytes });
  }

  async getManifest(holder: NodeId, assetId: AssetId, signal: AbortSignal): Promise<Manifest | null> {
    const answer = await this.#ask({ holder, path: `/manifests/${assetId}`, headers: {}, signal });
    if (answer.statusCode === 404) {
      answer.resume();
      return null;
    }
    if (answer.statusCode !== 200) throw unexpected(answer, holder);
    const text = await wholeBody(answer, { holder, signal, limitBytes: manifestLimitBytes });
    const manifest = manifestShape.safeParse(parsed(text));
    if (!manifest.success || manifest.data.assetId !== assetId) {
      throw peerFailed(holder, new Error("its manifest makes no sense"));
    }
    return manifest.data;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#stopListening();
    this.#agent.destroy();
    this.#olderAgent?.destroy();
    return Promise.resolve();
  }

  async #ask(asked: {
    holder: NodeId;
    path: string;
    headers: Record<string, string>;
    signal: AbortSignal;
  }): Promise<IncomingMessage> {
    const peerUrl = this.#directory.get(asked.holder)?.peerUrl ?? "";
    if (!URL.canParse(peerUrl) || new URL(peerUrl).protocol !== "https:") {
      throw peerFailed(asked.holder, new Error("the directory names no https address of it"));
    }
    return await askPeer({ ...asked, peerUrl, agent: this.#agent, clock: this.#deps.clock });
  }

  #newAgent(): Agent {
    const { keyPem, certificatePem, authorityPem } = this.#deps.identity.credentials();
    return new Agent({
      key: keyPem,
      cert: certificatePem,
      ca: authorityPem,
      rejectUnauthorized: true,
      minVersion: "TLSv1.2",
      keepAlive: true,
      maxSockets: connectionsPerNode,
      maxFreeSockets: idleConnectionsPerNode,
      timeout: idleConnectionMs,
      // A resumed session would skip the look at the other side's certificate.
      maxCachedSessions: 0,
    });
  }
}

function pathOf(object: ObjectRef): string {
  return `/objects/${object.sha256}`;
}

function parsed(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString("utf8"));
  } catch {
    return undefined;
  }
}

async function* empty(): AsyncGenerator<Uint8Array> {
  // The bytes are all there already.
}
