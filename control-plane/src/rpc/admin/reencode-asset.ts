// Encoding an asset anew with another ladder, while what it has plays.
import type { ReencodeAssetRequest, ReencodeAssetResponse } from "@vstream/proto/admin.ts";
import { assertLadderName } from "../../planning/choose-ladder.ts";
import * as check from "../wire/checks.ts";
import type { Actor } from "../../catalog/catalog.ts";
import type { AdminDeps } from "./admin-calls.ts";
import { showAsset } from "./show-asset.ts";

/** @throws VsError asset_not_found; invalid_argument for a ladder that there is not; conflict when it cannot be now */
export async function reencodeAsset(
  deps: AdminDeps,
  { request, actor }: { readonly request: ReencodeAssetRequest; readonly actor: Actor },
): Promise<ReencodeAssetResponse> {
  const assetId = check.assetId(request.id);
  const ladder = check.text(request.ladder, "ladder", { min: 1, max: 64 });
  assertLadderName(ladder, deps.settings.ladders);
  await deps.catalog.commands.reencodeAsset({ assetId, ladder, at: deps.clock.now(), actor });
  deps.loop.kick([assetId]);
  return { asset: await showAsset(deps, assetId) };
}
