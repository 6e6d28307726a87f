// Kept connections to other agents, always on this node's newest certificate.
import { Agent } from "node:https";
import { createSecureContext } from "node:tls";
import type { NodeIdentity } from "../identity/node-identity.ts";

/** For each node: what is read at once, and what is kept for later: a copy's objects side by side, and some more. */
const connectionsPerNode = 16;
const idleConnectionsPerNode = 12;
const idleConnectionMs = 20_000;

export class PeerConnections implements Disposable {
  readonly #identity: NodeIdentity;
  readonly #stopListening: () => void;
  #agent: Agent;
  #olderAgent: Agent | null = null;

  constructor(identity: NodeIdentity) {
    this.#identity = identity;
    this.#agent = this.#newAgent();
    this.#stopListening = identity.onChange(() => {
      // What runs on the older certificate may end; idle connections of it go by themselves.
      this.#olderAgent?.destroy();
      this.#olderAgent = this.#agent;
      this.#agent = this.#newAgent();
    });
  }

  get agent(): Agent {
    return this.#agent;
  }

  [Symbol.dispose](): void {
    this.#stopListening();
    this.#agent.destroy();
    this.#olderAgent?.destroy();
  }

  #newAgent(): Agent {
    const { keyPem, certificatePem, authorityPem } = this.#identity.credentials();
    return new Agent({
      // Read once, not for each connection.
      secureContext: createSecureContext({
        key: keyPem,
        cert: certificatePem,
        ca: authorityPem,
        minVersion: "TLSv1.2",
      }),
      rejectUnauthorized: true,
      keepAlive: true,
      maxSockets: connectionsPerNode,
      maxFreeSockets: idleConnectionsPerNode,
      timeout: idleConnectionMs,
      // A resumed session would skip the look at the other side's certificate.
      maxCachedSessions: 0,
    });
  }
}
