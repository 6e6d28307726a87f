// How this agent reads from others: HTTPS with certificates on both sides, connections kept, every one of them to a
// node that its certificate names. Nothing that comes back is believed here; whoever uses it checks its hash.
import type { IncomingMessage } from "node:http";
import type { Clock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import type { AssetId, NodeId, Sha256 } from "@vstream/core/ids.ts";
import type { Logger } from "@vstream/core/log.ts";
import type { Manifest, NodeAddress, ObjectRef } from "@vstream/core/media.ts";
import type { NodeIdentity } from "../identity/node-identity.ts";
import { manifestShape } from "../store/stored-shapes.ts";
import { nodeIn } from "./directory-index.ts";
import { rangeHeader, requireRange, letGo, unexpected, wholeBody } from "./object-answer.ts";
import { PeerConnections } from "./peer-connections.ts";
import type { ConnectionUse } from "./peer-connections.ts";
import { askPeer, bodyOf, peerFailed } from "./peer-request.ts";
import { peerAnswerShape, statusLimitBytes } from "./peer-status.ts";
import type { PeerAnswer, Peers } from "./peers.ts";
import { limitTime } from "./time-limit.ts";
import type { TimeLimit } from "./time-limit.ts";

/** A manifest of a two-hour film at five rungs is below 4 MiB of JSON. */
const manifestLimitBytes = 64 * 1024 * 1024;
/** What may be asked for into memory. */
const rangeLimitBytes = 128 * 1024 * 1024;
/** For a status or a notice from the question to the end of its answer, and for a manifest. */
const shortAnswerMs = 3_000;
const manifestLimitMs = 30_000;

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
  readonly #connections: PeerConnections;
  #directory: readonly NodeAddress[] = [];

  constructor(deps: PeerClientDeps) {
    this.#deps = deps;
    this.#connections = new PeerConnections(deps.identity);
  }

  get directory(): readonly NodeAddress[] {
    return this.#directory;
  }

  setDirectory(nodes: readonly NodeAddress[]): void {
    this.#directory = [...nodes];
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
    using limit = this.#limit(holder, manifestLimitMs, signal);
    const asked = { holder, use: "messages", signal: limit.signal } as const;
    const answer = await this.#ask({ ...asked, path: `/manifests/${assetId}`, headers: {} });
    if (answer.statusCode === 404) {
      answer.resume();
      return null;
    }
    if (answer.statusCode !== 200) throw unexpected(answer, holder);
    const text = await wholeBody(answer, { ...asked, limitBytes: manifestLimitBytes });
    const manifest = manifestShape.safeParse(parsed(text));
    if (!manifest.success || manifest.data.assetId !== assetId) {
      throw peerFailed(holder, new Error("its manifest makes no sense"));
    }
    return manifest.data;
  }

  async getStatus(nodeId: NodeId, signal: AbortSignal): Promise<PeerAnswer> {
    using limit = this.#limit(nodeId, shortAnswerMs, signal);
    const asked = { holder: nodeId, use: "status", signal: limit.signal } as const;
    const answer = await this.#ask({ ...asked, path: "/status", headers: {} });
    if (answer.statusCode !== 200) {
      letGo(answer);
      return { ready: true, load: null };
    }
    return peerAnswerShape.parse(parsed(await wholeBody(answer, { ...asked, limitBytes: statusLimitBytes })));
  }

  async tellDamage(holder: NodeId, sha256: Sha256, signal: AbortSignal): Promise<void> {
    using limit = this.#limit(holder, shortAnswerMs, signal);
    const asked = { holder, use: "messages", path: `/damage/${sha256}`, headers: {}, signal: limit.signal } as const;
    const answer = await this.#ask({ ...asked, method: "POST" });
    if (answer.statusCode !== 202) throw unexpected(answer, holder);
    answer.resume();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#connections[Symbol.dispose]();
    return Promise.resolve();
  }

  async #ask(asked: {
    holder: NodeId;
    path: string;
    use?: ConnectionUse;
    method?: "POST";
    headers: Record<string, string>;
    signal: AbortSignal;
  }): Promise<IncomingMessage> {
    const peerUrl = nodeIn(this.#directory, asked.holder)?.peerUrl ?? "";
    if (!URL.canParse(peerUrl) || new URL(peerUrl).protocol !== "https:") {
      throw peerFailed(asked.holder, new Error("the directory names no https address of it"));
    }
    const agent = this.#connections.agentFor(asked.use ?? "objects");
    return await askPeer({ ...asked, peerUrl, agent, clock: this.#deps.clock });
  }

  #limit(holder: NodeId, ms: number, signal: AbortSignal): TimeLimit {
    const late = (): VsError => peerFailed(holder, new Error(`its answer was not there within ${ms / 1000} s`));
    return limitTime({ clock: this.#deps.clock, ms, signal }, late);
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
