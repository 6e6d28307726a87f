// How the agent reads from other agents. Implemented by peer-client.ts over mutual TLS; every byte is checked by
// hash before anybody uses it.
import type { AssetId, NodeId, Sha256 } from "@vstream/core/ids.ts";
import type { Load, Manifest, NodeAddress, ObjectRef } from "@vstream/core/media.ts";

/** What a node says of itself to other nodes, control plane or not. */
export interface PeerStatus {
  /** It serves viewers: started, not stopping. */
  readonly ready: boolean;
  readonly load: Load;
}

/** What is learnt of a node by asking it how it is. */
export interface PeerAnswer {
  /** False only when it says so. */
  readonly ready: boolean;
  /** Null: it does not say, or nothing that makes sense, as a node of another release may not. */
  readonly load: Load | null;
}

export interface Peers {
  /** Replaces what is known of the cluster: only these nodes are asked and answered. */
  setDirectory(nodes: readonly NodeAddress[]): void;
  /** The same array until it is replaced; it never changes. */
  readonly directory: readonly NodeAddress[];
  /**
   * A stream of an object's bytes from a byte on, from one holder. Unverified: the store checks the whole.
   * @throws VsError peer_failed, object_missing, object_corrupt when the holder has it in another size
   */
  openObject(
    holder: NodeId,
    object: ObjectRef,
    fromByte: number,
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>>;
  /** Bytes [start, end) of an object, unverified. */
  readRange(
    holder: NodeId,
    object: ObjectRef,
    range: { start: number; end: number },
    signal: AbortSignal,
  ): Promise<Buffer>;
  /**
   * How a node is, by its own word. Whatever the node of that name answers shows that it lives.
   * @throws VsError peer_failed when it does not answer
   */
  getStatus(nodeId: NodeId, signal: AbortSignal): Promise<PeerAnswer>;
  /** Tells a holder that it gave wrong bytes of an object, so that it looks at its own. @throws VsError peer_failed */
  tellDamage(holder: NodeId, sha256: Sha256, signal: AbortSignal): Promise<void>;
  /** The manifest that a peer keeps, or null. */
  getManifest(holder: NodeId, assetId: AssetId, signal: AbortSignal): Promise<Manifest | null>;
}

/** Fetches what the local store lacks, from the first holder that has it right. */
export interface Fetcher {
  /** The object stands in the local store when resolved. One flight per object, however many ask. */
  fetchObject(object: ObjectRef, holders: readonly NodeId[], signal: AbortSignal): Promise<void>;
  /**
   * An object's bytes, checked: from the local store, else from a holder. For what a task only reads: a fetched one
   * stays no longer than the cache has room.
   */
  fetchBytes(object: ObjectRef, holders: readonly NodeId[], signal: AbortSignal): Promise<Buffer>;
}
