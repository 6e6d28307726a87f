// Copies that a node found wrong on its disk and has dropped: they count as lost from now on, and are made again.
import type { AssetId, NodeId, PieceId } from "@vstream/core/ids.ts";
import { assetRow } from "./assets.ts";
import type { CatalogCommands } from "./catalog.ts";
import { writeEvent } from "./events.ts";
import { requireNode } from "./nodes.ts";
import { loseCopies } from "./replicas.ts";
import { unsettle } from "./settling.ts";
import type { Db } from "./tables.ts";

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
  let lost = 0;
  for (const { assetId, pieceIds } of entries) lost += await takeDamage(db, { assetId, nodeId, pieceIds, at });
  return lost;
}

/**
 * Copies that were not verified anyway are left as they are, and neither told nor counted, so that a repetition has no
 * effect as long as they were not made again. Gives how many are lost by it.
 */
export async function takeDamage(db: Db, { assetId, nodeId, pieceIds, at }: Damage): Promise<number> {
  const lost = await loseCopies(db, { assetId, nodeId, pieceIds });
  if (lost.length === 0) return 0;
  await unsettle(db, assetId);
  const { name } = await requireNode(db, nodeId);
  const title = (await assetRow(db, assetId))?.title ?? assetId;
  const message = `${name} found ${listed(lost)} of "${title}" damaged on its disk; it is made whole again`;
  await writeEvent(db, { at, kind: "asset.copy_damaged", subject: assetId, actor: `node:${name}`, message });
  return lost.length;
}

function listed(pieceIds: readonly PieceId[]): string {
  const named = pieceIds.toSorted().slice(0, namedPieces).join(", ");
  const others = pieceIds.length - namedPieces;
  return others > 0 ? `${named} and ${others} more` : named;
}
