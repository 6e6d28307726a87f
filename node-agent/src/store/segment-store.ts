// The agent's part of the disk: verified objects, which pieces they make up, manifests, and what is on its way.
// Promises what store.ts says; each kind of thing has a shelf of its own, and this file says how they act together.
import { open } from "node:fs/promises";
import { z } from "zod";
import { VsError } from "@vstream/core/errors.ts";
import { isId } from "@vstream/core/ids.ts";
import type { AssetId, PieceId, Sha256 } from "@vstream/core/ids.ts";
import { isIdOf, objectsOf } from "@vstream/core/media.ts";
import type { Manifest, ObjectRef, Piece, Scrub, SourceRef } from "@vstream/core/media.ts";
import { diskFailure, isAbsent, isFilesFault } from "./disk-failure.ts";
import { dropDamaged } from "./drop-damaged.ts";
import { readSpan } from "./durable-file.ts";
import { hashOf } from "./hash-file.ts";
import { lockFolder } from "./folder-lock.ts";
import { keepSweeping, loadShelves, makeFolders, removeUnneeded } from "./housekeeping.ts";
import type { OpenStream } from "./incoming.ts";
import { ObjectIntake } from "./object-intake.ts";
import { openScratchFolder } from "./scratch-folder.ts";
import { buildShelves } from "./shelves.ts";
import type { Shelves, StoreOptions } from "./shelves.ts";
import { Scrubber, scrubStand } from "./scrub.ts";
import type { LostCopies, PartialSources, PieceFinding, Scratch, ScrubOptions, Store, StoreUsage } from "./store.ts";
import { verifyPiece } from "./verify-piece.ts";
import type { Verification } from "./verify-piece.ts";

