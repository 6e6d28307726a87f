// Reads this node's copies of an asset and says which of them are wrong or not there. onLost hears of each at once: the
// task's result may never arrive. Saying it twice does no harm.
import type { AssetId, PieceId } from "@vstream/core/ids.ts";
import { bytesOf } from "@vstream/core/media.ts";
import type { Work } from "@vstream/core/media.ts";
import type { LostCopies, Store } from "../store/store.ts";
import { nothingMade } from "./task-context.ts";
import type { TaskContext, TaskResult } from "./task-context.ts";

export interface VerifyDeps {
  readonly store: Pick<Store, "getPiece" | "verifyPiece">;
  /** Hears of copies that are gone. Not waited for. */
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
  for (const pieceId of pieceIds) {
    signal.throwIfAborted();
    const finding = await deps.store.verifyPiece(assetId, pieceId, { signal, onBytes });
    if (finding.kind !== "absent") checkedBytes += finding.checkedBytes;
    if (finding.kind === "right") continue;
    damaged.add(pieceId);
    deps.onLost(finding.kind === "wrong" ? finding.lost : [{ assetId, pieceIds: [pieceId] }]);
  }
  return { ...nothingMade, damagedPieceIds: [...damaged], checkedBytes };
}

function bytesOfAll(store: VerifyDeps["store"], assetId: AssetId, pieceIds: readonly PieceId[]): number {
  const pieces = pieceIds.map((pieceId) => store.getPiece(assetId, pieceId)).filter((piece) => piece !== null);
  return pieces.reduce((sum, piece) => sum + bytesOf(piece.content), 0);
}
