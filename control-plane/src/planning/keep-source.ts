// For how long a source is kept, and in how many copies. One that is not kept for ever goes once its asset is ready,
// everywhere, and nothing waits for it any more; unless another edition is being made of it.
import { sourcePieceId } from "@vstream/core/ids.ts";
import type { PieceId } from "@vstream/core/ids.ts";
import type { AssetRecord, KeepSource } from "../catalog/records.ts";

export interface SourceKeeping {
  readonly keepSource: KeepSource;
  readonly readyAt: number | null;
  /** Whatever says what is being made; null: nothing is. */
  readonly nextEdition: object | string | null;
}

/** Whether it is wanted nowhere any more: its copies are discarded, and no more are made. */
export function isSourceOver({ keepSource, readyAt, nextEdition }: SourceKeeping): boolean {
  return keepSource !== "always" && readyAt !== null && nextEdition === null;
}

/** Whether each home is to hold the piece. A source that is never kept stands only where it arrived. */
export function isForEveryHome({ keepSource }: Pick<AssetRecord, "keepSource">, pieceId: PieceId): boolean {
  return pieceId !== sourcePieceId || keepSource !== "never";
}

/** How many copies of a piece are enough, when so many are of any other. */
export function copiesEnough(asset: Pick<AssetRecord, "keepSource">, pieceId: PieceId, wanted: number): number {
  return isForEveryHome(asset, pieceId) ? wanted : Math.min(1, wanted);
}
