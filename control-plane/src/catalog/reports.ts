// What nodes report of their tasks. Every report names a lease; one that names another than the task's present one
// changes nothing. The repetition of an accepted one is accepted again, and has no effect but one: of copies that an
// inventory in between left out, because their report was not answered yet, the node is asked whether they stand there.
import { VsError } from "@vstream/core/errors.ts";
import type { Failure } from "@vstream/core/errors.ts";
import { sourcePieceId } from "@vstream/core/ids.ts";
import type { Piece } from "@vstream/core/media.ts";
import { ruleBroken } from "../planning/plan-check.ts";
import type { CatalogCommands, ReportOutcome, TaskReport } from "./catalog.ts";
import { changeAsset, requireAssetRow } from "./assets.ts";
import { checkPieces, requirePiece } from "./check-pieces.ts";
import { takeDamage } from "./damage.ts";
import { checkColumns } from "./editions.ts";
import { failTask, succeedTask } from "./end-task.ts";
import { takeFetched } from "./fetched-source.ts";
import { readIdentity } from "./identity.ts";
import { fromJson, toJson } from "./json-column.ts";
import { nodeActor } from "./nodes.ts";
import { idsOf, piecesOf, samePiece, storePieces } from "./pieces.ts";
import { copyState, lostAmong, markVerified, removeCopies } from "./replicas.ts";
import { unsettle } from "./settling.ts";
import type { Db, TaskRow } from "./tables.ts";
import { appendLog } from "./task-log.ts";
import { taskRow } from "./tasks.ts";
import { checkCopies } from "./verification.ts";

type Succeeded = Extract<TaskReport["outcome"], { kind: "succeeded" }>;
type PieceReport = Parameters<CatalogCommands["recordPiece"]>[0];
type Reported = Pick<PieceReport, "nodeId" | "at"> & { readonly pieces: readonly Piece[] };
type Fenced = Pick<TaskReport, "taskId" | "nodeId" | "incarnation" | "epoch">;

/** How long a task waits that made other bytes than the piece that is there. */
export const mismatchRetryMs = 5_000;

export async function recordReport(db: Db, report: TaskReport): Promise<ReportOutcome> {
  const task = await taskRow(db, report.taskId);
  if (task === undefined || !(await isOurs(db, report))) return "stale";
  if (isRepetition(task, report)) {
    if (report.outcome.kind === "succeeded") await askForLost(db, task, { ...report, pieces: report.outcome.pieces });
    return "accepted";
  }
  if (!holdsLease(task, report)) return "stale";
  await appendLog(db, task.id, { attempt: task.attempt, nodeId: report.nodeId, lines: report.log });
  const { outcome } = report;
  if (outcome.kind === "failed") await failTask(db, task, { ...outcome, at: report.at });
  else if (!(await takeSuccess(db, task, { ...report, outcome }))) return "stale";
  await rememberEnd(db, report);
  return "accepted";
}

export async function recordPiece(db: Db, report: PieceReport): Promise<ReportOutcome> {
  const task = await taskRow(db, report.taskId);
  if (task === undefined || !(await isOurs(db, report))) return "stale";
  if (!holdsLease(task, report)) return (await isKnownCopy(db, task, report)) ? "accepted" : "stale";
  await checkPieces(db, task, [report.piece]);
  const stored = await storeFrom(db, task, { nodeId: report.nodeId, pieces: [report.piece], at: report.at });
  return stored ? "accepted" : "stale";
}

async function isOurs(db: Db, report: Fenced): Promise<boolean> {
  return (await readIdentity(db)).incarnation === report.incarnation;
}

function holdsLease(task: TaskRow, report: Fenced): boolean {
  return task.state === "leased" && task.node_id === report.nodeId && task.epoch === report.epoch;
}

function isRepetition(task: TaskRow, report: TaskReport): boolean {
  return (
    task.reported_epoch === report.epoch &&
    task.reported_by === report.nodeId &&
    task.reported_kind === report.outcome.kind
  );
}

// A repetition that arrives after the lease's end: the copy counts, or will, so the node must not be told to sweep it.
async function isKnownCopy(db: Db, task: TaskRow, { nodeId, piece, at }: PieceReport): Promise<boolean> {
  if ((await askForLost(db, task, { nodeId, pieces: [piece], at })) > 0) return true;
  const [known] = await piecesOf(db, task.asset_id, [piece.id]);
  const state = await copyState(db, { assetId: task.asset_id, pieceId: piece.id, nodeId });
  return samePiece(known, piece) && state === "verified";
}

// Not believed at once: what arrives late may have been said long ago. Gives how many.
async function askForLost(db: Db, task: TaskRow, { nodeId, pieces, at }: Reported): Promise<number> {
  const assetId = task.asset_id;
  const known = new Map((await piecesOf(db, assetId, idsOf(pieces))).map((piece) => [piece.id, piece]));
  const same = pieces.filter((piece) => samePiece(known.get(piece.id), piece));
  const lost = await lostAmong(db, { assetId, nodeId, pieceIds: idsOf(same) });
  await checkCopies(db, { assetId, nodeId, pieceIds: lost, at });
  return lost.length;
}

