// What the rest of the agent may do with the disk. Implemented by segment-store.ts.
import type { AssetId, PieceId, Sha256 } from "@vstream/core/ids.ts";
import type { Manifest, ObjectRef, Piece, Scrub, SourceRef } from "@vstream/core/media.ts";

/** Copies that are gone from the disk, by asset. */
export type LostCopies = readonly { readonly assetId: AssetId; readonly pieceIds: readonly PieceId[] }[];

/** What re-reading a copy found; `lost` are the copies that are gone by it, of this asset and others. */
export type PieceFinding =
  | { readonly kind: "right"; readonly checkedBytes: number }
  | { readonly kind: "wrong"; readonly checkedBytes: number; readonly lost: LostCopies }
  /** There is no record of it here. */
  | { readonly kind: "absent" };

export interface ScrubOptions {
  /** In which the whole store is to be read; 0: never. */
  readonly periodMs: number;
  /** While this is so, almost nothing is read. */
  readonly isBusy: () => boolean;
  /** The file of an object is wrong, lost to the disk or not there. One that just cannot be opened is left at that. */
  readonly onDamage: (sha256: Sha256) => void;
}

export interface StoreUsage {
  readonly usedBytes: number;
  readonly capacityBytes: number;
}

/**
 * Content-addressed files, and which pieces of which assets they make up.
 * An object exists under its hash only when its bytes were hashed, fsynced, renamed and the folder fsynced.
 * A piece record exists only when all its objects do.
 */
export interface Store extends AsyncDisposable {
  readonly usage: StoreUsage;
  /** Path of an object's file for reading, or null. The file never changes; it may be unlinked when discarded. */
  pathOf(sha256: Sha256): string | null;
  has(sha256: Sha256): boolean;
  /** An object's size, or null when it does not stand here. */
  sizeOf(sha256: Sha256): number | null;
  /**
   * Bytes [start, end) of an object; whole without a range.
   * @throws VsError object_missing, object_corrupt when its file is cut, gone or unreadable, disk_failed when the file
   *   may be right
   */
  read(sha256: Sha256, range?: { start: number; end: number }): Promise<Buffer>;
  /** An object's bytes, held against its hash. @throws VsError as read does; object_corrupt for other bytes too */
  readChecked(sha256: Sha256): Promise<Buffer>;
  /**
   * Moves a finished file of the scratch folder, an upload or a partial source in: hashes it, fsyncs, renames. Gives
   * what it is.
   * @throws VsError object_corrupt when `expected` is given and differs, storage_full, disk_failed
   */
  adoptFile(path: string, expected?: Sha256): Promise<ObjectRef>;
  /** adoptFile for a source: its block list is made in the same read, and stored too. */
  adoptSource(path: string, expected?: Sha256): Promise<SourceRef>;
  /** Stores bytes from memory. */
  putBytes(bytes: Uint8Array): Promise<ObjectRef>;
  /**
   * Stores a stream of bytes, and throws unless they have exactly the expected hash and size.
   * `resume` may append to what an earlier, interrupted call left in staging.
   */
  putStream(
    expected: ObjectRef,
    open: (fromByte: number) => Promise<AsyncIterable<Uint8Array>>,
    signal: AbortSignal,
  ): Promise<void>;
  /** An unverified or pulled-through object that no piece names: kept while there is room, oldest read goes first. */
  putCached(expected: ObjectRef, bytes: Uint8Array): Promise<void>;

  /** Records that all objects of a piece stand here. @throws VsError object_missing when one does not, or goes meanwhile */
  recordPiece(assetId: AssetId, piece: Piece): Promise<void>;
  getPiece(assetId: AssetId, pieceId: PieceId): Piece | null;
  /** All that the node holds, by asset. */
  inventory(): ReadonlyMap<AssetId, readonly PieceId[]>;
  /** Deletes piece records, then the objects that nothing else names. No piece named: all of the asset. */
  discard(assetId: AssetId, pieceIds: readonly PieceId[]): Promise<void>;

