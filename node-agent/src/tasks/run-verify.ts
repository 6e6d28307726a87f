// Reads this node's copies of an asset and says which of them are wrong or not there. The task's result tells of the
// copies it was asked about; of others that go with them, and of all when it is cut short, onLost hears.
import type { AssetId, PieceId } from "@vstream/core/ids.ts";
import { bytesOf } from "@vstream/core/media.ts";
import type { Work } from "@vstream/core/media.ts";
import type { LostCopies, Store } from "../store/store.ts";
import { nothingMade } from "./task-context.ts";
import type { TaskContext, TaskResult } from "./task-context.ts";

export interface VerifyDeps {
  readonly store: Pick<Store, "getPiece" | "verifyPiece">;
  /** Hears of copies that are gone and that no result names. Not waited for. */
  readonly onLost: (lost: LostCopies) => void;
}

export async function runVerify(
  deps: VerifyDeps,
  { pieceIds }: Extract<Work, { kind: "verify" }>,
  { assetId, signal, progress }: Pick<TaskContext, "assetId" | "signal" | "progress">,
): Promise<TaskResult> {
  const damaged = new Set<PieceId>();
  let [readBytes, checkedBytes] = [0, 0];
  const totalBytes = bytesOfAll(deps.store, assetId, pieceIds);
  const onBytes = (bytes: number): void => {
    readBytes += bytes;
    progress(readBytes / Math.max(1, totalBytes));
  };
  try {
    for (const pieceId of pieceIds) {
      signal.throwIfAborted();
      const finding = await deps.store.verifyPiece(assetId, pieceId, { signal, onBytes });
      if (finding.kind !== "right") damaged.add(pieceId);
      if (finding.kind !== "absent") checkedBytes += finding.checkedBytes;
      if (finding.kind === "wrong") tell(deps, without(finding.lost, assetId, pieceIds));
    }
  } catch (thrown) {
    tell(deps, [{ assetId, pieceIds: [...damaged] }]);
    throw thrown;
  }
  return { ...nothingMade, damagedPieceIds: [...damaged], checkedBytes };
}

function bytesOfAll(store: VerifyDeps["store"], assetId: AssetId, pieceIds: readonly PieceId[]): number {
  const pieces = pieceIds.map((pieceId) => store.getPiece(assetId, pieceId)).filter((piece) => piece !== null);
  return pieces.reduce((sum, piece) => sum + bytesOf(piece.content), 0);
}

function without(lost: LostCopies, assetId: AssetId, pieceIds: readonly PieceId[]): LostCopies {
  return lost.map((copies) =>
    copies.assetId === assetId
      ? { assetId, pieceIds: copies.pieceIds.filter((pieceId) => !pieceIds.includes(pieceId)) }
      : copies,
  );
}

function tell({ onLost }: VerifyDeps, lost: LostCopies): void {
  const some = lost.filter((copies) => copies.pieceIds.length > 0);
  if (some.length > 0) onLost(some);
}
