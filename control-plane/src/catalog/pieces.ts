// The pieces' table: a piece is stored once, with the objects that its first report named; later reports have to
// name the same. How many an asset has, and how large they are, is kept in its row.
import { bytesOf, objectsOf } from "@vstream/core/media.ts";
import type { Piece, PieceContent } from "@vstream/core/media.ts";
import { editionOf } from "@vstream/core/ids.ts";
import type { AssetId, NodeId, PieceId } from "@vstream/core/ids.ts";
import { isExtra } from "../planning/asset-facts.ts";
import type { Actor } from "./catalog.ts";
import { writeEvent } from "./events.ts";
import { toJson } from "./json-column.ts";
import { contentFromJson, contentToJson } from "./stored-media.ts";
import type { Db, PieceRow } from "./tables.ts";

export interface ArrivedPieces {
  readonly assetId: AssetId;
  readonly nodeId: NodeId;
  readonly pieces: readonly Piece[];
  readonly at: number;
  readonly actor: Actor;
}

/**
 * Stores what is new. The first piece that differs from the one that is there already is returned, an event says so,
 * and nothing is stored.
 */
export async function storePieces(db: Db, arrived: ArrivedPieces): Promise<Piece | null> {
  const known = new Map((await piecesOf(db, arrived.assetId, idsOf(arrived.pieces))).map((piece) => [piece.id, piece]));
  const differing = arrived.pieces.find((piece) => known.has(piece.id) && !samePiece(known.get(piece.id), piece));
  if (differing !== undefined) {
    await reportMismatch(db, arrived, differing);
    return differing;
  }
  await insertPieces(
    db,
    arrived.assetId,
    arrived.pieces.filter((piece) => !known.has(piece.id)),
  );
  return null;
}

export async function piecesOf(db: Db, assetId: AssetId, ids: readonly PieceId[]): Promise<Piece[]> {
  if (ids.length === 0) return [];
  const rows = await db
    .selectFrom("pieces")
    .selectAll()
    .where("asset_id", "=", assetId)
    .where("id", "in", ids)
    .execute();
  return rows.map(toPiece);
}

export async function hasPiece(db: Db, assetId: AssetId, id: PieceId): Promise<boolean> {
  const row = await db
    .selectFrom("pieces")
    .select("id")
    .where("asset_id", "=", assetId)
    .where("id", "=", id)
    .executeTakeFirst();
  return row !== undefined;
}

/** The row and its copies go. Who still holds a copy of it is kept, for inventories. */
export async function dropPiece(db: Db, assetId: AssetId, id: PieceId): Promise<void> {
  await db
    .insertInto("dropped_copies")
    .columns(["asset_id", "piece_id", "node_id"])
    .expression((eb) =>
      eb
        .selectFrom("replicas")
        .select(["asset_id", "piece_id", "node_id"])
        .where("asset_id", "=", assetId)
        .where("piece_id", "=", id),
    )
    .onConflict((row) => row.doNothing())
    .execute();
  const dropped = await db
    .deleteFrom("pieces")
    .where("asset_id", "=", assetId)
    .where("id", "=", id)
    .returning(["bytes", "kind"])
    .executeTakeFirst();
  if (dropped !== undefined) await resize(db, assetId, { pieces: -1, bytes: -dropped.bytes, seen: isExtra(dropped) });
}

export function toPiece(row: Pick<PieceRow, "id" | "content" | "toolchain" | "made_by">): Piece {
  return { id: row.id, content: contentFromJson(row.content), toolchain: row.toolchain, madeBy: row.made_by };
}

async function insertPieces(db: Db, assetId: AssetId, pieces: readonly Piece[]): Promise<void> {
  if (pieces.length === 0) return;
  const bytes = pieces.reduce((sum, piece) => sum + bytesOf(piece.content), 0);
  const seen = pieces.some(({ content }) => isExtra(content));
  const version = await resize(db, assetId, { pieces: pieces.length, bytes, seen });
  const rows = pieces.map((piece) => toRow(assetId, piece));
  await db.insertInto("pieces").values(rows).execute();
  const versions = pieces.map((piece) => ({ asset_id: assetId, piece_id: piece.id, version }));
  await db.insertInto("piece_versions").values(versions).execute();
  await writeProvenance(db, assetId, pieces);
}

// Kept in a table beside the pieces, since planning and players never ask for it; it goes with the piece.
async function writeProvenance(db: Db, assetId: AssetId, pieces: readonly Piece[]): Promise<void> {
  const rows = pieces.flatMap(({ id, arguments: told = [] }) =>
    told.length === 0 ? [] : [{ asset_id: assetId, piece_id: id, arguments: toJson(told) }],
  );
  if (rows.length > 0) await db.insertInto("provenance").values(rows).execute();
}

// Players hear of what is in no chunk by a manifest of its own version. Gives the new version of the asset's pieces.
async function resize(
  db: Db,
  assetId: AssetId,
  by: { readonly pieces: number; readonly bytes: number; readonly seen: boolean },
): Promise<number> {
  const { piece_version: version } = await db
    .updateTable("assets")
    .set((eb) => ({
      piece_count: eb("piece_count", "+", by.pieces),
      piece_bytes: eb("piece_bytes", "+", by.bytes),
      piece_version: eb("piece_version", "+", 1),
      manifest_version: eb("manifest_version", "+", by.seen ? 1 : 0),
    }))
    .where("id", "=", assetId)
    .returning("piece_version")
    .executeTakeFirstOrThrow();
  return version;
}

function toRow(assetId: AssetId, piece: Piece): PieceRow {
  const { content } = piece;
  return {
    asset_id: assetId,
    id: piece.id,
    kind: content.kind,
    chunk: "chunk" in content ? content.chunk : -1,
    track: "track" in content ? content.track : -1,
    content: contentToJson(content),
    toolchain: piece.toolchain,
    made_by: piece.madeBy,
    bytes: bytesOf(content),
    edition: editionOf(piece.id) ?? 0,
  };
}

/** Whether both consist of the same objects. */
export function samePiece(known: Piece | undefined, arrived: Piece): boolean {
  return known !== undefined && objectNames(known.content) === objectNames(arrived.content);
}

// In their order: the same objects in another order would be another piece.
function objectNames(content: PieceContent): string {
  return objectsOf(content)
    .map((object) => object.sha256)
    .join(" ");
}

export function idsOf(pieces: readonly Piece[]): PieceId[] {
  return pieces.map((piece) => piece.id);
}

async function reportMismatch(db: Db, { assetId, nodeId, at, actor }: ArrivedPieces, piece: Piece): Promise<void> {
  await writeEvent(db, {
    at,
    kind: "asset.mismatch",
    subject: assetId,
    actor,
    message: `${nodeId} made ${piece.id} with other bytes than stand in the catalog; the first ones are kept`,
  });
}
