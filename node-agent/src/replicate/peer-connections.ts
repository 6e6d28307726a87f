// Kept connections to other agents, always on this node's newest certificate. What is short has connections of its own,
// so that a node from which much is copied is still heard.
import { Agent } from "node:https";
import { createSecureContext } from "node:tls";
import { nodeIdOfNames } from "../identity/check-certificate.ts";
import type { NodeIdentity } from "../identity/node-identity.ts";

/**
 * For each node: what is open at once, and what is kept for later. Objects: those of a few copies side by side, and what viewers want.
 * Messages: manifests and word of wrong bytes. Status: nothing may stand before it.
 */
const connectionsPerNode = {
  objects: { maxSockets: 32, maxFreeSockets: 12 },
  messages: { maxSockets: 2, maxFreeSockets: 1 },
  status: { maxSockets: 1, maxFreeSockets: 1 },
} as const;
const idleConnectionMs = 20_000;

export type ConnectionUse = keyof typeof connectionsPerNode;

type Agents = Readonly<Record<ConnectionUse, Agent>>;

export class PeerConnections implements Disposable {
  readonly #identity: NodeIdentity;
  readonly #stopListening: () => void;
  #agents: Agents;
  #olderAgents: Agents | null = null;

  constructor(identity: NodeIdentity) {
    this.#identity = identity;
    this.#agents = this.#newAgents();
    this.#stopListening = identity.onChange(() => {
      // What runs on the older certificate may end; idle connections of it go by themselves.
      destroy(this.#olderAgents);
      this.#olderAgents = this.#agents;
      this.#agents = this.#newAgents();
    });
  }

  agentFor(use: ConnectionUse): Agent {
    return this.#agents[use];
  }

  [Symbol.dispose](): void {
    this.#stopListening();
    destroy(this.#agents);
    destroy(this.#olderAgents);
  }

  #newAgents(): Agents {
    const { keyPem, certificatePem, authorityPem } = this.#identity.credentials();
    // Read once, not for each connection.
    const secureContext = createSecureContext({
      key: keyPem,
      cert: certificatePem,
      ca: authorityPem,
      minVersion: "TLSv1.2",
    });
    const newAgent = (use: ConnectionUse): Agent =>
      new Agent({
        secureContext,
        rejectUnauthorized: true,
        checkServerIdentity: (holder, { subjectaltname }) => refusal(holder, subjectaltname ?? ""),
        keepAlive: true,
        ...connectionsPerNode[use],
        timeout: idleConnectionMs,
        // A resumed session would skip the look at the other side's certificate.
        maxCachedSessions: 0,
      });
    return { objects: newAgent("objects"), messages: newAgent("messages"), status: newAgent("status") };
  }
}

// That the chain leads to the cluster's CA has been checked when this is called. @param holder the name asked for
function refusal(holder: string, names: string): Error | undefined {
  if (nodeIdOfNames(names) === holder) return undefined;
  return new Error("its certificate names another node");
}

function destroy(agents: Agents | null): void {
  if (agents !== null) for (const agent of Object.values(agents)) agent.destroy();
}
