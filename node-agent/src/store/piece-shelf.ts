// Which pieces of which assets stand here, and which objects they name. A record is written after all its objects
// are durable, and removed before any of them goes.
import { mkdir, readdir, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { isPieceId } from "@vstream/core/ids.ts";
import type { AssetId, PieceId, Sha256 } from "@vstream/core/ids.ts";
import { objectsOf } from "@vstream/core/media.ts";
import type { ObjectRef, Piece } from "@vstream/core/media.ts";
import { diskFailure } from "./disk-failure.ts";
import { isAssetId } from "./disk-layout.ts";
import type { DiskLayout } from "./disk-layout.ts";
import type { FolderSync } from "./folder-sync.ts";
import type { JsonFiles } from "./json-files.ts";
import { Namings } from "./namings.ts";
import { pieceShape } from "./stored-shapes.ts";

interface Deps {
  readonly layout: DiskLayout;
  readonly folders: FolderSync;
  readonly files: JsonFiles;
}

/** Callers take turns by asset. */
export class PieceShelf {
  readonly #deps: Deps;
  readonly #byAsset = new Map<AssetId, Map<PieceId, Piece>>();
  readonly #namings = new Namings();
  /** By asset, those whose record is just being written. */
  readonly #coming = new Map<AssetId, Piece>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Reads the records of an earlier run; those that `isWhole` denies are deleted. */
  async load(isWhole: (assetId: AssetId, piece: Piece) => Promise<boolean>): Promise<void> {
    for (const assetId of (await readdir(this.#deps.layout.pieces)).filter(isAssetId)) {
      for (const file of await readdir(this.#deps.layout.assetFolder(assetId))) {
        await this.#loadRecord(assetId, file, isWhole);
      }
    }
  }

  get(assetId: AssetId, pieceId: PieceId): Piece | null {
    return this.#byAsset.get(assetId)?.get(pieceId) ?? null;
  }

  idsOf(assetId: AssetId): PieceId[] {
    return [...(this.#byAsset.get(assetId)?.keys() ?? [])];
  }

  inventory(): ReadonlyMap<AssetId, readonly PieceId[]> {
    return new Map([...this.#byAsset].map(([assetId, pieces]) => [assetId, [...pieces.keys()]]));
  }

  /**
   * The assets with a piece that names the object, one that is just being recorded too. Looks through all records: for
   * what is rare.
   */
  assetsNaming(sha256: Sha256): AssetId[] {
    const coming = [...this.#coming].filter(([, piece]) => names(piece, sha256)).map(([assetId]) => assetId);
    const recorded = [...this.#byAsset.keys()].filter((assetId) => this.naming(assetId, sha256).length > 0);
    return [...new Set([...recorded, ...coming])];
  }

  /** The pieces of an asset that name the object. */
  naming(assetId: AssetId, sha256: Sha256): Piece[] {
    const pieces = [...(this.#byAsset.get(assetId)?.values() ?? [])];
    return pieces.filter((piece) => names(piece, sha256));
  }

  isNamed(sha256: Sha256): boolean {
    return this.#namings.has(sha256);
  }

  /** Of all objects that pieces name. */
  get namedBytes(): number {
    return this.#namings.bytes;
  }

  /** The named objects of one of the store's folders, in the order of their hashes. */
  namedInFolder(folder: string): Sha256[] {
    return this.#namings.inFolder(folder);
  }

  /**
   * Durable when resolved. The piece's objects count as named from the call on, so that none of them can go meanwhile.
   * Gives the objects of an older record of the same piece that nothing names any more.
   */
  async record(assetId: AssetId, piece: Piece): Promise<ObjectRef[]> {
    const older = this.get(assetId, piece.id);
    if (isDeepStrictEqual(older, piece)) return [];
    this.#namings.add(objectsOf(piece.content));
    this.#coming.set(assetId, piece);
    try {
      await this.#write(assetId, piece);
      this.#add(assetId, piece);
    } catch (thrown) {
      this.#namings.remove(objectsOf(piece.content));
      throw diskFailure(thrown, `record piece ${piece.id} of ${assetId}`);
    } finally {
      this.#coming.delete(assetId);
    }
    return older === null ? [] : this.#namings.remove(objectsOf(older.content));
  }

  /** Durable when resolved. Gives the objects that nothing names any more. */
  async remove(assetId: AssetId, pieceIds: readonly PieceId[]): Promise<ObjectRef[]> {
    const pieces = pieceIds.map((pieceId) => this.get(assetId, pieceId)).filter((piece) => piece !== null);
    if (pieces.length === 0) return [];
    try {
      for (const piece of pieces) await rm(this.#deps.layout.piece(assetId, piece.id), { force: true });
      await this.#deps.folders.sync(this.#deps.layout.assetFolder(assetId));
    } catch (thrown) {
      throw diskFailure(thrown, `discard pieces of ${assetId}`);
    }
    for (const piece of pieces) this.#byAsset.get(assetId)?.delete(piece.id);
    if (this.idsOf(assetId).length === 0) await this.#forgetAsset(assetId);
    return pieces.flatMap((piece) => this.#namings.remove(objectsOf(piece.content)));
  }

  async #loadRecord(
    assetId: AssetId,
    file: string,
    isWhole: (assetId: AssetId, piece: Piece) => Promise<boolean>,
  ): Promise<void> {
    const id = file.replace(/\.json$/, "");
    if (!isPieceId(id)) return;
    const path = join(this.#deps.layout.assetFolder(assetId), file);
    const piece = this.#deps.files.read(path, pieceShape);
    if (piece?.id !== id) return;
    if (await isWhole(assetId, piece)) {
      this.#namings.add(objectsOf(piece.content));
      this.#add(assetId, piece);
    } else await rm(path, { force: true });
  }

  async #write(assetId: AssetId, piece: Piece): Promise<void> {
    const { layout, folders, files } = this.#deps;
    if (!this.#byAsset.has(assetId)) {
      await mkdir(layout.assetFolder(assetId), { recursive: true });
      await folders.sync(layout.pieces);
    }
    await files.write(layout.piece(assetId, piece.id), piece);
  }

  async #forgetAsset(assetId: AssetId): Promise<void> {
    this.#byAsset.delete(assetId);
    // Not empty (something was moved there by hand): it may stay.
    await rmdir(this.#deps.layout.assetFolder(assetId)).catch(() => undefined);
  }

  #add(assetId: AssetId, piece: Piece): void {
    const pieces = this.#byAsset.get(assetId) ?? new Map<PieceId, Piece>();
    pieces.set(piece.id, piece);
    this.#byAsset.set(assetId, pieces);
  }
}

function names(piece: Piece, sha256: Sha256): boolean {
  return objectsOf(piece.content).some((object) => object.sha256 === sha256);
}
