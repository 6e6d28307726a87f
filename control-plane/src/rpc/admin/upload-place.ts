// Where a client is to send an asset's source, and the right to do so.
import { VsError } from "@vstream/core/errors.ts";
import { sourcePieceId } from "@vstream/core/ids.ts";
import type { AssetId } from "@vstream/core/ids.ts";
import type { UploadTicket } from "@vstream/proto/admin.ts";
import type { AssetRecord, AssetView } from "../../catalog/records.ts";
import type { ChosenHomes } from "../../control-loop/control-loop.ts";
import type { AdminDeps } from "./admin-calls.ts";

/**
 * The right to upload to the asset's first home.
 * @throws VsError no_node_available when that home is gone
 */
export async function ticketFor(deps: AdminDeps, asset: AssetRecord): Promise<UploadTicket> {
  const nodeId = asset.homes[0];
  const node = nodeId === undefined ? null : await deps.catalog.queries.getNode(nodeId);
  if (node === null) throw noNode(asset.id);
  if (asset.sourceSha256 === null) throw new VsError("conflict", `the source of ${asset.id} is fetched, not uploaded`);
  const { token, expiresAt } = await deps.tickets.issueUpload({
    assetId: asset.id,
    nodeId: node.id,
    bytes: asset.sourceBytes,
    sha256: asset.sourceSha256,
  });
  return { url: `${node.playbackUrl.replace(/\/+$/, "")}/uploads`, token, expiresAt, nodeId: node.id };
}

/** @throws VsError conflict for an asset whose source a node fetches: nobody may send it one */
export function requireUpload({ id, sourceUrl }: AssetRecord): void {
  if (sourceUrl === null) return;
  throw new VsError("conflict", `the source of asset ${id} is fetched from a URL, not uploaded`, {
    hint: `See how far it is: vsctl assets show ${id}; to end it: vsctl assets cancel ${id}`,
  });
}

/** Whether the source has yet to arrive, or has to again: no node that may still have it is up. */
export async function isAwaitingSource(deps: Pick<AdminDeps, "catalog">, asset: AssetRecord): Promise<boolean> {
  if (asset.state !== "uploading") return false;
  const view = await deps.catalog.queries.getAssetView(asset.id);
  return view !== null && (await awaitsSource(deps, view));
}

/** The same of a view that was read already. */
export async function awaitsSource(deps: Pick<AdminDeps, "catalog">, view: AssetView): Promise<boolean> {
  if (view.asset.state !== "uploading") return false;
  const copies = view.replicas.filter(
    ({ pieceId, state }) => pieceId === sourcePieceId && (state === "verified" || state === "suspect"),
  );
  const holders = await Promise.all(copies.map(async ({ nodeId }) => await deps.catalog.queries.getNode(nodeId)));
  return holders.every((node) => node === null || node.health === "down");
}

/** The asset as it can be uploaded now: one whose source is away with its node begins anew on another. */
export async function placeUpload(deps: AdminDeps, asset: AssetRecord): Promise<AssetRecord> {
  const view = await deps.catalog.queries.getAssetView(asset.id);
  const hadSource = view?.pieces.some((piece) => piece.id === sourcePieceId) ?? false;
  return hadSource ? await moveUpload(deps, asset) : asset;
}

/** @throws VsError no_node_available; conflict when the source has arrived */
export async function moveUpload(deps: AdminDeps, asset: AssetRecord): Promise<AssetRecord> {
  const { homes, reasons: homeReasons } = await otherHomes(deps, asset);
  if (homes.length === 0) throw noNode(asset.id);
  const moved = await deps.catalog.commands.moveUpload({ assetId: asset.id, homes, homeReasons, at: deps.clock.now() });
  deps.loop.kick([asset.id]);
  return moved;
}

// First homes for an upload that cannot go on where it was begun; the same one only when there is no other.
async function otherHomes(deps: AdminDeps, asset: AssetRecord): Promise<ChosenHomes> {
  const { id: assetId, regions, pins, sourceBytes: bytes, replicasWanted } = asset;
  const chosen = await deps.loop.chooseHomes({ assetId, regions, pins, bytes, replicas: replicasWanted + 1 });
  const others = chosen.homes.filter((nodeId) => nodeId !== asset.homes[0]).slice(0, replicasWanted);
  return others.length > 0 ? { ...chosen, homes: others } : chosen;
}

function noNode(assetId: AssetId): VsError {
  return new VsError("no_node_available", `no node can take the source of ${assetId}`, {
    hint: "See which nodes are up: vsctl nodes list",
  });
}
