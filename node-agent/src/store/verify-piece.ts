// Reads every object of a recorded piece and holds it against its hash. What is wrong is dropped on the way.
import type { AssetId, PieceId, Sha256 } from "@vstream/core/ids.ts";
import { objectsOf } from "@vstream/core/media.ts";
import type { Piece } from "@vstream/core/media.ts";
import { isFileRight } from "./check-file.ts";
import { diskFailure } from "./disk-failure.ts";
import { dropDamaged } from "./drop-damaged.ts";
import type { Shelves } from "./shelves.ts";
import type { LostCopies, PieceFinding } from "./store.ts";

export interface Verification {
  readonly assetId: AssetId;
  readonly pieceId: PieceId;
  readonly signal: AbortSignal;
  /** Told how many bytes each read gave. */
  readonly onBytes: (bytes: number) => void;
}

/**
 * All objects are read, also after a wrong one: those that are right stay for when the piece is copied again.
 * @throws VsError disk_failed when something could not be read but may be right; the signal's reason. Neither once
 *   something was found wrong: that is told, and the rest is for another time
 */
export async function verifyPiece(shelves: Shelves, verification: Verification): Promise<PieceFinding> {
  const { assetId, pieceId } = verification;
  const piece = shelves.pieces.get(assetId, pieceId);
  if (piece === null) return { kind: "absent" };
  const lost: LostCopies[number][] = [];
  let checkedBytes = 0;
  const onBytes = (bytes: number): void => {
    checkedBytes += bytes;
    verification.onBytes(bytes);
  };
  try {
    await dropWrong(shelves, piece, { ...verification, onBytes, onLost: (some) => lost.push(...some) });
  } catch (thrown) {
    if (lost.length === 0) throw thrown;
  }
  if (lost.length > 0) return { kind: "wrong", checkedBytes, lost };
  // Dropped meanwhile, because somebody else read it wrong too, or discarded.
  if (shelves.pieces.get(assetId, pieceId) === null) return { kind: "absent" };
  return { kind: "right", checkedBytes };
}

type Watch = Pick<Verification, "signal" | "onBytes">;

async function dropWrong(
  shelves: Shelves,
  piece: Piece,
  watch: Watch & { readonly onLost: (lost: LostCopies) => void },
): Promise<void> {
  for (const { sha256 } of objectsOf(piece.content)) {
    if (await isRight(shelves, sha256, watch)) continue;
    watch.onLost((await dropDamaged(shelves, sha256)) ?? []);
  }
}

// What a piece names and is not here is wrong too: a drop was cut short.
async function isRight({ objects }: Shelves, sha256: Sha256, { signal, onBytes }: Watch): Promise<boolean> {
  signal.throwIfAborted();
  const path = objects.pathOf(sha256);
  if (path === null) return false;
  try {
    return await isFileRight(path, sha256, (bytes) => {
      signal.throwIfAborted();
      onBytes(bytes);
      return Promise.resolve();
    });
  } catch (thrown) {
    signal.throwIfAborted();
    throw diskFailure(thrown, `read object ${sha256}`);
  }
}
