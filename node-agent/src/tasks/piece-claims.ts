// Which recorded pieces rest on a report that is not yet answered. Refused, they are swept; but never a piece that
// stood here before, that was acknowledged meanwhile, or that another running task has kept as well.
import { isDeepStrictEqual } from "node:util";
import type { AssetId, PieceId } from "@vstream/core/ids.ts";
import type { Piece } from "@vstream/core/media.ts";
import type { Store } from "../store/store.ts";

export class PieceClaims {
  readonly #store: Store;
  readonly #owners = new Map<string, Claim>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Whether it rests on a report that is not answered yet, and would be swept with a refusal. */
  isUnanswered(assetId: AssetId, pieceId: PieceId): boolean {
    return this.#owners.has(keyOf(assetId, pieceId));
  }

  /** The claim of one run of one task. */
  open(assetId: AssetId): Claim {
    return new Claim({ store: this.#store, owners: this.#owners, assetId });
  }
}

interface ClaimParts {
  readonly store: Store;
  readonly owners: Map<string, Claim>;
  readonly assetId: AssetId;
}

export class Claim {
  readonly #parts: ClaimParts;
  readonly #kept = new Set<PieceId>();

  constructor(parts: ClaimParts) {
    this.#parts = parts;
  }

  /** Records a piece whose objects stand in the store. */
  async keep(piece: Piece): Promise<void> {
    const { store, owners, assetId } = this.#parts;
    const key = this.#keyOf(piece.id);
    const known = store.getPiece(assetId, piece.id);
    const stoodBefore = known !== null && isDeepStrictEqual(known.content, piece.content) && !owners.has(key);
    if (!stoodBefore) owners.set(key, this);
    this.#kept.add(piece.id);
    await store.recordPiece(assetId, piece);
  }

  /** The piece was acknowledged, or may have been: nobody sweeps it any more. */
  confirm(pieceId: PieceId): void {
    if (this.#kept.delete(pieceId)) this.#parts.owners.delete(this.#keyOf(pieceId));
  }

  confirmAll(): void {
    for (const pieceId of [...this.#kept]) this.confirm(pieceId);
  }

  /** Discards what this claim alone answers for. */
  async sweep(): Promise<readonly PieceId[]> {
    const { store, owners, assetId } = this.#parts;
    const mine = [...this.#kept].filter((pieceId) => owners.get(this.#keyOf(pieceId)) === this);
    for (const pieceId of mine) owners.delete(this.#keyOf(pieceId));
    this.#kept.clear();
    if (mine.length > 0) await store.discard(assetId, mine);
    return mine;
  }

  #keyOf(pieceId: PieceId): string {
    return keyOf(this.#parts.assetId, pieceId);
  }
}

function keyOf(assetId: AssetId, pieceId: PieceId): string {
  return `${assetId}/${pieceId}`;
}
