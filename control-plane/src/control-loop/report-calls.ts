// What nodes report by single calls: given to the catalog, and followed by a look at what is now to be decided.
import type { AssetId } from "@vstream/core/ids.ts";
import { retryAt } from "./backoff.ts";
import type { ControlLoop, TaskEndReport } from "./control-loop.ts";
import type { Lease } from "./lease-table.ts";
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
      const lease = leases.get(report.taskId);
      const assetId = lease?.assetId;
      const answer = await commands.recordReport({ ...report, outcome, at: clock.now() });
      if (answer === "stale") return answer;
      leases.end(report);
      measureEncode(report, lease, parts);
      await keepFindings(report, parts);
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
      noteDamage(parts, { nodeId, copies: await commands.recordDamage({ nodeId, entries, at: clock.now() }) });
      look(entries.map(({ assetId }) => assetId));
    },
  };
}

function measureEncode({ epoch, nodeId, outcome }: TaskEndReport, lease: Lease | undefined, parts: LoopParts): void {
  const { clock, encodeSpeeds } = parts;
  if (outcome.kind !== "succeeded" || lease?.encode === undefined || lease.epoch !== epoch) return;
  const { costPerFrame, atMs } = lease.encode;
  encodeSpeeds.hear({ nodeId, costPerFrame, pieces: outcome.pieces, ms: clock.monotonicMs() - atMs });
}

async function endOf({ taskId, outcome }: TaskEndReport, { catalog, clock }: LoopParts) {
  if (outcome.kind === "succeeded") return outcome;
  const failuresBefore = (await catalog.queries.getTask(taskId))?.failures ?? 0;
  return { ...outcome, retryAt: retryAt({ code: outcome.failure.code, failuresBefore, at: clock.now() }) };
}

// What the catalog has of them, not what was sent: a repeated report counts once.
async function keepFindings({ taskId, nodeId, outcome }: TaskEndReport, parts: LoopParts): Promise<void> {
  if (outcome.kind !== "succeeded" || outcome.damagedPieceIds.length === 0) return;
  const findings = await parts.catalog.queries.getFindings(taskId);
  if (findings === null || !parts.countedFindings.add(taskId)) return;
  noteDamage(parts, { nodeId, copies: findings.copiesLost });
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
