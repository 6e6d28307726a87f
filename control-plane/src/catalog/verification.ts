// Having every copy of an asset read again and held against its hashes: one task for each node that holds some.
import { VsError } from "@vstream/core/errors.ts";
import type { AssetId } from "@vstream/core/ids.ts";
import type { NewTask } from "../planning/decisions.ts";
import { requireAssetRow } from "./assets.ts";
import type { Actor, NodeCopies } from "./catalog.ts";
import { listCopies } from "./copies.ts";
import { writeEvent } from "./events.ts";
import type { TaskRecord } from "./records.ts";
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

function verifyTask(asset: AssetRow, { nodeId, pieceIds }: NodeCopies, at: number): NewTask {
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
