// Encoding an asset anew while what it has plays: the next edition is made beside the present one and takes its place in
// one step; the one before stays for viewers who began with it, and goes when its time is over. No number is given to an
// edition twice, so that nothing of one is ever taken for another's.
import { VsError } from "@vstream/core/errors.ts";
import type { Failure } from "@vstream/core/errors.ts";
import { editionLimit, editionOf, sourcePieceId } from "@vstream/core/ids.ts";
import type { AssetId, PieceId } from "@vstream/core/ids.ts";
import type { CheckReport } from "@vstream/core/media.ts";
import { changeAsset, requireAsset, requireAssetRow } from "./assets.ts";
import type { CatalogCommands } from "./catalog.ts";
import { cancelOpenTask } from "./end-task.ts";
import { writeEvent } from "./events.ts";
import { fromJson, toJson, toJsonOrNull } from "./json-column.ts";
import { hasStayingCopy } from "./staying-copy.ts";
import type { AssetRecord, EncodePlan, MeasuredRates } from "./records.ts";
import { nextEditionFromJson, planFromJson } from "./stored-media.ts";
import type { AssetRow, AssetsTable, Db } from "./tables.ts";
import { openStates } from "./tasks.ts";

/** Each is served, stored and named in manifests for as long as it is kept. */
const mostPreviousEditions = 3;

export async function reencodeAsset(
  db: Db,
  { assetId, ladder, at, actor }: Parameters<CatalogCommands["reencodeAsset"]>[0],
): Promise<AssetRecord> {
  const asset = await requireAssetRow(db, assetId);
  const next = asset.next_edition === null ? null : nextEditionFromJson(asset.next_edition);
  await requireReencodable(db, asset);
  if (next?.ladder === ladder) return await requireAsset(db, assetId);
  if (next !== null) {
    throw new VsError("conflict", `asset ${assetId} is being encoded anew with ladder ${next.ladder} already`, {
      hint: `End that first: vsctl assets cancel ${assetId}`,
    });
  }
  const edition = asset.last_edition + 1;
  await changeAsset(db, assetId, {
    next_edition: toJson({ edition, ladder, plan: null, check: null }),
    last_edition: edition,
    reencode_error: null,
  });
  const message = `"${asset.title}" is encoded anew with ladder ${ladder}; what it has plays on meanwhile`;
  await writeEvent(db, { at, kind: "asset.reencoding", subject: assetId, actor, message });
  return await requireAsset(db, assetId);
}

async function requireReencodable(db: Db, asset: AssetRow): Promise<void> {
  const refused = (message: string, hint: string): VsError => new VsError("conflict", message, { hint });
  if (asset.state !== "ready") {
    const hint = asset.state === "deleting" ? `vsctl assets undelete ${asset.id}` : `vsctl assets wait ${asset.id}`;
    throw refused(`asset ${asset.id} is ${asset.state}: only a ready one can be encoded anew`, `First: ${hint}`);
  }
  if (!(await hasStayingCopy(db, asset.id, sourcePieceId))) {
    const hint = "Start a node that held it, or ingest it as a new asset: vsctl ingest FILE --force";
    throw refused(`no node has the source of asset ${asset.id}, and only from it can it be encoded anew`, hint);
  }
  if (fromJson(asset.previous_editions).length >= mostPreviousEditions) {
    const message = `asset ${asset.id} was encoded anew ${mostPreviousEditions} times within a short time`;
    throw refused(message, "Wait until viewers of the first of these are done: vsctl events tells when it is retired");
  }
  if (asset.last_edition >= editionLimit) {
    throw refused(`asset ${asset.id} was encoded anew ${editionLimit} times`, "Ingest it as a new asset");
  }
}

/** Of an asset of which a part goes first: the whole of it is what it becomes. */
export function firstNext({ ladder, last_edition: last }: AssetRow, plan: EncodePlan): Partial<AssetsTable> {
  const edition = last + 1;
  return { next_edition: toJson({ edition, ladder, plan, check: null }), last_edition: edition };
}

export async function setNextPlan(
  db: Db,
  asset: AssetRow,
  { edition, plan }: { readonly edition: number; readonly plan: EncodePlan },
): Promise<void> {
  const next = nextOf(asset, edition);
  if (next?.plan !== null) return;
  await changeAsset(db, asset.id, { next_edition: toJson({ ...next, plan }) });
}

/** Where the findings of a check belong, whose task is of the piece: to the edition that is being made, or the asset. */
export function checkColumns(
  asset: AssetRow,
  { pieceId, check }: { readonly pieceId: PieceId | ""; readonly check: CheckReport },
): Partial<AssetsTable> {
  const next = pieceId === "" ? null : nextOf(asset, editionOf(pieceId) ?? asset.edition);
  return next === null ? { check_report: toJson(check) } : { next_edition: toJson({ ...next, check }) };
}

