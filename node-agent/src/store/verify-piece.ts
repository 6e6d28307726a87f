// Reads every object of a recorded piece and holds it against its hash. What is wrong is dropped on the way.
import { open } from "node:fs/promises";
import type { AssetId, PieceId, Sha256 } from "@vstream/core/ids.ts";
import { objectsOf } from "@vstream/core/media.ts";
import { dropDamaged } from "./drop-damaged.ts";
import { hashFileInParts } from "./hash-file.ts";
import type { Shelves } from "./shelves.ts";
import type { LostCopies, PieceFinding } from "./store.ts";

export interface Verification {
  readonly assetId: AssetId;
  readonly pieceId: PieceId;
  readonly signal: AbortSignal;
  /** Told how many bytes each read gave. */
  readonly onBytes: (bytes: number) => void;
}

/** All objects are read, also after a wrong one: those that are right stay for when the piece is copied again. */
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
  for (const { sha256 } of objectsOf(piece.content)) {
    const right = await isRight(shelves, sha256, { ...verification, onBytes });
    if (!right) lost.push(...((await dropDamaged(shelves, sha256)) ?? []));
  }
  if (lost.length > 0) return { kind: "wrong", checkedBytes, lost };
  // Dropped meanwhile, because somebody else read it wrong too, or discarded.
  if (shelves.pieces.get(assetId, pieceId) === null) return { kind: "absent" };
  return { kind: "right", checkedBytes };
}

// What cannot be read is wrong too; dropDamaged looks again.
async function isRight(
  { objects }: Shelves,
  sha256: Sha256,
  { signal, onBytes }: Pick<Verification, "signal" | "onBytes">,
): Promise<boolean> {
  signal.throwIfAborted();
  const path = objects.pathOf(sha256);
  if (path === null) return false;
  try {
    await using handle = await open(path, "r");
    const found = await hashFileInParts(handle, (bytes) => {
      signal.throwIfAborted();
      onBytes(bytes);
      return Promise.resolve();
    });
    return found.sha256 === sha256;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}