/**
 * Opens the store in a folder, making it when it is new.
 * @throws VsError data_folder_unusable, conflict when another agent has the folder, disk_failed
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const stop = new AbortController();
  const shelves = buildShelves(options, stop.signal);
  await makeFolders(shelves.layout);
  const lock = await lockFolder(shelves.layout.root, shelves.layout.lock, options.clock);
  try {
    await loadShelves(shelves);
  } catch (thrown) {
    await lock[Symbol.asyncDispose]();
    throw diskFailure(thrown, `read the store in ${options.dataDir}`);
  }
  const sweeping = keepSweeping(shelves, options.clock, stop.signal);
  return new SegmentStore(shelves, async () => {
    stop.abort(new VsError("cancelled", "the store is closing"));
    await sweeping;
    await shelves.turns.idle();
    await lock[Symbol.asyncDispose]();
  });
}

class SegmentStore implements Store {
  readonly #shelves: Shelves;
  readonly #intake: ObjectIntake;
  readonly #close: () => Promise<void>;

  constructor(shelves: Shelves, close: () => Promise<void>) {
    this.#shelves = shelves;
    this.#intake = new ObjectIntake(shelves);
    this.#close = close;
  }

  get usage(): StoreUsage {
    return this.#shelves.space.usage;
  }

  get uploadFolder(): string {
    return this.#shelves.layout.uploads;
  }

  pathOf(sha256: Sha256): string | null {
    return this.#shelves.objects.pathOf(sha256) ?? this.#shelves.cache.pathOf(sha256);
  }

  has(sha256: Sha256): boolean {
    return this.sizeOf(sha256) !== null;
  }

  sizeOf(sha256: Sha256): number | null {
    return this.#shelves.objects.sizeOf(sha256) ?? this.#shelves.cache.sizeOf(sha256);
  }

  async read(sha256: Sha256, range?: { start: number; end: number }): Promise<Buffer> {
    const path = this.pathOf(sha256);
    const sizeBytes = this.sizeOf(sha256);
    if (path === null || sizeBytes === null) throw missing(sha256);
    const { start, end } = range ?? { start: 0, end: sizeBytes };
    if (start < 0 || end < start || end > sizeBytes) {
      throw new VsError("invalid_argument", `object ${sha256} has no bytes ${start} to ${end}`);
    }
    const bytes = await readFromDisk(path, start, end, sha256);
    if (bytes?.length === end - start) return bytes;
    // One that was discarded meanwhile left its shelf before its file went.
    if (bytes === null && this.pathOf(sha256) !== path) throw missing(sha256);
    const what = bytes === null ? "is gone" : `ends before byte ${String(end)}`;
    throw new VsError("object_corrupt", `the file of object ${sha256} ${what}`);
  }

  async readChecked(sha256: Sha256): Promise<Buffer> {
    const bytes = await this.read(sha256);
    if (hashOf(bytes) === sha256) return bytes;
    throw new VsError("object_corrupt", `the file of object ${sha256} has other bytes`);
  }

  async adoptFile(path: string, expected?: Sha256): Promise<ObjectRef> {
    return await this.#intake.adoptFile(path, expected);
  }

  async adoptSource(path: string, expected?: Sha256): Promise<SourceRef> {
    return await this.#intake.adoptSource(path, expected);
  }

  async putBytes(bytes: Uint8Array): Promise<ObjectRef> {
    return await this.#intake.putBytes(bytes);
  }

  async putStream(expected: ObjectRef, openStream: OpenStream, signal: AbortSignal): Promise<void> {
    await this.#intake.putStream(expected, openStream, signal);
  }

  async putCached(expected: ObjectRef, bytes: Uint8Array): Promise<void> {
    await this.#intake.putCached(expected, bytes);
  }

  async recordPiece(assetId: AssetId, piece: Piece): Promise<void> {
    requireWellFormed(assetId, piece);
    await this.#shelves.turns.take(`asset ${assetId}`, async () => {
      for (const object of objectsOf(piece.content)) await this.#settleCached(object);
      // From this look to the naming nothing is awaited, so that no object can go in between.
      this.#requireObjects(piece);
      const dropped = await this.#shelves.pieces.record(assetId, piece);
      for (const { sha256 } of objectsOf(piece.content)) this.#shelves.objects.settle(sha256);
      await removeUnneeded(this.#shelves, dropped);
      // Found wrong while the record was written: whoever dropped the object drops the record when this turn ends.
      this.#requireObjects(piece);
    });
  }

  getPiece(assetId: AssetId, pieceId: PieceId): Piece | null {
    return this.#shelves.pieces.get(assetId, pieceId);
  }

  inventory(): ReadonlyMap<AssetId, readonly PieceId[]> {
    return this.#shelves.pieces.inventory();
  }

  async discard(assetId: AssetId, pieceIds: readonly PieceId[]): Promise<void> {
    const { turns, pieces } = this.#shelves;
    await turns.take(`asset ${assetId}`, async () => {
      const dropped = await pieces.remove(assetId, pieceIds.length === 0 ? pieces.idsOf(assetId) : pieceIds);
      await removeUnneeded(this.#shelves, dropped);
    });
  }

  async dropDamaged(sha256: Sha256): Promise<LostCopies | null> {
    return await dropDamaged(this.#shelves, sha256);
  }

  async verifyPiece(
    assetId: AssetId,
    pieceId: PieceId,
    watch: Pick<Verification, "signal" | "onBytes">,
  ): Promise<PieceFinding> {
    return await verifyPiece(this.#shelves, { assetId, pieceId, ...watch });
  }

  get scrub(): Scrub {
    return scrubStand(this.#shelves);
  }

  startScrub(options: ScrubOptions): AsyncDisposable {
    return new Scrubber(this.#shelves, options);
  }

  async keepManifest(manifest: Manifest): Promise<void> {
    const { turns, manifests } = this.#shelves;
    await turns.take(`manifest ${manifest.assetId}`, () => manifests.keep(manifest));
  }

  getManifest(assetId: AssetId): Manifest | null {
    return this.#shelves.manifests.get(assetId);
  }

  async openScratch(name: string): Promise<Scratch> {
    return await openScratchFolder(this.#shelves.layout.scratch, name, (sha256) => this.pathOf(sha256));
  }

  get partialSources(): PartialSources {
    return this.#shelves.partialSources;
  }

  reserve(bytes: number, standingBytes = 0): AsyncDisposable {
    return this.#shelves.space.reserve(bytes, standingBytes);
  }

  async readDocument(name: string): Promise<unknown> {
    const { turns, files, layout } = this.#shelves;
    return await turns.take(`document ${name}`, () => Promise.resolve(files.read(layout.document(name), z.unknown())));
  }

  async writeDocument(name: string, content: unknown): Promise<void> {
    const { turns, files, layout } = this.#shelves;
    await turns.take(`document ${name}`, () => files.write(layout.document(name), content));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }

  async #settleCached(object: ObjectRef): Promise<void> {
    if (!this.#shelves.objects.holds(object)) await this.#intake.ensureDurable(object);
  }

  #requireObjects(piece: Piece): void {
    const lacking = objectsOf(piece.content).find((object) => !this.#shelves.objects.holds(object));
    if (lacking !== undefined) throw missing(lacking.sha256);
  }
}

/** Null: there is no such file. */
async function readFromDisk(path: string, start: number, end: number, sha256: Sha256): Promise<Buffer | null> {
  try {
    await using handle = await open(path, "r");
    return await readSpan(handle, start, end);
  } catch (thrown) {
    if (isAbsent(thrown)) return null;
    if (isFilesFault(thrown))
      throw new VsError("object_corrupt", `the disk cannot read object ${sha256}`, { cause: thrown });
    throw diskFailure(thrown, `read object ${sha256}`);
  }
}

function requireWellFormed(assetId: AssetId, piece: Piece): void {
  if (isId("asset", assetId) && isIdOf(piece.id, piece.content)) return;
  throw new VsError("invalid_argument", `piece ${piece.id} of ${assetId} is not named for its content`);
}

function missing(sha256: Sha256): VsError {
  return new VsError("object_missing", `object ${sha256} does not stand on this node`);
}
