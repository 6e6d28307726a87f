// A snapshot without the pieces that its reader knows already. Pieces are by far the largest part of one, and hardly
// change: each has the version of its asset's pieces at which it came, and an asset's version grows with each change.
import type { AssetId, PieceId } from "@vstream/core/ids.ts";
import type { Piece } from "@vstream/core/media.ts";
import { toPiece } from "./pieces.ts";
import type { AssetView, Snapshot } from "./records.ts";
import type { Db, PieceRow } from "./tables.ts";

/** An asset's pieces as they were at a version of theirs, in the order of their ids. */
export interface KnownPieces {
  readonly version: number;
  readonly pieces: readonly Piece[];
}

export type PieceText = Pick<PieceRow, "id" | "content" | "toolchain" | "made_by">;

export interface PieceChanges {
  readonly version: number;
  /** All there are, in order; null: those that were known. */
  readonly ids: readonly PieceId[] | null;
  /** Still as text, which is carried from thread to thread at a fraction of the cost of what it says. */
  readonly added: readonly PieceText[];
}

export type ChangedView = Omit<AssetView, "pieces"> & { readonly pieces: PieceChanges };
export type SnapshotChanges = Omit<Snapshot, "assets"> & {
  readonly assets: readonly ChangedView[];
  /** To be given with the next question. */
  readonly cursor: AssetId | null;
};

export interface SnapshotQuestion {
  readonly at: number;
  readonly known: KnownVersions;
  /** From the answer before; null: there was none. When there are too many assets, the next ones have their turn. */
  readonly cursor: AssetId | null;
}

/** The version that the reader knows of each asset; of one that is not named it knows nothing. */
export type KnownVersions = ReadonlyMap<AssetId, number>;

/** What there is of an asset's pieces beside those of the known version; undefined: none is known. */
export async function readPieceChanges(
  db: Db,
  asset: { readonly id: AssetId; readonly piece_version: number },
  known: number | undefined,
): Promise<PieceChanges> {
  const version = asset.piece_version;
  if (known === version) return { version, ids: null, added: [] };
  const own = db.selectFrom("pieces").where("pieces.asset_id", "=", asset.id).orderBy("pieces.id");
  const since = known === undefined ? own : own.where("pieces.id", "in", cameAfter(db, asset.id, known));
  const added = await since.select(["pieces.id", "content", "toolchain", "made_by"]).execute();
  const ids = known === undefined ? added : await own.select("pieces.id").execute();
  return { version, ids: ids.map((row) => row.id), added };
}

function cameAfter(db: Db, assetId: AssetId, version: number) {
  return db
    .selectFrom("piece_versions")
    .select("piece_id")
    .where("asset_id", "=", assetId)
    .where("version", ">", version);
}

/** `before` has to be what was known when the changes were asked for. */
export function withChanges(before: KnownPieces | undefined, { version, ids, added }: PieceChanges): KnownPieces {
  if (ids === null) return { version, pieces: before?.pieces ?? [] };
  const byId = new Map([...(before?.pieces ?? []), ...added.map(toPiece)].map((piece) => [piece.id, piece]));
  return { version, pieces: ids.flatMap((id) => byId.get(id) ?? []) };
}

export function withPieces(view: ChangedView, { pieces }: KnownPieces): AssetView {
  return { ...view, pieces };
}
