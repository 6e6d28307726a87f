// An upload's way: where it is to go, its arrival, its failure. All of it only while the asset is uploading.
import { VsError } from "@vstream/core/errors.ts";
import type { Failure } from "@vstream/core/errors.ts";
import { sourcePieceId } from "@vstream/core/ids.ts";
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
import { isIdOf } from "@vstream/core/media.ts";
import type { Piece } from "@vstream/core/media.ts";
import { assetRow, changeAsset, requireAsset, requireAssetRow } from "./assets.ts";
import type { Actor, CatalogCommands, ReportOutcome } from "./catalog.ts";
import { cancelTasksOf } from "./end-task.ts";
import { writeEvent } from "./events.ts";
import { writeHomes } from "./homes.ts";
import { toJson } from "./json-column.ts";
import { nodeActor, requireNode } from "./nodes.ts";
import { dropPiece, hasPiece, piecesOf, samePiece, storePieces } from "./pieces.ts";
import type { AssetRecord } from "./records.ts";
import { copyState, hasLiveCopy, markVerified } from "./replicas.ts";
import { unsettle } from "./settling.ts";
import type { AssetRow, Db } from "./tables.ts";
import { checkCopies } from "./verification.ts";

/** @throws VsError conflict when nothing is waited for any more */
export async function moveUpload(
  db: Db,
  { assetId, homes, homeReasons: reasons = {}, at }: Parameters<CatalogCommands["moveUpload"]>[0],
): Promise<AssetRecord> {
  const asset = await requireAssetRow(db, assetId);
  if (asset.state !== "uploading" || (await hasLiveCopy(db, assetId, sourcePieceId))) {
    throw new VsError("conflict", `asset ${assetId} does not wait for its source: it is ${asset.state}`, {
      hint: `See how far it is: vsctl assets show ${assetId}`,
    });
  }
  if (await hasPiece(db, assetId, sourcePieceId)) {
    // It went down with its nodes: the asset waits for its source as it did before, and the client has it still.
    await cancelTasksOf(db, assetId, at, "discard");
    await dropPiece(db, assetId, sourcePieceId);
  }
  await writeHomes(db, assetId, { homes, reasons });
  await changeAsset(db, assetId, {}, "visible");
  const message = `the upload of "${asset.title}" goes to another node now: ${homes[0] ?? "none yet"}`;
  await writeEvent(db, { at, kind: "asset.upload_moved", subject: assetId, actor: "vstream", message });
  return await requireAsset(db, assetId);
}

export async function failUpload(
  db: Db,
  { assetId, failure, at, actor }: { assetId: AssetId; failure: Failure; at: number; actor: Actor },
): Promise<void> {
  const asset = await requireAssetRow(db, assetId);
  if (!(await awaitsSource(db, asset))) return;
  await changeAsset(db, assetId, { state: "failed", error: toJson(failure) });
  await cancelTasksOf(db, assetId, at);
  const message = `"${asset.title}" failed: ${failure.message}`;
  await writeEvent(db, { at, kind: "asset.failed", subject: assetId, actor, message });
}

export async function recordUpload(
  db: Db,
  { assetId, nodeId, source, at }: { assetId: AssetId; nodeId: NodeId; source: Piece; at: number },
): Promise<ReportOutcome> {
  await requireNode(db, nodeId);
  const asset = await assetRow(db, assetId);
  if (asset === undefined || !isAnnounced(asset, source)) return "stale";
  if (asset.state !== "uploading") return (await isKnown(db, assetId, { nodeId, source, at })) ? "accepted" : "stale";
  const actor = await nodeActor(db, nodeId);
  const isFirst = !(await hasPiece(db, assetId, sourcePieceId));
  if ((await storePieces(db, { assetId, nodeId, pieces: [source], at, actor })) !== null) return "stale";
  await markVerified(db, { assetId, nodeId, pieces: [source], at });
  await unsettle(db, assetId);
  if (isFirst) {
    const message = `the source of "${asset.title}" has arrived whole`;
    await writeEvent(db, { at, kind: "asset.received", subject: assetId, actor, message });
  }
  return "accepted";
}

async function awaitsSource(db: Db, asset: AssetRow): Promise<boolean> {
  return asset.state === "uploading" && !(await hasPiece(db, asset.id, sourcePieceId));
}

function isAnnounced(asset: AssetRow, source: Piece): boolean {
  const { content } = source;
  return (
    content.kind === "source" &&
    isIdOf(source.id, content) &&
    content.source.sha256 === asset.source_sha256 &&
    content.source.bytes === asset.source_bytes
  );
}

// A repetition that comes when the asset has gone on. What was lost there since is copied again, or will be, and may stand
// there by now: the node is not told that nobody wants it, but asked where nothing else would tell.
async function isKnown(
  db: Db,
  assetId: AssetId,
  { nodeId, source, at }: { nodeId: NodeId; source: Piece; at: number },
): Promise<boolean> {
  const [known] = await piecesOf(db, assetId, [source.id]);
  if (!samePiece(known, source)) return false;
  const state = await copyState(db, { assetId, pieceId: source.id, nodeId });
  if (state === "lost") await checkCopies(db, { assetId, nodeId, pieceIds: [source.id], at });
  return state !== null;
}
