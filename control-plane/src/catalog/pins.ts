// Nodes that an asset is pinned to, by its policy.
import { VsError } from "@vstream/core/errors.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import { sql } from "kysely";
import { fromJson, toJson } from "./json-column.ts";
import type { Db } from "./tables.ts";

/** @throws VsError invalid_argument when more nodes are pinned than copies wanted */
export function checkPins(pins: readonly NodeId[], replicas: number): void {
  if (pins.length <= replicas) return;
  const found = `${pins.length} nodes are pinned, but only ${replicas} copies wanted`;
  throw new VsError("invalid_argument", found, { hint: `Pin fewer nodes, or ask for --replicas ${pins.length}` });
}

/** A subquery: the ids of the assets that are pinned to the node. */
export function pinnedTo(db: Db, nodeId: NodeId) {
  return (
    db
      .selectFrom("assets")
      .select("assets.id")
      // A literal, so that the partial index is seen to cover it.
      .where(sql<boolean>`assets.pins <> '[]'`)
      .where(sql<boolean>`assets.pins like ${`%"${nodeId}"%`}`)
  );
}

/** For a node that goes: nothing is pinned to it any more. One of the same name that comes later is another node. */
export async function forgetPin(db: Db, nodeId: NodeId): Promise<void> {
  const pinned = await pinnedTo(db, nodeId).select("assets.pins").execute();
  for (const { id, pins } of pinned) {
    const kept = toJson(fromJson(pins).filter((pin) => pin !== nodeId));
    await db.updateTable("assets").set({ pins: kept }).where("id", "=", id).execute();
  }
}
