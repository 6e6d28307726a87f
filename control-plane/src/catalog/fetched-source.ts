// The source that a node fetched from a URL: only now is known what it is. The same bytes as another asset's end the
// new one, unless that is what its owner wanted.
import type { Failure } from "@vstream/core/errors.ts";
import { sourcePieceId } from "@vstream/core/ids.ts";
import type { AssetId, NodeId, Sha256 } from "@vstream/core/ids.ts";
import type { Piece } from "@vstream/core/media.ts";
import type { ExpressionBuilder } from "kysely";
import { changeAsset, requireAssetRow } from "./assets.ts";
import { cancelTasksOf } from "./end-task.ts";
import { writeEvent } from "./events.ts";
import { toJson } from "./json-column.ts";
import { nodeActor } from "./nodes.ts";
import type { AssetRow, Db, Tables } from "./tables.ts";

/** The piece is stored already. Nothing happens when the asset does not wait for its source. */
export async function takeFetched(
  db: Db,
  assetId: AssetId,
  { source, nodeId, at }: { source: Piece; nodeId: NodeId; at: number },
): Promise<void> {
  const asset = await requireAssetRow(db, assetId);
  if (asset.state !== "uploading" || asset.source_sha256 !== "" || source.content.kind !== "source") return;
  const { sha256, bytes } = source.content.source;
  await changeAsset(db, assetId, { source_sha256: sha256, source_bytes: bytes });
  const actor = await nodeActor(db, nodeId);
  const message = `the source of "${asset.title}" has arrived whole`;
  await writeEvent(db, { at, kind: "asset.received", subject: assetId, actor, message });
  const same = asset.force === 1 ? undefined : await findSame(db, assetId, sha256);
  if (same !== undefined) await endDuplicate(db, { asset, same, at });
}

// One whose own bytes have not come, or are gone, may never have them: these are kept, and not thrown away for it. What is
// ready may do without its source.
async function findSame(db: Db, assetId: AssetId, sha256: Sha256): Promise<AssetRow | undefined> {
  return await db
    .selectFrom("assets")
    .selectAll()
    .where("source_sha256", "=", sha256)
    .where("id", "<>", assetId)
    .where("state", "not in", ["failed", "deleting"])
    .where((eb) => eb.or([eb("state", "=", "ready"), eb.exists(liveSource(eb))]))
    .orderBy("created_at")
    .executeTakeFirst();
}

function liveSource(eb: ExpressionBuilder<Tables, "assets">) {
  return eb
    .selectFrom("replicas")
    .innerJoin("nodes", "nodes.id", "replicas.node_id")
    .select("replicas.node_id")
    .whereRef("replicas.asset_id", "=", "assets.id")
    .where("replicas.piece_id", "=", sourcePieceId)
    .where("replicas.state", "=", "verified")
    .where("nodes.health", "<>", "down");
}

async function endDuplicate(
  db: Db,
  { asset, same, at }: { asset: AssetRow; same: AssetRow; at: number },
): Promise<void> {
  const failure: Failure = {
    code: "duplicate_source",
    message: `what was fetched has the same bytes as "${same.title}" (${same.id})`,
    hint: `Use that asset: vsctl assets show ${same.id}; or ingest with --force`,
  };
  await changeAsset(db, asset.id, { state: "failed", error: toJson(failure), duplicate_of: same.id });
  await cancelTasksOf(db, asset.id, at);
  const message = `"${asset.title}" failed: ${failure.message}`;
  await writeEvent(db, { at, kind: "asset.failed", subject: asset.id, actor: "vstream", message });
}
