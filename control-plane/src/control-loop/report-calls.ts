// What nodes report by single calls: given to the catalog, and followed by a look at what is now to be decided.
import type { AssetId } from "@vstream/core/ids.ts";
import { retryAt } from "./backoff.ts";
import type { ControlLoop, TaskEndReport } from "./control-loop.ts";
import type { LoopParts } from "./loop-parts.ts";
import type { Reconciler } from "./reconciler.ts";

type ReportCalls = Pick<
  ControlLoop,
  "reportTask" | "reportPiece" | "reportUpload" | "reportUploadFailure" | "reportInventory" | "reportDamage"
>;

export function reportCalls(parts: LoopParts, reconciler: Reconciler): ReportCalls {
  const { commands } = parts.catalog;
  const { changes, clock, leases } = parts;
  const look = (assetIds: readonly AssetId[]): void => {
    changes.announce({ kind: "catalog", assetIds });
    reconciler.kick();
  };
  return {
    async reportTask(report) {
      const outcome = await endOf(report, parts);
      const assetId = leases.get(report.taskId)?.assetId;
      keepFindings(report, parts);
      const answer = await commands.recordReport({ ...report, outcome, at: clock.now() });
      if (answer === "stale") return answer;
      leases.end(report);
      if (outcome.kind === "failed") reconciler.avoid(report.taskId, report.nodeId);
      look(assetId === undefined ? [] : [assetId]);
      return answer;
    },
    async reportPiece(report) {
      const answer = await commands.recordPiece({ ...report, at: clock.now() });
      const assetId = leases.get(report.taskId)?.assetId;
      if (answer === "accepted") look(assetId === undefined ? [] : [assetId]);
      return answer;
    },
    async reportUpload(report) {
      const answer = await commands.recordUpload({ ...report, at: clock.now() });
      if (answer === "accepted") look([report.assetId]);
      return answer;
    },
    async reportUploadFailure(report) {
      if (await failUpload(report, parts)) look([report.assetId]);
    },
    async reportInventory(inventory) {
      const unknown = await commands.recordInventory({ ...inventory, at: clock.now() });
      look([]);
      return unknown;
    },
    async reportDamage({ nodeId, entries }) {
      await commands.recordDamage({ nodeId, entries, at: clock.now() });
      noteDamage(parts, { nodeId, copies: entries.reduce((sum, { pieceIds }) => sum + pieceIds.length, 0) });
      look(entries.map(({ assetId }) => assetId));
    },
  };
}

async function endOf({ taskId, outcome }: TaskEndReport, { catalog, clock }: LoopParts) {
  if (outcome.kind === "succeeded") return outcome;
  const failuresBefore = (await catalog.queries.getTask(taskId))?.failures ?? 0;
  return { ...outcome, retryAt: retryAt({ code: outcome.failure.code, failuresBefore, at: clock.now() }) };
}

// Before the catalog calls the task ended, so that who waits for that finds them. Only from the node whose lease it is.
function keepFindings({ taskId, nodeId, epoch, outcome }: TaskEndReport, parts: LoopParts): void {
  const lease = parts.leases.get(taskId);
  if (outcome.kind !== "succeeded" || outcome.damagedPieceIds.length === 0) return;
  if (lease?.nodeId !== nodeId || lease.epoch !== epoch) return;
  parts.verified.record(taskId, outcome.damagedPieceIds);
  noteDamage(parts, { nodeId, copies: outcome.damagedPieceIds.length });
}

function noteDamage({ log, observer }: LoopParts, { nodeId, copies }: { nodeId: string; copies: number }): void {
  if (copies === 0) return;
  log.warn({ nodeId, copies }, "copies were found damaged; they are made again");
  observer.onDamage?.(copies);
}

async function failUpload(
  { assetId, nodeId, failure }: Parameters<ControlLoop["reportUploadFailure"]>[0],
  { catalog, clock }: LoopParts,
): Promise<boolean> {
  const asset = (await catalog.queries.getAsset(assetId))?.asset;
  // The upload may have moved on to another node, which is not this one's to end.
  if (asset?.homes[0] !== nodeId) return false;
  const name = (await catalog.queries.getNode(nodeId))?.name ?? nodeId;
  await catalog.commands.failUpload({ assetId, failure, at: clock.now(), actor: `node:${name}` });
  return true;
}
