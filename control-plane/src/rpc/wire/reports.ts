// What agents report by single calls: proto → domain, checked.
import type { AssetId, NodeId, PieceId } from "@vstream/core/ids.ts";
import type { CheckReport } from "@vstream/core/media.ts";
import type {
  ReportDamageRequest,
  ReportInventoryRequest,
  ReportPieceRequest,
  ReportTaskRequest,
} from "@vstream/proto/agent.ts";
import type { ReportFence, TaskEndReport } from "../../control-loop/control-loop.ts";
import type { CheckReport as WireCheckReport } from "@vstream/proto/types.ts";
import * as check from "./checks.ts";
import { failureFromWire } from "./failures.ts";
import { pieceFromWire } from "./media.ts";
import { probeFromWire } from "./probe.ts";

const levels = ["must", "should"] as const;
const limits = {
  logLines: 100,
  lineLength: 2_000,
  pieces: 10_000,
  findings: 50,
  piecesInEntry: 100_000,
  entries: 10_000,
};

/** The node id is the caller's, from its certificate. */
export function taskEndFromWire(wire: ReportTaskRequest, nodeId: NodeId): TaskEndReport {
  return {
    ...fenceFromWire(wire, nodeId),
    log: wire.log.slice(-limits.logLines).map((line) => line.slice(0, limits.lineLength)),
    outcome: outcomeFromWire(check.present(wire.outcome, "outcome")),
  };
}

export function fenceFromWire(wire: Pick<ReportPieceRequest, "fence" | "taskId">, nodeId: NodeId): ReportFence {
  const fence = check.present(wire.fence, "fence");
  return {
    taskId: check.taskId(wire.taskId),
    nodeId,
    incarnation: check.text(fence.incarnation, "incarnation", { min: 1, max: 128 }),
    epoch: check.integer(fence.epoch, "epoch", check.count),
  };
}

/** Also of copies that were found wrong: the same words. */
export function inventoryFromWire(
  wire: ReportInventoryRequest | ReportDamageRequest,
): readonly { assetId: AssetId; pieceIds: readonly PieceId[] }[] {
  return check.atMost(wire.entries, "entries", limits.entries).map((entry) => ({
    assetId: check.assetId(entry.assetId),
    pieceIds: check.atMost(entry.pieceIds, "piece ids", limits.piecesInEntry).map((id) => check.pieceId(id)),
  }));
}

function outcomeFromWire(wire: NonNullable<ReportTaskRequest["outcome"]>): TaskEndReport["outcome"] {
  switch (wire.$case) {
    case "succeeded":
      return {
        kind: "succeeded",
        probe: wire.value.probe === undefined ? null : probeFromWire(wire.value.probe),
        pieces: check.atMost(wire.value.pieces, "pieces", limits.pieces).map(pieceFromWire),
        damagedPieceIds: check
          .atMost(wire.value.damagedPieceIds, "damaged pieces", limits.piecesInEntry)
          .map((id) => check.pieceId(id)),
        check: wire.value.check === undefined ? null : checkFromWire(wire.value.check),
      };
    case "failed":
      return { kind: "failed", failure: failureFromWire(wire.value) };
  }
}

function checkFromWire({ rules, findings }: WireCheckReport): CheckReport {
  return {
    rules: check.integer(rules, "rules", check.count),
    findings: check.atMost(findings, "findings", limits.findings).map(({ rule, level, subject, message }) => ({
      rule: check.text(rule, "rule", { min: 1, max: 64 }),
      level: check.oneOf(level, "level", levels),
      subject: check.text(subject, "subject", { min: 0, max: limits.lineLength }),
      message: check.text(message, "message", { min: 0, max: limits.lineLength }),
    })),
  };
}
