// How the agent reads from other agents. Implemented by peer-client.ts over mutual TLS; every byte is checked by
// hash before anybody uses it.
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
import type { Manifest, NodeAddress, ObjectRef } from "@vstream/core/media.ts";

export interface Peers {
  /** Replaces what is known of the cluster: only these nodes are asked and answered. */
  setDirectory(nodes: readonly NodeAddress[]): void;
  readonly directory: readonly NodeAddress[];
  /**
   * A stream of an object's bytes from a byte on, from one holder. Unverified: the store checks the whole.
   * @throws VsError peer_failed, object_missing
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
