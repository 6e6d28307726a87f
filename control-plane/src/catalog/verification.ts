// Having copies read again and held against their hashes, one task for each node that holds some: all of an asset, or
// those of which an inventory and a report say different things.
import { VsError } from "@vstream/core/errors.ts";
import type { AssetId } from "@vstream/core/ids.ts";
import type { NewTask } from "../planning/decisions.ts";
import { assetRow, requireAssetRow } from "./assets.ts";
import type { Actor, NodeCopies } from "./catalog.ts";
import { listCopies } from "./copies.ts";
import { writeEvent } from "./events.ts";
import type { TaskRecord } from "./records.ts";
import { unsettle } from "./settling.ts";
import type { AssetRow, Db } from "./tables.ts";
import { findOpenTask, insertTask, toTaskRecord } from "./tasks.ts";

interface Change {
  readonly assetId: AssetId;
  readonly at: number;
  readonly actor: Actor;
}

/**
 * By node. Copies on a node that is down, or has not said what it holds since it was, do not count as verified.
 * @throws VsError asset_not_found, conflict when it is being deleted
 */
export async function createVerification(db: Db, { assetId, at, actor }: Change): Promise<TaskRecord[]> {
  const asset = await requireAssetRow(db, assetId);
  if (asset.state === "deleting") {
    throw new VsError("conflict", `asset ${assetId} is being deleted`, {
      hint: `Bring it back with: vsctl assets undelete ${assetId}`,
    });
  }
  const tasks: TaskRecord[] = [];
  let made = 0;
  for (const copies of await listCopies(db, assetId)) {
    const wanted = verifyTask(asset, copies, at);
    const open = await findOpenTask(db, wanted);
    tasks.push(toTaskRecord(open ?? (await insertTask(db, wanted, at))));
    if (open === undefined) made += 1;
  }
  if (made > 0) {
    const message = `the copies of "${asset.title}" on ${made} node(s) are read again and checked`;
    await writeEvent(db, { at, kind: "asset.verifying", subject: assetId, actor, message });
  }
  return tasks;
}

/** The node says which of these are not there, or not right. Nothing new while it reads copies of the asset anyway. */
export async function checkCopies(db: Db, copies: Holding & { readonly at: number }): Promise<void> {
  const asset = await assetRow(db, copies.assetId);
  if (copies.pieceIds.length === 0 || asset === undefined || asset.state === "deleting") return;
  const wanted = verifyTask(asset, copies, copies.at);
  if ((await findOpenTask(db, wanted)) !== undefined) return;
  await insertTask(db, wanted, copies.at);
  await unsettle(db, asset.id);
}

type Holding = Pick<NodeCopies, "nodeId" | "pieceIds"> & { readonly assetId: AssetId };

function verifyTask(
  asset: AssetRow,
  { nodeId, pieceIds }: Pick<NodeCopies, "nodeId" | "pieceIds">,
  at: number,
): NewTask {
  return {
    kind: "verify",
    assetId: asset.id,
    pieceId: "",
    discardPieceIds: pieceIds,
    nodeId,
    priority: asset.priority,
    rank: 0,
    preRollKeyframes: 0,
    notBefore: at,
  };
}
