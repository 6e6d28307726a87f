// The end of an asset: into the trash, back out of it, and forgotten for good behind a tombstone.
import { VsError } from "@vstream/core/errors.ts";
import type { AssetId } from "@vstream/core/ids.ts";
import { assetRow, changeAsset, requireAsset, requireAssetRow } from "./assets.ts";
import type { Actor } from "./catalog.ts";
import { cancelTasksOf } from "./end-task.ts";
import { writeEvent } from "./events.ts";
import { removeLabels } from "./labels.ts";
import type { AssetRecord } from "./records.ts";
import { unsettle } from "./settling.ts";
import type { AssetRow, Db } from "./tables.ts";

/** The most assets that one call of unsettleDueTrash has looked at again. */
export const dueTrashPerCall = 1000;

interface Change {
  readonly assetId: AssetId;
  readonly at: number;
  readonly actor: Actor;
}

export async function deleteAsset(db: Db, { assetId, at, actor }: Change): Promise<AssetRecord> {
  const asset = await requireAssetRow(db, assetId);
  if (asset.state === "deleting") {
    throw new VsError("conflict", `asset ${assetId} is in the trash already`, {
      hint: `Bring it back with: vsctl assets undelete ${assetId}`,
    });
  }
  const changes = { state: "deleting", deleted_at: at, state_before_delete: asset.state } as const;
  await changeAsset(db, assetId, changes, "visible");
  await cancelTasksOf(db, assetId, at);
  const message = `"${asset.title}" was put into the trash`;
  await writeEvent(db, { at, kind: "asset.deleted", subject: assetId, actor, message });
  return await requireAsset(db, assetId);
}

/** @throws VsError asset_not_found; conflict when it is not in the trash, or its copies are being deleted already */
export async function undeleteAsset(db: Db, { assetId, at, actor }: Change): Promise<AssetRecord> {
  const asset = await requireAssetRow(db, assetId);
  if (asset.state !== "deleting" || asset.state_before_delete === null) {
    throw new VsError("conflict", `asset ${assetId} is not in the trash: it is ${asset.state}`);
  }
  if (await isBeingEmptied(db, asset)) {
    throw new VsError("conflict", `the copies of asset ${assetId} are being deleted already`, {
      hint: "Ingest its source again",
    });
  }
  const changes = { state: asset.state_before_delete, deleted_at: null, state_before_delete: null };
  await changeAsset(db, assetId, changes, "visible");
  const message = `"${asset.title}" came back from the trash`;
  await writeEvent(db, { at, kind: "asset.undeleted", subject: assetId, actor, message });
  return await requireAsset(db, assetId);
}

/** Only an asset that is being deleted. Stores that still hold it are told to sweep. */
export async function forgetAsset(db: Db, assetId: AssetId, at: number): Promise<void> {
  const asset = await assetRow(db, assetId);
  if (asset?.state !== "deleting") return;
  await cancelTasksOf(db, assetId, at);
  await removeLabels(db, assetId);
  await db.insertInto("tombstones").values({ asset_id: assetId, forgotten_at: at }).execute();
  await db.deleteFrom("assets").where("id", "=", assetId).execute();
  const message = `"${asset.title}" is gone, with all its copies`;
  await writeEvent(db, { at, kind: "asset.forgotten", subject: assetId, actor: "vstream", message });
}

/** Those that are looked at anyway stay as they are. */
export async function unsettleDueTrash(db: Db, { before }: { before: number }): Promise<number> {
  const due = await db
    .selectFrom("assets")
    .select("id")
    .where("state", "=", "deleting")
    .where("deleted_at", "<=", before)
    .where("id", "not in", db.selectFrom("unsettled").select("asset_id"))
    .limit(dueTrashPerCall)
    .execute();
  for (const { id } of due) await unsettle(db, id);
  return due.length;
}

async function isBeingEmptied(db: Db, asset: AssetRow): Promise<boolean> {
  const discard = await db
    .selectFrom("tasks")
    .select("id")
    .where("asset_id", "=", asset.id)
    .where("kind", "=", "discard")
    .where("created_at", ">=", asset.deleted_at ?? 0)
    .where("attempt", ">", 0)
    .limit(1)
    .executeTakeFirst();
  return discard !== undefined;
}
