// Where other agents read from this one: HTTPS, and only for callers whose certificate is of this cluster and names
// a node that the directory knows. Gives objects, manifests and how the node is; takes only word of wrong bytes.
import { createServer } from "node:https";
import type { Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { Clock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import type { Sha256 } from "@vstream/core/ids.ts";
import type { Logger } from "@vstream/core/log.ts";
import type { NodeIdentity } from "../identity/node-identity.ts";
import type { Store } from "../store/store.ts";
import { answerPeer } from "./answer-peer.ts";
import { DamageNotices } from "./damage-notices.ts";
import type { PeerStatus, Peers } from "./peers.ts";
import { ReadBeforeGiving } from "./read-before-giving.ts";

const listenerLimits = {
  headerBytes: 8 * 1024,
  headerCount: 32,
  handshakeMs: 5_000,
  headersMs: 5_000,
  /** A connection on which nothing moves, slow readers too. */
  idleMs: 30_000,
  /** A thousand nodes may ask how this one is, each on a connection of its own, and some of them copy. */
  connections: 2048,
  /** How long running answers have when the listener closes. */
  stopMs: 5_000,
} as const;

// A connection that is kept alive turns idle only after its answer.
const closeStepMs = 50;

export interface PeerListenerDeps {
  readonly store: Pick<Store, "sizeOf" | "read" | "getManifest" | "pathOf">;
  readonly peers: Pick<Peers, "directory">;
  readonly identity: NodeIdentity;
  /** How this node is, for others that ask. */
  readonly status: () => PeerStatus;
  /** An object on this node's disk may be wrong: it is to be read again. */
  readonly onDamage: (sha256: Sha256) => void;
  readonly listen: { readonly host: string; readonly port: number };
  readonly log: Logger;
  readonly clock: Clock;
}

export interface PeerListener extends AsyncDisposable {
  readonly address: AddressInfo;
}

/** The node must have joined. @throws VsError port_taken, invalid_config when the address is not of this machine */
export async function openPeerListener(deps: PeerListenerDeps): Promise<PeerListener> {
  const server = createServer({
    ...secureContext(deps.identity),
    requestCert: true,
    rejectUnauthorized: true,
    maxHeaderSize: listenerLimits.headerBytes,
    handshakeTimeout: listenerLimits.handshakeMs,
    headersTimeout: listenerLimits.headersMs,
    requestTimeout: listenerLimits.headersMs,
    keepAliveTimeout: listenerLimits.idleMs,
    connectionsCheckingInterval: 2_000,
    noDelay: true,
  });
  server.maxHeadersCount = listenerLimits.headerCount;
  server.maxConnections = listenerLimits.connections;
  server.setTimeout(listenerLimits.idleMs);
  const answering = { ...deps, notices: new DamageNotices(deps.clock), readBefore: new ReadBeforeGiving(deps) };
  server.on("request", (request, response) => void answerPeer(answering, request, response));
  server.on("tlsClientError", (err) => {
    deps.log.debug({ reason: err.message }, "peer connection refused");
  });
  const stopListening = deps.identity.onChange(() => {
    server.setSecureContext(secureContext(deps.identity));
  });
  await listening(server, deps.listen);
  return {
    address: server.address() as AddressInfo,
    async [Symbol.asyncDispose]() {
      stopListening();
      await close(server, deps.clock);
    },
  };
}

function secureContext(identity: NodeIdentity) {
  const { keyPem, certificatePem, authorityPem } = identity.credentials();
  return { key: keyPem, cert: certificatePem, ca: authorityPem, minVersion: "TLSv1.2" } as const;
}

async function listening(server: Server, listen: { host: string; port: number }): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const code = cause.code === "EADDRINUSE" || cause.code === "EACCES" ? "port_taken" : "invalid_config";
      const where = `${listen.host}:${String(listen.port)}`;
      const hint = "Set peerListen to an address of this machine and a port that is free";
      reject(new VsError(code, `cannot listen on ${where}: ${cause.message}`, { hint, cause }));
    });
    server.listen(listen, resolve);
  });
}

// Idle connections go at once, busy ones when their answer ends or the limit comes.
async function close(server: Server, clock: Clock): Promise<void> {
  const closed = new Promise<true>((resolve) => {
    server.close(() => {
      resolve(true);
    });
  });
  const untilMs = clock.monotonicMs() + listenerLimits.stopMs;
  while (!(await Promise.race([closed, clock.sleep(closeStepMs).then(() => false)]))) {
    if (clock.monotonicMs() < untilMs) server.closeIdleConnections();
    else server.closeAllConnections();
  }
}
