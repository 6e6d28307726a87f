// An asset looked up and shown; used by every call that answers with one.
import { VsError } from "@vstream/core/errors.ts";
import type { AssetId } from "@vstream/core/ids.ts";
import type { Asset as WireAsset } from "@vstream/proto/admin.ts";
import type { AssetSummary } from "../../catalog/catalog.ts";
import { progressOfAsset, settledProgress } from "../asset-progress.ts";
import type { RawProgress } from "../asset-progress.ts";
import { assetToWire } from "../asset-view.ts";
import type { AdminDeps } from "./admin-calls.ts";

type Deps = Pick<AdminDeps, "catalog" | "loop" | "pace">;

/** @throws VsError asset_not_found */
export async function findAsset(deps: Pick<Deps, "catalog">, id: AssetId): Promise<AssetSummary> {
  const summary = await deps.catalog.queries.getAsset(id);
  if (summary !== null) return summary;
  throw new VsError("asset_not_found", `there is no asset ${id}`, { hint: "See all assets: vsctl assets list" });
}

export async function showAsset(deps: Deps, id: AssetId): Promise<WireAsset> {
  return await showSummary(deps, await findAsset(deps, id));
}

export async function showSummary(deps: Deps, summary: AssetSummary): Promise<WireAsset> {
  const { asset } = summary;
  const settled = settledProgress(asset);
  if (settled !== undefined) {
    return assetToWire({ summary, progress: deps.pace.forget(asset.id, settled), pieces: [] });
  }
  // The pieces are read only where they are looked at: while work goes on.
  const view = await deps.catalog.queries.getAssetView(asset.id);
  const raw = view === null ? gone : progressOfAsset(view, (task) => deps.loop.progressOf(task.id));
  return assetToWire({ summary, progress: deps.pace.follow(asset.id, raw), pieces: view?.pieces ?? [] });
}

const gone: RawProgress = { progress: 0, step: "gone", nextProgress: 0, speed: 0, secondsLeft: null };