/** Only when each of its pieces has a copy that counts, and what plays is whole. Text is the asset's: it may have got some meanwhile. */
export async function adoptEdition(
  db: Db,
  asset: AssetRow,
  { edition, measured, at }: { readonly edition: number; readonly measured: MeasuredRates; readonly at: number },
): Promise<void> {
  const next = nextOf(asset, edition);
  if (asset.state !== "ready" && asset.state !== "playable") return;
  if (asset.plan === null || asset.measured === null || !next?.plan) return;
  const { ladder, plan, check } = next;
  const chunks = plan.chunks.length;
  if ((await countHeld(db, asset.id, edition)) < chunks * (1 + plan.audio.length)) return;
  const before = { edition: asset.edition, measured: fromJson(asset.measured), replacedAt: at };
  const changes = {
    plan: toJson({ ...plan, text: planFromJson(asset.plan).text }),
    measured: toJson(measured),
    released_chunks: chunks,
    previous_editions: toJson([...fromJson(asset.previous_editions), before]),
    next_edition: null,
    check_report: toJsonOrNull(check),
    ...{ ladder, edition },
  };
  await changeAsset(db, asset.id, changes, "visible");
  // Whoever has a manifest of another edition gets all of this one.
  await db.deleteFrom("releases").where("asset_id", "=", asset.id).execute();
  const release = { asset_id: asset.id, version: asset.manifest_version + 1, released_chunks: chunks };
  await db.insertInto("releases").values(release).execute();
  const said =
    asset.state === "ready"
      ? { kind: "asset.reencoded", message: `"${asset.title}" plays as it was encoded anew, with ladder ${ladder}` }
      : { kind: "asset.rungs_added", message: `"${asset.title}" plays in all rungs of ladder ${ladder}` };
  await writeEvent(db, { at, ...said, subject: asset.id, actor: "vstream" });
}

/** What is there of it is discarded by planning. The asset stays as it is. */
export async function giveUpEdition(
  db: Db,
  asset: AssetRow,
  { edition, failure, at }: { readonly edition: number; readonly failure: Failure; readonly at: number },
): Promise<void> {
  if (nextOf(asset, edition) === null) return;
  const cause = { reason: "the edition that it is for was given up", actor: "vstream", at } as const;
  await dropNext(db, asset.id, { edition, cause, columns: { reencode_error: toJson(failure) } });
  const said =
    asset.state === "playable"
      ? { kind: "asset.rungs_failed", message: `"${asset.title}" stays with its lowest rung alone: ${failure.message}` }
      : {
          kind: "asset.reencode_failed",
          message: `"${asset.title}" was not encoded anew, and plays on as it is: ${failure.message}`,
        };
  await writeEvent(db, { at, ...said, subject: asset.id, actor: "vstream" });
}

interface Drop {
  readonly edition: number;
  readonly cause: Parameters<typeof cancelOpenTask>[2];
  readonly columns?: Partial<AssetsTable>;
}

/** The edition is made no more: the open tasks that make it or copy it end. What is there of it is over. */
export async function dropNext(db: Db, assetId: AssetId, { edition, cause, columns }: Drop): Promise<void> {
  await changeAsset(db, assetId, { ...columns, next_edition: null });
  const open = db.selectFrom("tasks").selectAll().where("asset_id", "=", assetId).where("state", "in", openStates);
  for (const task of await open.execute()) {
    if (task.piece_id !== "" && editionOf(task.piece_id) === edition) await cancelOpenTask(db, task, cause);
  }
}

function nextOf(asset: AssetRow, edition: number) {
  const next = asset.next_edition === null ? null : nextEditionFromJson(asset.next_edition);
  return next?.edition === edition ? next : null;
}

// Its pieces of video and sound with a verified copy on a node that is not down.
async function countHeld(db: Db, assetId: AssetId, edition: number): Promise<number> {
  const { held } = await db
    .selectFrom("pieces")
    .select((eb) => eb.fn.countAll<number>().as("held"))
    .where("pieces.asset_id", "=", assetId)
    .where("pieces.edition", "=", edition)
    .where("pieces.chunk", ">=", 0)
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom("replicas")
          .innerJoin("nodes", "nodes.id", "replicas.node_id")
          .select("replicas.node_id")
          .whereRef("replicas.asset_id", "=", "pieces.asset_id")
          .whereRef("replicas.piece_id", "=", "pieces.id")
          .where("replicas.state", "=", "verified")
          .where("nodes.copies_trusted", "=", 1)
          .where("nodes.health", "<>", "down"),
      ),
    )
    .executeTakeFirstOrThrow();
  return held;
}
