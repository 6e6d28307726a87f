// What vsctl asks about assets.
import { VsError } from "@vstream/core/errors.ts";
import type { CatalogQueries } from "../../catalog/catalog.ts";
import type { AssetRecord, NodeRecord } from "../../catalog/records.ts";
import { playbackOf } from "../playback-urls.ts";
import * as check from "../wire/checks.ts";
import { failureFromWire } from "../wire/failures.ts";
import type { AdminAnswers, AdminDeps } from "./admin-calls.ts";
import { createAsset } from "./create-asset.ts";
import { listQuery } from "./find-node.ts";
import { findAsset, showAsset, showSummary } from "./show-asset.ts";
import { isAwaitingSource, moveUpload, placeUpload, requireUpload, ticketFor } from "./upload-place.ts";

type AssetAnswers = Pick<
  AdminAnswers,
  | "createAsset"
  | "renewUpload"
  | "abandonUpload"
  | "getAsset"
  | "listAssets"
  | "deleteAsset"
  | "undeleteAsset"
  | "getPlayback"
>;

const searchLength = 256;

export function assetAnswers(deps: AdminDeps): AssetAnswers {
  const { commands, queries } = deps.catalog;
  return {
    createAsset: async (request, { caller }) => await createAsset(deps, request, caller.actor),
    async renewUpload(request) {
      const { asset } = await findAsset(deps, check.assetId(request.assetId));
      requireUpload(asset);
      if (!(await isAwaitingSource(deps, asset))) throw notAwaiting(asset);
      const here = request.nodeFailed ? await moveUpload(deps, asset) : await placeUpload(deps, asset);
      return { upload: await ticketFor(deps, here) };
    },
    async abandonUpload(request, { caller }) {
      const assetId = check.assetId(request.assetId);
      requireUpload((await findAsset(deps, assetId)).asset);
      const reason = failureFromWire(check.present(request.reason, "reason"));
      await commands.failUpload({ assetId, failure: reason, at: deps.clock.now(), actor: caller.actor });
      deps.loop.kick([assetId]);
      return {};
    },
    async getAsset(request) {
      return { asset: await showAsset(deps, check.assetId(request.id)) };
    },
    async listAssets(request) {
      const search = check.text(request.search, "search", { max: searchLength });
      const page = await queries.listAssets({ ...(await listQuery(queries, request.options)), search });
      const items = await Promise.all(page.items.map(async (summary) => await showSummary(deps, summary)));
      return { items, nextCursor: page.nextCursor ?? "" };
    },
    async deleteAsset(request, { caller }) {
      const assetId = check.assetId(request.id);
      await commands.deleteAsset({ assetId, at: deps.clock.now(), actor: caller.actor });
      deps.loop.kick([assetId]);
      return { asset: await showAsset(deps, assetId) };
    },
    async undeleteAsset(request, { caller }) {
      const assetId = check.assetId(request.id);
      await commands.undeleteAsset({ assetId, at: deps.clock.now(), actor: caller.actor });
      deps.loop.kick([assetId]);
      return { asset: await showAsset(deps, assetId) };
    },
    async getPlayback(request) {
      const summary = await findAsset(deps, check.assetId(request.id));
      const homes = await homesOf(queries, summary.asset);
      return { asset: await showSummary(deps, summary), playback: playbackOf(summary, homes) };
    },
  };
}

async function homesOf(queries: Pick<CatalogQueries, "getNode">, asset: AssetRecord): Promise<NodeRecord[]> {
  const nodes = await Promise.all(asset.homes.map(async (nodeId) => await queries.getNode(nodeId)));
  return nodes.filter((node) => node !== null);
}

function notAwaiting(asset: AssetRecord): VsError {
  return new VsError("conflict", `the asset ${asset.id} is not waiting for its source: it is ${asset.state}`, {
    hint: `See how it stands: vsctl assets show ${asset.id}`,
  });
}
