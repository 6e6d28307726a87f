// From where an asset's source can be fetched back, and the right to do so: a ticket for each node that is up and holds
// a verified copy.
import { VsError } from "@vstream/core/errors.ts";
import { sourcePieceId } from "@vstream/core/ids.ts";
import type { NodeId, Sha256 } from "@vstream/core/ids.ts";
import type { DownloadSourceRequest, DownloadSourceResponse, SourceTicket } from "@vstream/proto/admin.ts";
import type { AssetRecord, AssetView, NodeRecord } from "../../catalog/records.ts";
import { isLeaving } from "../../planning/cluster.ts";
import { isSourceOver } from "../../planning/keep-source.ts";
import * as check from "../wire/checks.ts";
import type { AdminDeps } from "./admin-calls.ts";
import { findAsset, showSummary } from "./show-asset.ts";

type Deps = Pick<AdminDeps, "catalog" | "loop" | "pace" | "tickets">;

/** @throws VsError asset_not_found; conflict when it has none yet; not_found when none is left; unavailable */
export async function downloadSource(deps: Deps, request: DownloadSourceRequest): Promise<DownloadSourceResponse> {
  const summary = await findAsset(deps, check.assetId(request.id));
  const { asset } = summary;
  const view = await deps.catalog.queries.getAssetView(asset.id);
  const copies = (view?.replicas ?? []).filter(({ pieceId, state }) => pieceId === sourcePieceId && state !== "lost");
  const nodes = await Promise.all(copies.map(async ({ nodeId }) => await deps.catalog.queries.getNode(nodeId)));
  const holders = nodes.filter((node) => node !== null);
  const verified = new Set(copies.filter(({ state }) => state === "verified").map(({ nodeId }) => nodeId));
  const serving = holders.filter((node) => node.health === "up" && verified.has(node.id));
  const { sourceSha256 } = asset;
  if (serving.length === 0 || sourceSha256 === null) throw noSource(asset, view, holders);
  const tickets = bestFirst(serving, deps, asset).map((node) => ticketFor(deps, { asset, sourceSha256, node }));
  return { asset: await showSummary(deps, summary), tickets: await Promise.all(tickets) };
}

// Those that stay before those that leave, those that send least first, then in serving order.
function bestFirst(nodes: readonly NodeRecord[], { loop }: Deps, asset: AssetRecord): NodeRecord[] {
  const sends = (node: NodeRecord): number => loop.loadOf(node.id)?.egressBps ?? 0;
  const place = (nodeId: NodeId): number => asset.homes.indexOf(nodeId) >>> 0;
  return nodes.toSorted(
    (one, other) =>
      Number(isLeaving(one)) - Number(isLeaving(other)) || sends(one) - sends(other) || place(one.id) - place(other.id),
  );
}

async function ticketFor(
  { tickets }: Deps,
  { asset, sourceSha256, node }: { asset: AssetRecord; sourceSha256: Sha256; node: NodeRecord },
): Promise<SourceTicket> {
  const { token, expiresAt } = await tickets.issueDownload({
    ...{ assetId: asset.id, nodeId: node.id, bytes: asset.sourceBytes, sha256: sourceSha256, name: asset.sourceName },
  });
  return { url: `${node.playbackUrl.replace(/\/+$/, "")}/sources/${asset.id}`, token, expiresAt, nodeId: node.id };
}

function noSource(asset: AssetRecord, view: AssetView | null, holders: readonly NodeRecord[]): VsError {
  const { id, state, keepSource } = asset;
  if (holders.length > 0) {
    const names = holders.map(({ name }) => name).join(", ");
    return new VsError("unavailable", `the source of ${id} is only on nodes that do not answer now: ${names}`, {
      hint: "See how they are: vsctl nodes list",
    });
  }
  const hasArrived = view?.pieces.some((piece) => piece.id === sourcePieceId) ?? false;
  if (state === "uploading" && !hasArrived) {
    return new VsError("conflict", `the source of ${id} has not arrived yet`, {
      hint: `Wait for it with: vsctl assets wait ${id}`,
    });
  }
  if (isSourceOver(asset)) {
    return new VsError("not_found", `the source of ${id} was not kept, as was wanted: keep-source is ${keepSource}`);
  }
  return new VsError("not_found", `no node holds the source of ${id} any more`, {
    hint: `See what is left of it: vsctl assets show ${id}`,
  });
}