  /**
   * For an object that was read wrong: reads it once more, and if it is wrong, puts its file into quarantine and drops
   * the records of all pieces that name it; what an earlier call left of these goes too. Gives the copies that are gone
   * by it, also when not all could be dropped; null when nothing was wrong.
   * @throws VsError disk_failed when it could not be read but may be right, or nothing could be dropped: a later call
   *   goes on; cancelled when the store closes meanwhile
   */
  dropDamaged(sha256: Sha256): Promise<LostCopies | null>;
  /**
   * Reads every object of a copy. What is wrong is dropped as by dropDamaged.
   * @throws VsError disk_failed when nothing was found wrong, but not all could be read; the signal's reason likewise
   */
  verifyPiece(
    assetId: AssetId,
    pieceId: PieceId,
    watch: { readonly signal: AbortSignal; readonly onBytes: (bytes: number) => void },
  ): Promise<PieceFinding>;
  /** How far the slow re-reading of the whole store is. */
  readonly scrub: Scrub;
  /** Begins to re-read it, where the last run left off, until what is returned is disposed of. Once at a time. */
  startScrub(options: ScrubOptions): AsyncDisposable;

  /**
   * Keeps a manifest, unless the kept one is newer or as new. Durable when resolved. One whose pieces begin at
   * `fromChunk` is joined with the kept one. @throws VsError conflict when the kept one ends before that
   */
  keepManifest(manifest: Manifest): Promise<void>;
  getManifest(assetId: AssetId): Manifest | null;

  /** A folder of its own for one task; empty at first, and gone after disposal or the next start. */
  openScratch(name: string): Promise<Scratch>;
  /**
   * Space for a source of that size, until the returned reservation is disposed of.
   * @param standingBytes of these, how many stand on the disk already
   * @throws VsError storage_full
   */
  reserve(bytes: number, standingBytes?: number): AsyncDisposable;
  /** Sources that this node fetches itself. */
  readonly partialSources: PartialSources;
  /**
   * A small named JSON document that survives restarts (directory, pending upload reports). Written atomically.
   * Reading gives null when there is none (or it was damaged: then it has been moved aside).
   */
  readDocument(name: string): Promise<unknown>;
  writeDocument(name: string, content: unknown): Promise<void>;
  /** Folder that incoming uploads are written to; on the same file system as the store. */
  readonly uploadFolder: string;
}

/** Where a source comes from, and by what a change of it is noticed. */
export interface SourceOrigin {
  readonly url: string;
  /** As the server says them; null: it does not. */
  readonly etag: string | null;
  readonly lastModified: string | null;
  /** null: not known before its end. */
  readonly totalBytes: number | null;
}

export interface PartialSources {
  /**
   * The beginning of an asset's source, from an earlier call or run; else empty.
   * @throws VsError unavailable while it is open, storage_full, disk_failed
   */
  open(assetId: AssetId): Promise<PartialSource>;
  list(): Promise<readonly AssetId[]>;
  /** Removes what has come. False: it is open, and stays. */
  forget(assetId: AssetId): Promise<boolean>;
}

/** Throws VsError storage_full and disk_failed for what the disk does not take. */
export interface PartialSource extends AsyncDisposable {
  /** For adoptSource. */
  readonly path: string;
  /** null: nothing has begun to come. */
  readonly origin: SourceOrigin | null;
  readonly bytes: number;
  /** Throws away what has come. @param origin of what comes now; null: nothing yet */
  restart(origin: SourceOrigin | null): Promise<void>;
  /** How much there is in all, when that was not told before what has come. null: still not */
  learnTotal(totalBytes: number | null): void;
  /** Durable from time to time. */
  append(bytes: Uint8Array): Promise<void>;
  /** Makes all that has come durable. Gives its hash. */
  secure(): Promise<Sha256>;
}

export interface Scratch extends AsyncDisposable {
  readonly folder: string;
  /** A path inside the folder. */
  path(name: string): string;
  /** Puts a stored object into the folder under a plain name, without copying its bytes. */
  link(sha256: Sha256, name: string): Promise<string>;
  /** A file of the given size that has bytes only where they are written; the rest reads as zeros. */
  openSparse(name: string, sizeBytes: number): Promise<SparseFile>;
  /** Names of the files that are there now. */
  list(subfolder?: string): Promise<string[]>;
  makeFolder(name: string): Promise<string>;
  /** Gives a file another name, in place of the one that has it. */
  rename(name: string, newName: string): Promise<string>;
  readFile(name: string): Promise<Buffer>;
  writeFile(name: string, bytes: Uint8Array | string): Promise<string>;
}

export interface SparseFile extends AsyncDisposable {
  readonly path: string;
  write(offset: number, bytes: Uint8Array): Promise<void>;
}
