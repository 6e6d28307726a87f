// What users change of assets that are there, and what they give up.
import { VsError } from "@vstream/core/errors.ts";
import type { UpdateAssetRequest } from "@vstream/proto/admin.ts";
import type { AssetChanges } from "../../catalog/catalog.ts";
import { keepSources } from "../../catalog/records.ts";
import * as check from "../wire/checks.ts";
import type { AdminAnswers, AdminDeps } from "./admin-calls.ts";
import { pinsFrom, regionsFrom, replicasFrom, titleFrom } from "./asset-wishes.ts";
import { showAsset } from "./show-asset.ts";
import { subtitleFilesFrom } from "./subtitle-files.ts";

export function careAnswers(deps: AdminDeps): Pick<AdminAnswers, "updateAsset" | "cancelAsset"> {
  const { commands } = deps.catalog;
  return {
    async updateAsset(request, { caller }) {
      const assetId = check.assetId(request.id);
      const changes = await changesFrom(deps, request);
      await commands.updateAsset({ assetId, changes, at: deps.clock.now(), actor: caller.actor });
      deps.loop.kick([assetId]);
      return { asset: await showAsset(deps, assetId) };
    },
    async cancelAsset(request, { caller }) {
      const assetId = check.assetId(request.id);
      await commands.cancelAsset({ assetId, at: deps.clock.now(), actor: caller.actor });
      deps.loop.kick([assetId]);
      return { asset: await showAsset(deps, assetId) };
    },
  };
}

async function changesFrom(deps: AdminDeps, request: UpdateAssetRequest): Promise<AssetChanges> {
  const { title, replicas, regions, pinnedNodes, keepSource } = request;
  const removed = check.atMost(request.removeLabels, "labels to remove", check.labelLimits.count);
  const changes: AssetChanges = {
    title: title === undefined ? null : titleFrom(title),
    setLabels: check.labels(request.setLabels),
    removeLabels: removed.map((name) => check.text(name, "label name", { min: 1, max: check.labelLimits.keyLength })),
    addSubtitles: subtitleFilesFrom(request.addSubtitles),
    replicasWanted: replicas === undefined ? null : replicasFrom(replicas),
    regions: regions === undefined ? null : await regionsFrom(deps, regions.regions),
    pins: pinnedNodes === undefined ? null : await pinsFrom(deps, pinnedNodes.nodes),
    keepSource: keepSource === undefined ? null : check.oneOf(keepSource, "keep source", keepSources),
  };
  const asked = Object.values({ ...changes, setLabels: Object.keys(changes.setLabels) });
  if (asked.some((change) => change !== null && (!Array.isArray(change) || change.length > 0))) return changes;
  if (regions !== undefined || pinnedNodes !== undefined) return changes;
  throw new VsError("invalid_argument", "the update names nothing to change", { hint: "Name at least one change" });
}
