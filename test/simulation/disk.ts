// A node's disk: objects that are right or spoilt, the records of pieces, manifests and small documents. It outlives
// the agents that run on it. Whether a fault spoilt something is noted, so that who checks knows it from a bug's work.
import type { AssetId, PieceId, Sha256 } from "@vstream/core/ids.ts";
import { objectsOf } from "@vstream/core/media.ts";
import type { Manifest, ObjectRef, Piece } from "@vstream/core/media.ts";

export interface StoredObject {
  readonly bytes: number;
  isRight: boolean;
}

/** A copy as it really is. spoilt and gone: by a fault that nobody may have noticed yet. */
export type CopyTruth = "right" | "spoilt" | "gone" | "wrong" | "absent";

export class Disk {
  readonly objects = new Map<Sha256, StoredObject>();
  readonly pieces = new Map<AssetId, Map<PieceId, Piece>>();
  readonly manifests = new Map<AssetId, Manifest>();
  readonly documents = new Map<string, unknown>();
  readonly #spoilt = new Set<Sha256>();
  readonly #gone = new Set<string>();
  capacityBytes: number;
  /** What others have put on it. */
  ballastBytes = 0;

  readonly #note: (line: string) => void;

  /** @param note hears of every record that comes or goes */
  constructor(capacityBytes: number, note: (line: string) => void) {
    this.capacityBytes = capacityBytes;
    this.#note = note;
  }

  get usedBytes(): number {
    return this.objects.values().reduce((sum, object) => sum + object.bytes, 0) + this.ballastBytes;
  }

  hasRoom(bytes: number): boolean {
    return this.usedBytes + bytes <= this.capacityBytes;
  }

  put({ sha256, bytes }: ObjectRef, isRight: boolean): void {
    this.objects.set(sha256, { bytes, isRight });
    this.#spoilt.delete(sha256);
  }

  record(assetId: AssetId, piece: Piece): void {
    const pieces = this.pieces.get(assetId) ?? new Map<PieceId, Piece>();
    this.pieces.set(assetId, pieces.set(piece.id, piece));
    this.#gone.delete(`${assetId} ${piece.id}`);
    this.#note(`has ${piece.id} of ${assetId}`);
  }

  /** Records, and the objects that nothing else names. */
  remove(assetId: AssetId, pieceIds: readonly PieceId[]): void {
    const pieces = this.pieces.get(assetId);
    for (const pieceId of pieceIds.length === 0 ? [...(pieces?.keys() ?? [])] : pieceIds) pieces?.delete(pieceId);
    if (pieces?.size === 0) this.pieces.delete(assetId);
    this.#note(`deletes ${pieceIds.length === 0 ? "all" : pieceIds.join(" ")} of ${assetId}`);
    this.#removeUnnamed();
  }

  /** The file of an object goes, and with it all that names it. */
  drop(sha256: Sha256): { assetId: AssetId; pieceIds: PieceId[] }[] {
    this.objects.delete(sha256);
    const lost: { assetId: AssetId; pieceIds: PieceId[] }[] = [];
    for (const [assetId, pieces] of this.pieces) {
      const pieceIds = [...pieces.values()].filter((piece) => names(piece, sha256)).map((piece) => piece.id);
      for (const pieceId of pieceIds) {
        pieces.delete(pieceId);
        this.#gone.add(`${assetId} ${pieceId}`);
        this.#note(`drops ${pieceId} of ${assetId}`);
      }
      if (pieces.size === 0) this.pieces.delete(assetId);
      if (pieceIds.length > 0) lost.push({ assetId, pieceIds });
    }
    return lost;
  }

  /** A fault: bytes flip, or the file is cut or gone. */
  spoil(sha256: Sha256): void {
    const object = this.objects.get(sha256);
    if (object === undefined) return;
    object.isRight = false;
    this.#spoilt.add(sha256);
  }

  /** A fault: a new disk stands in its place. */
  wipe(): void {
    for (const [assetId, pieces] of this.pieces) {
      for (const pieceId of pieces.keys()) this.#gone.add(`${assetId} ${pieceId}`);
    }
    for (const kept of [this.objects, this.pieces, this.manifests, this.documents]) kept.clear();
    this.#spoilt.clear();
    this.ballastBytes = 0;
  }

  truthOf(assetId: AssetId, pieceId: PieceId): CopyTruth {
    const piece = this.pieces.get(assetId)?.get(pieceId);
    if (piece === undefined) return this.#gone.has(`${assetId} ${pieceId}`) ? "gone" : "absent";
    const bad = objectsOf(piece.content).filter(({ sha256 }) => this.objects.get(sha256)?.isRight !== true);
    if (bad.length === 0) return "right";
    return bad.every(({ sha256 }) => this.#spoilt.has(sha256)) ? "spoilt" : "wrong";
  }

  #removeUnnamed(): void {
    const named = new Set(
      [...this.pieces.values()].flatMap((pieces) =>
        [...pieces.values()].flatMap((piece) => objectsOf(piece.content).map((object) => object.sha256)),
      ),
    );
    for (const sha256 of this.objects.keys()) if (!named.has(sha256)) this.objects.delete(sha256);
  }
}

function names(piece: Piece, sha256: Sha256): boolean {
  return objectsOf(piece.content).some((object) => object.sha256 === sha256);
}
