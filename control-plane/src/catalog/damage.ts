// Copies that a node found wrong on its disk and has dropped: they count as lost from now on, and are made again.
import type { AssetId, NodeId, PieceId } from "@vstream/core/ids.ts";
import { assetRow } from "./assets.ts";
import type { CatalogCommands } from "./catalog.ts";
import { writeEvent } from "./events.ts";
import { requireNode } from "./nodes.ts";
import { heldAmong, loseCopies } from "./replicas.ts";
import { unsettle } from "./settling.ts";
import type { Db } from "./tables.ts";
import { checkCopies } from "./verification.ts";

/** As many pieces are named in an event; of the others it says how many there are. */
const namedPieces = 20;

export interface Damage {
  readonly assetId: AssetId;
  readonly nodeId: NodeId;
  readonly pieceIds: readonly PieceId[];
  readonly at: number;
}

/** Gives how many copies are lost by it. @throws VsError node_not_found */
export async function recordDamage(
  db: Db,
  { nodeId, entries, at }: Parameters<CatalogCommands["recordDamage"]>[0],
): Promise<number> {
  await requireNode(db, nodeId);
  let count = 0;
  for (const { assetId, pieceIds } of entries) {
    const lost = await loseDamaged(db, { assetId, nodeId, pieceIds, at });
    await askForLast(db, { assetId, nodeId, pieceIds: lost, at });
    count += lost.length;
  }
  return count;
}

// What arrives late may have been said before the copy was made again. Before the asset is given up for it, the node is
// asked whether it stands there.
async function askForLast(db: Db, { assetId, nodeId, pieceIds, at }: Damage): Promise<void> {
  const elsewhere = await heldAmong(db, { assetId, pieceIds });
  const last = pieceIds.filter((pieceId) => !elsewhere.has(pieceId));
  await checkCopies(db, { assetId, nodeId, pieceIds: last, at });
}

/**
 * Copies that were not verified anyway are left as they are, and neither told nor counted, so that a repetition has no
 * effect as long as they were not made again. Gives how many are lost by it.
 */
export async function takeDamage(db: Db, damage: Damage): Promise<number> {
  return (await loseDamaged(db, damage)).length;
}

async function loseDamaged(db: Db, { assetId, nodeId, pieceIds, at }: Damage): Promise<PieceId[]> {
  const lost = await loseCopies(db, { assetId, nodeId, pieceIds });
  if (lost.length === 0) return [];
  await unsettle(db, assetId);
  const { name } = await requireNode(db, nodeId);
  const title = (await assetRow(db, assetId))?.title ?? assetId;
  const message = `${name} found ${listed(lost)} of "${title}" damaged on its disk; it is made whole again`;
  await writeEvent(db, { at, kind: "asset.copy_damaged", subject: assetId, actor: `node:${name}`, message });
  return lost;
}

function listed(pieceIds: readonly PieceId[]): string {
  const named = pieceIds.toSorted().slice(0, namedPieces).join(", ");
  const others = pieceIds.length - namedPieces;
  return others > 0 ? `${named} and ${others} more` : named;
}
