// A copy of a piece: all its objects, fetched and verified, then its record. What an interrupted copy has brought
// counts for the next try.
import PQueue from "p-queue";
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
import { objectsOf } from "@vstream/core/media.ts";
import type { Piece } from "@vstream/core/media.ts";
import type { Store } from "../store/store.ts";
import type { Fetcher } from "./peers.ts";

/** Enough to hide the way to the holder and the disk's fsync, few enough for its other readers. */
const objectsAtOnce = 6;

export interface Replication {
  readonly store: Pick<Store, "recordPiece">;
  readonly fetcher: Fetcher;
  readonly assetId: AssetId;
  readonly piece: Piece;
  /** Nodes that hold the piece, best first. */
  readonly holders: readonly NodeId[];
  readonly signal: AbortSignal;
  /** Told the share of the bytes that is here, 0 to 1, after each object. */
  readonly onProgress?: (share: number) => void;
}

/**
 * The piece stands here, durably, when resolved.
 * @throws VsError peer_failed, object_missing, storage_full, disk_failed, or the signal's reason
 */
export async function replicatePiece(replication: Replication): Promise<void> {
  const { store, fetcher, assetId, piece, holders, onProgress } = replication;
  const objects = objectsOf(piece.content);
  const totalBytes = objects.reduce((sum, object) => sum + object.bytes, 0);
  // The first failure stops the others.
  const failed = new AbortController();
  const signal = AbortSignal.any([replication.signal, failed.signal]);
  const queue = new PQueue({ concurrency: objectsAtOnce });
  let doneBytes = 0;
  const fetches = objects.map((object) =>
    queue.add(async () => {
      await fetcher.fetchObject(object, holders, signal);
      doneBytes += object.bytes;
      onProgress?.(totalBytes === 0 ? 1 : doneBytes / totalBytes);
    }),
  );
  try {
    await Promise.all(fetches);
  } catch (thrown) {
    failed.abort(thrown);
    await Promise.allSettled(fetches);
    throw thrown;
  }
  await store.recordPiece(assetId, piece);
}
