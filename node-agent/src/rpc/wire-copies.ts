// Which copies a node holds, and which it has lost, to the wire: cut into messages far below the limit of a message.
import type { AssetId, PieceId } from "@vstream/core/ids.ts";
import type * as wire from "@vstream/proto/agent.ts";
import type { LostCopies } from "../store/store.ts";

/** Pieces in one message. */
const batchPieces = 2000;

/** The whole inventory. An asset may stand in several messages. */
export function inventoryToWire(
  inventory: ReadonlyMap<AssetId, readonly PieceId[]>,
): Generator<wire.ReportInventoryRequest> {
  return batchesOf(inventory);
}

/** All lost copies. An asset may stand in several messages. */
export function damageToWire(lost: LostCopies): Generator<wire.ReportDamageRequest> {
  return batchesOf(lost.map(({ assetId, pieceIds }) => [assetId, pieceIds] as const));
}

function* batchesOf(copies: Iterable<readonly [AssetId, readonly PieceId[]]>) {
  let entries: { assetId: AssetId; pieceIds: PieceId[] }[] = [];
  let count = 0;
  for (const [assetId, pieceIds] of copies) {
    for (let from = 0; from < pieceIds.length; from += batchPieces) {
      const part = pieceIds.slice(from, from + batchPieces);
      entries.push({ assetId, pieceIds: part });
      count += part.length;
      if (count >= batchPieces) {
        yield { entries };
        entries = [];
        count = 0;
      }
    }
  }
  if (entries.length > 0) yield { entries };
}
