// Who this node is: a key that never leaves it, and the cluster's certificate for that key. Both survive restarts;
// a certificate that does not belong to the key, the node or the cluster is never taken.
import { join } from "node:path";
import type { Clock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import { checkCertificate, validityOf } from "./check-certificate.ts";
import { IdentityFiles, damaged } from "./identity-files.ts";
import type { Membership } from "./identity-files.ts";
import { makeKeyPem, makeRequest } from "./node-key.ts";

/** All that a TLS connection needs; PEM. */
export interface Credentials {
  readonly keyPem: string;
  readonly certificatePem: string;
  readonly authorityPem: string;
}

export interface NodeIdentity {
  /** Null until the node has joined a cluster. */
  readonly membership: Membership | null;
  readonly nodeId: NodeId | null;
  readonly keyPem: string;
  /** Milliseconds since the epoch; null until joined. */
  readonly expiresAt: number | null;
  /** When a new certificate should be asked for. */
  readonly halfLifeAt: number | null;
  /** As they are now. @throws VsError unauthenticated before the node has joined */
  credentials(): Credentials;
  /** A signed request for a certificate of the node's key: PKCS #10, DER. */
  makeRequest(): Promise<Uint8Array>;
  /**
   * Takes a certificate, durably, and tells the listeners.
   * @throws VsError wrong_cluster when it is not for this key or node, not by that authority, or not valid now
   */
  install(given: Membership): Promise<void>;
  /** Calls the listener after each new certificate, until the returned function is called. */
  onChange(listener: () => void): () => void;
}

/**
 * Reads the node's identity from its data folder; makes the key at the first start.
 * @throws VsError data_folder_unusable when what is there is damaged, storage_full, disk_failed
 */
export async function openIdentity(deps: { dataDir: string; clock: Clock }): Promise<NodeIdentity> {
  const files = new IdentityFiles(join(deps.dataDir, "identity"));
  await files.makeFolder();
  const membership = await files.readMembership();
  const keyPem = await files.readKey();
  if (keyPem === null && membership !== null) throw damaged("the node has a certificate and no key");
  const identity = new StoredIdentity({ files, clock: deps.clock, keyPem: keyPem ?? makeKeyPem() });
  if (keyPem === null) await files.writeKey(identity.keyPem);
  if (membership !== null) identity.resume(membership);
  return identity;
}

class StoredIdentity implements NodeIdentity {
  readonly keyPem: string;
  readonly #files: IdentityFiles;
  readonly #clock: Clock;
  readonly #listeners = new Set<() => void>();
  #membership: Membership | null = null;

  constructor(deps: { files: IdentityFiles; clock: Clock; keyPem: string }) {
    this.#files = deps.files;
    this.#clock = deps.clock;
    this.keyPem = deps.keyPem;
  }

  get membership(): Membership | null {
    return this.#membership;
  }

  get nodeId(): NodeId | null {
    return this.#membership?.nodeId ?? null;
  }

  get expiresAt(): number | null {
    return this.#membership === null ? null : validityOf(this.#membership.certificatePem).to;
  }

  get halfLifeAt(): number | null {
    if (this.#membership === null) return null;
    const { from, to } = validityOf(this.#membership.certificatePem);
    return from + (to - from) / 2;
  }

  credentials(): Credentials {
    if (this.#membership === null) {
      throw new VsError("unauthenticated", "this node has not joined a cluster", {
        hint: "Give it a joinToken, made with: vsctl tokens create --for node",
      });
    }
    const { certificatePem, authorityPem } = this.#membership;
    return { keyPem: this.keyPem, certificatePem, authorityPem };
  }

  async makeRequest(): Promise<Uint8Array> {
    return await makeRequest(this.keyPem);
  }

  async install(given: Membership): Promise<void> {
    checkCertificate(given, this.keyPem, this.#clock.now());
    this.#requireSameCluster(given);
    const { nodeId, certificatePem, authorityPem } = given;
    const membership = { nodeId, certificatePem, authorityPem };
    await this.#files.writeMembership(membership);
    this.#membership = membership;
    for (const listener of this.#listeners) listener();
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Takes up what an earlier run has installed; it may have expired since. */
  resume(membership: Membership): void {
    try {
      checkCertificate(membership, this.keyPem, null);
    } catch (thrown) {
      throw damaged(thrown instanceof Error ? thrown.message : String(thrown));
    }
    this.#membership = membership;
  }

  // A node whose certificate has ended can only join anew, and is another node then.
  #requireSameCluster(given: Membership): void {
    const kept = this.#membership;
    if (kept === null) return;
    const hasEnded = validityOf(kept.certificatePem).to <= this.#clock.now();
    const isSameCluster = kept.authorityPem.trim() === given.authorityPem.trim();
    if (isSameCluster && (hasEnded || kept.nodeId === given.nodeId)) return;
    throw new VsError("wrong_cluster", `this node is ${kept.nodeId}${isSameCluster ? "" : " of another cluster"}`, {
      hint: "To make it a new node, start it with an empty data folder and a new token",
    });
  }
}
