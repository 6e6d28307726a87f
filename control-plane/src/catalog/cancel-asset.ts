// The end of what is being made: of an asset that is not ready yet, or of the next edition of one that is.
import { VsError } from "@vstream/core/errors.ts";
import { changeAsset, requireAsset } from "./assets.ts";
import type { CatalogCommands } from "./catalog.ts";
import { dropNext } from "./editions.ts";
import { cancelTasksOf } from "./end-task.ts";
import { writeEvent } from "./events.ts";
import { toJson } from "./json-column.ts";
import type { AssetRecord } from "./records.ts";
import type { Db } from "./tables.ts";

type Change = Parameters<CatalogCommands["cancelAsset"]>[0];

export async function cancelAsset(db: Db, change: Change): Promise<AssetRecord> {
  const asset = await requireAsset(db, change.assetId);
  switch (asset.state) {
    case "uploading":
    case "processing":
    case "playable":
      await giveUpAsset(db, asset, change);
      break;
    case "ready":
      await cancelEdition(db, asset, change);
      break;
    case "failed":
    case "deleting":
      throw nothingToCancel(asset);
  }
  return await requireAsset(db, asset.id);
}

// Players are told: what they were given goes within seconds.
async function giveUpAsset(db: Db, { id, title }: AssetRecord, { at, actor }: Change): Promise<void> {
  const message = `the making of asset ${id} was cancelled by ${actor}`;
  const error = { code: "cancelled", message, hint: "Ingest its source again: vsctl ingest FILE" } as const;
  await changeAsset(db, id, { state: "failed", error: toJson(error), next_edition: null }, "visible");
  await cancelTasksOf(db, id, at, "discard");
  const said = `"${title}" was cancelled; what was made of it is deleted`;
  await writeEvent(db, { at, kind: "asset.cancelled", subject: id, actor, message: said });
}

async function cancelEdition(db: Db, asset: AssetRecord, { at, actor }: Change): Promise<void> {
  const { id, title, nextEdition } = asset;
  if (nextEdition === null) throw nothingToCancel(asset);
  const reason = "the edition that it is for was cancelled";
  await dropNext(db, id, { edition: nextEdition.edition, cause: { reason, actor, at } });
  const message = `the new encoding of "${title}" with ladder ${nextEdition.ladder} was cancelled; the present one stays`;
  await writeEvent(db, { at, kind: "asset.edition_cancelled", subject: id, actor, message });
}

function nothingToCancel({ id, state }: AssetRecord): VsError {
  const why = state === "failed" ? "it has failed already" : `it is ${state === "deleting" ? "in the trash" : state}`;
  const hint = state === "ready" ? { hint: `To be rid of it: vsctl assets delete ${id}` } : {};
  return new VsError("conflict", `nothing of asset ${id} is being made: ${why}`, hint);
}