async function rememberEnd(db: Db, report: TaskReport): Promise<void> {
  await db
    .updateTable("tasks")
    .set({ reported_epoch: report.epoch, reported_by: report.nodeId, reported_kind: report.outcome.kind })
    .where("id", "=", report.taskId)
    .execute();
}

type SuccessReport = Omit<TaskReport, "outcome"> & { readonly outcome: Succeeded };

// False: what the node made is refused, and the task has failed.
async function takeSuccess(db: Db, task: TaskRow, report: SuccessReport): Promise<boolean> {
  if (!(await takeResult(db, task, report))) return false;
  const failure = brokenRule(task, report.outcome);
  // Dead, so that it can be tried again.
  if (failure === null) await succeedTask(db, task, report.at);
  else await failTask(db, task, { failure, retryAt: null, at: report.at });
  return true;
}

function brokenRule(task: TaskRow, { check }: Succeeded): Failure | null {
  return task.kind !== "check" || check === null ? null : ruleBroken({ id: task.asset_id }, check);
}

async function takeCheck(db: Db, task: TaskRow, { check }: Succeeded): Promise<void> {
  if (check === null) throw new VsError("invalid_argument", `the check of ${task.asset_id} says nothing`);
  const asset = await requireAssetRow(db, task.asset_id);
  await changeAsset(db, asset.id, checkColumns(asset, { pieceId: task.piece_id, check }));
}

async function takeResult(db: Db, task: TaskRow, report: SuccessReport): Promise<boolean> {
  const { nodeId, at } = report;
  switch (task.kind) {
    case "discard":
      await removeCopies(db, { assetId: task.asset_id, nodeId, pieceIds: fromJson(task.discard_piece_ids) });
      return true;
    case "replicate":
      await takeCopy(db, task, report);
      return true;
    case "verify":
      await takeFindings(db, task, report);
      return true;
    case "probe":
      await takeProbe(db, task, report.outcome);
      break;
    case "fetch":
    case "transcode":
    case "text":
    case "images":
      requirePiece(task, report.outcome.pieces);
      break;
    case "audio":
      break;
    case "check":
      await takeCheck(db, task, report.outcome);
      return true;
  }
  await checkPieces(db, task, report.outcome.pieces);
  return await storeFrom(db, task, { nodeId, pieces: report.outcome.pieces, at });
}

// Kept with the task, for whoever waits for the answer: what of it was no copy any more is none of the copies lost. What
// was taken for lost, and stands there right, is a copy again.
async function takeFindings(db: Db, task: TaskRow, { nodeId, at, outcome }: SuccessReport): Promise<void> {
  const assetId = task.asset_id;
  const damagedPieceIds = [...new Set(outcome.damagedPieceIds)];
  const copiesLost = await takeDamage(db, { assetId, nodeId, pieceIds: damagedPieceIds, at });
  const right = fromJson(task.discard_piece_ids).filter((pieceId) => !damagedPieceIds.includes(pieceId));
  const found = await lostAmong(db, { assetId, nodeId, pieceIds: right });
  await markVerified(db, { assetId, nodeId, pieces: await piecesOf(db, assetId, found), at });
  const findings = toJson({ damagedPieceIds, copiesLost });
  await db.updateTable("tasks").set({ findings }).where("id", "=", task.id).execute();
}

// A piece that was dropped meanwhile stays dropped.
async function takeCopy(db: Db, task: TaskRow, { nodeId, at }: SuccessReport): Promise<void> {
  const pieces = task.piece_id === "" ? [] : await piecesOf(db, task.asset_id, [task.piece_id]);
  await markVerified(db, { assetId: task.asset_id, nodeId, pieces, at });
}

async function takeProbe(db: Db, task: TaskRow, outcome: Succeeded): Promise<void> {
  requirePiece(task, outcome.pieces);
  if (outcome.probe === null) throw new VsError("invalid_argument", `the probe of ${task.asset_id} found nothing`);
  const asset = await requireAssetRow(db, task.asset_id);
  if (asset.probe === null) await changeAsset(db, task.asset_id, { probe: toJson(outcome.probe) });
}

const sourceChanged: Failure = {
  code: "source_changed",
  message: "what the URL gives now is another source than the one that was fetched first, and lost",
  hint: "Ingest it again: vsctl ingest URL",
};

async function storeFrom(
  db: Db,
  task: TaskRow,
  made: { nodeId: Fenced["nodeId"]; pieces: readonly Piece[]; at: number },
): Promise<boolean> {
  const arrived = { assetId: task.asset_id, ...made };
  const differing = await storePieces(db, { ...arrived, actor: await nodeActor(db, made.nodeId) });
  if (differing !== null && task.kind === "fetch") {
    await failTask(db, task, { failure: sourceChanged, retryAt: null, at: made.at });
    return false;
  }
  if (differing !== null) {
    const message = `${differing.id} was made with other bytes than the ones that stand in the catalog`;
    const failure = { code: "encode_mismatch", message, hint: "Compare the nodes' ffmpeg versions" } as const;
    await failTask(db, task, { failure, retryAt: made.at + mismatchRetryMs, at: made.at });
    return false;
  }
  await markVerified(db, arrived);
  const source = made.pieces.find(({ id }) => task.kind === "fetch" && id === sourcePieceId);
  if (source !== undefined) await takeFetched(db, task.asset_id, { ...made, source });
  await unsettle(db, task.asset_id);
  return true;
}
