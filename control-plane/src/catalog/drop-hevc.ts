// A plan whose rungs in HEVC no node can make any more goes on without them, as one does that was made without such nodes.
import { editionOf } from "@vstream/core/ids.ts";
import type { AssetId } from "@vstream/core/ids.ts";
import { changeAsset } from "./assets.ts";
import { writeEvent } from "./events.ts";
import { toJson } from "./json-column.ts";
import type { EncodePlan } from "./records.ts";
import { nextEditionFromJson, planFromJson } from "./stored-media.ts";
import type { AssetRow, AssetsTable, Db } from "./tables.ts";

/** Of the present edition, or of the next one. Nothing happens when any of its video is made or is being made by now. */
export async function dropHevc(
  db: Db,
  asset: AssetRow,
  { edition, at }: { readonly edition: number; readonly at: number },
): Promise<void> {
  const columns = edition === asset.edition ? ofPresent(asset) : ofNext(asset, edition);
  if (columns === null || (await isBegun(db, asset.id, edition))) return;
  await changeAsset(db, asset.id, columns, edition === asset.edition ? "visible" : "unseen");
  const message = `"${asset.title}" is made without HEVC: no node that takes work has libx265 any more`;
  await writeEvent(db, { at, kind: "asset.hevc_dropped", subject: asset.id, actor: "vstream", message });
}

function ofPresent({ plan, state, released_chunks: released }: AssetRow): Partial<AssetsTable> | null {
  const isBeingMade = (state === "processing" || state === "playable") && released === 0;
  return plan === null || !isBeingMade ? null : { plan: toJson(withoutHevc(planFromJson(plan))) };
}

function ofNext({ next_edition: json }: AssetRow, edition: number): Partial<AssetsTable> | null {
  const next = json === null ? null : nextEditionFromJson(json);
  if (next?.edition !== edition || next.plan === null) return null;
  return { next_edition: toJson({ ...next, plan: withoutHevc(next.plan) }) };
}

// The other targets do not depend on these rungs: images are of what every machine decodes.
function withoutHevc(plan: EncodePlan): EncodePlan {
  return { ...plan, rungs: plan.rungs.filter(({ codec }) => codec !== "hevc") };
}

async function isBegun(db: Db, assetId: AssetId, edition: number): Promise<boolean> {
  const piece = db
    .selectFrom("pieces")
    .select("id")
    .where("asset_id", "=", assetId)
    .where("edition", "=", edition)
    .where("kind", "=", "video");
  const task = db
    .selectFrom("tasks")
    .select("piece_id")
    .where("asset_id", "=", assetId)
    .where("kind", "=", "transcode")
    .where("state", "=", "leased");
  const leased = (await task.execute()).some(({ piece_id: id }) => id !== "" && (editionOf(id) ?? 0) === edition);
  return leased || (await piece.executeTakeFirst()) !== undefined;
}
