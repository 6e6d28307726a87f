// Which editions of an asset are kept: the present one, the next, and those before that are still served. The others go,
// and nothing of theirs is missed.
import { sql } from "kysely";
import { editionOf, sourcePieceId } from "@vstream/core/ids.ts";
import type { PieceId } from "@vstream/core/ids.ts";
import { changeAsset } from "./assets.ts";
import { writeEvent } from "./events.ts";
import { fromJson, toJson } from "./json-column.ts";
import { unsettle } from "./settling.ts";
import { hasSourceOver, sourceIsOver } from "./source-keeping.ts";
import { nextEditionFromJson, previousEditionsFromJson } from "./stored-media.ts";
import type { AssetRow, Db } from "./tables.ts";

/** The most assets that one call of unsettleDueEditions has looked at again. */
const dueEditionsPerCall = 1000;
/** Of pieces that belong to one edition; all others belong to the asset. */
const editionKinds = ["video", "audio", "images"] as const;

/** Tells of a piece whether nobody is to be given its edition any more, or it is the source and not kept any more. */
export function overIn(asset: AssetRow): (pieceId: PieceId) => boolean {
  const kept = keptEditions(asset);
  return (pieceId) => {
    if (pieceId === sourcePieceId) return hasSourceOver(asset);
    const edition = editionOf(pieceId);
    return edition !== null && !kept.has(edition);
  };
}

/**
 * The same in a query that reads assets and pieces under these names. Of an edition in JSON, its number stands first:
 * both engines find it as text.
 */
export const pieceIsOver = sql<boolean>`(
  (pieces.id = ${sql.lit(sourcePieceId)} and ${sourceIsOver})
  or (pieces.kind in ('video', 'audio', 'images') and pieces.edition <> assets.edition
    and coalesce(assets.next_edition, '') not like '%"edition":' || pieces.edition || ',%'
    and assets.previous_editions not like '%"edition":' || pieces.edition || ',%'))`;

/** Players that began with it are not served it any more; planning discards it. */
export async function retireEdition(
  db: Db,
  asset: AssetRow,
  { edition, at }: { readonly edition: number; readonly at: number },
): Promise<void> {
  const previous = fromJson(asset.previous_editions);
  const kept = previous.filter((one) => one.edition !== edition);
  if (kept.length === previous.length) return;
  await changeAsset(db, asset.id, { previous_editions: toJson(kept) }, "visible");
  const message = `what "${asset.title}" was before it was encoded anew is not served any more`;
  await writeEvent(db, { at, kind: "asset.edition_retired", subject: asset.id, actor: "vstream", message });
}

/**
 * Of editions that are neither present nor next nor still served, the pieces of which no copy can be anywhere; a source
 * that is not kept any more, as well.
 */
export async function forgetEditions(db: Db, asset: AssetRow): Promise<void> {
  const gone = await db
    .deleteFrom("pieces")
    .where("asset_id", "=", asset.id)
    .where((eb) =>
      eb.or([
        eb("kind", "in", editionKinds).and("edition", "not in", [...keptEditions(asset)]),
        ...(hasSourceOver(asset) ? [eb("kind", "=", "source")] : []),
      ]),
    )
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom("replicas")
            .select("replicas.node_id")
            .whereRef("replicas.asset_id", "=", "pieces.asset_id")
            .whereRef("replicas.piece_id", "=", "pieces.id")
            .where("replicas.state", "<>", "lost"),
        ),
      ),
    )
    .returning("bytes")
    .execute();
  if (gone.length === 0) return;
  const bytes = gone.reduce((sum, piece) => sum + piece.bytes, 0);
  await db
    .updateTable("assets")
    .set((eb) => ({
      piece_count: eb("piece_count", "-", gone.length),
      piece_bytes: eb("piece_bytes", "-", bytes),
      piece_version: eb("piece_version", "+", 1),
    }))
    .where("id", "=", asset.id)
    .execute();
  await unsettle(db, asset.id);
}

/** Assets with an edition whose time is over are looked at again; those that are looked at anyway stay as they are. */
export async function unsettleDueEditions(db: Db, { before }: { before: number }): Promise<number> {
  const kept = await db
    .selectFrom("assets")
    .select(["id", "previous_editions"])
    // A literal, so that the partial index is seen to cover it.
    .where("previous_editions", "<>", sql.lit(toJson([])))
    // In the trash nothing is retired.
    .where("state", "=", "ready")
    .where("id", "not in", db.selectFrom("unsettled").select("asset_id"))
    .execute();
  const due = kept.filter((row) => fromJson(row.previous_editions).some(({ replacedAt }) => replacedAt <= before));
  for (const { id } of due.slice(0, dueEditionsPerCall)) await unsettle(db, id);
  return Math.min(due.length, dueEditionsPerCall);
}

function keptEditions(asset: AssetRow): Set<number> {
  const next = asset.next_edition === null ? [] : [nextEditionFromJson(asset.next_edition)];
  const beside = [...next, ...previousEditionsFromJson(asset.previous_editions)];
  return new Set([asset.edition, ...beside.map(({ edition }) => edition)]);
}
