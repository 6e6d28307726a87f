// The agent's conversation (agent.proto), between the wire and control-messages.ts. What comes in is checked whole.
import { errorKinds, isErrorCode } from "@vstream/core/errors.ts";
import type { Failure } from "@vstream/core/errors.ts";
import type { CheckReport, Fence, Manifest, NodeAddress, NodeDescription, Work } from "@vstream/core/media.ts";
import type * as wire from "@vstream/proto/agent.ts";
import type * as types from "@vstream/proto/types.ts";
import { assetIdOf, countOf, nodeIdOf, pieceIdOfText, refused, required, taskIdOf } from "./checked.ts";
import { healths, schedulings } from "./control-messages.ts";
import type {
  Lease,
  LeaseGrant,
  ManifestNews,
  PieceReport,
  Question,
  TaskReport,
  TaskResult,
  UploadReport,
  Welcome,
} from "./control-messages.ts";
import { objectFromWire, pieceFromWire, sourceFromWire } from "./wire-media.ts";
import { pieceToWire } from "./wire-pieces.ts";
import {
  audioTargetFromWire,
  imagesTargetFromWire,
  probeFromWire,
  probeToWire,
  rungFromWire,
  textTargetFromWire,
} from "./wire-targets.ts";

/** Lines of a log that a report or a reply carries. */
export const reportedLines = 100;

export function leaseFromWire(lease: wire.Lease | undefined): Lease {
  const given = required(lease, "lease");
  return { taskId: taskIdOf(given.taskId), epoch: countOf(given.epoch, "an epoch") };
}

export function welcomeFromWire(welcome: wire.Welcome): Welcome {
  const scheduling = schedulings.find((known) => known === welcome.scheduling);
  if (scheduling === undefined) throw refused(`scheduling ${JSON.stringify(welcome.scheduling)}`);
  if (welcome.incarnation === "") throw refused("a welcome without an incarnation");
  if (welcome.heartbeatMs < 100 || welcome.leaseMs < 1000) throw refused("a welcome without times");
  return { ...welcome, scheduling };
}

export function grantFromWire(grant: wire.LeaseGrant, incarnation: string): LeaseGrant {
  return {
    taskId: taskIdOf(grant.taskId),
    assetId: assetIdOf(grant.assetId),
    fence: { incarnation, term: grant.term, epoch: countOf(grant.epoch, "an epoch") },
    timeLimitMs: countOf(grant.timeLimitMs, "a time limit"),
    work: workFromWire(grant),
  };
}

function workFromWire(grant: wire.LeaseGrant): Work {
  const work = required(grant.work, "work");
  switch (work.$case) {
    case "fetch":
      return { kind: "fetch", url: work.value.url, limitBytes: countOf(work.value.limitBytes, "a limit") || null };
    case "probe":
      return {
        kind: "probe",
        source: sourceFromWire(work.value.source),
        holders: work.value.holders.map(nodeIdOf),
        allowDamaged: work.value.allowDamaged,
      };
    case "transcode":
      return transcodeFromWire(work.value);
    case "audio":
      return {
        kind: "audio",
        ...trackFromWire(work.value),
        source: sourceFromWire(work.value.source),
        target: audioTargetFromWire(work.value.target),
        edition: countOf(work.value.edition, "an edition"),
      };
    case "text":
      return textFromWire(work.value);
    case "images":
      return {
        kind: "images",
        target: imagesTargetFromWire(work.value.target),
        holders: work.value.holders.map(nodeIdOf),
        edition: countOf(work.value.edition, "an edition"),
      };
    case "check":
      return { kind: "check", holders: work.value.holders.map(nodeIdOf), edition: work.value.edition };
    case "replicate":
      return {
        kind: "replicate",
        piece: pieceFromWire(work.value.piece),
        holders: work.value.holders.map(nodeIdOf),
      };
    case "discard":
      return { kind: "discard", pieceIds: work.value.pieceIds.map(pieceIdOfText) };
    case "verify":
      return { kind: "verify", pieceIds: work.value.pieceIds.map(pieceIdOfText) };
  }
}

function textFromWire(work: wire.TextWork): Work {
  const target = textTargetFromWire(work.target);
  const source = target.origin === "file" ? null : sourceFromWire(work.source);
  return { kind: "text", ...trackFromWire(work), source, target };
}

function trackFromWire(work: wire.AudioWork | wire.TextWork) {
  return {
    timeline: objectFromWire(work.timeline, "timeline"),
    holders: work.holders.map(nodeIdOf),
    chunkSegments: work.chunkSegments.map((count) => countOf(count, "a chunk's segments")),
  };
}

function transcodeFromWire(work: wire.TranscodeWork): Work {
  return {
    kind: "transcode",
    source: sourceFromWire(work.source),
    timeline: objectFromWire(work.timeline, "timeline"),
    holders: work.holders.map(nodeIdOf),
    chunk: {
      index: countOf(work.chunk, "a chunk"),
      firstSegment: countOf(work.firstSegment, "a first segment"),
      segmentCount: countOf(work.segmentCount, "a number of segments"),
    },
    rungs: work.rungs.map(rungFromWire),
    preRollKeyframes: countOf(work.preRollKeyframes, "a pre-roll"),
    edition: countOf(work.edition, "an edition"),
  };
}

export function directoryFromWire(directory: wire.Directory): NodeAddress[] {
  return directory.nodes.map(addressFromWire);
}

// A control plane of another version may say nothing of health and scheduling, or say it in words of its own.
function addressFromWire(node: types.NodeAddress): NodeAddress {
  const health = healths.find((known) => known === node.health) ?? (node.serving ? "up" : "down");
  const scheduling = schedulings.find((known) => known === node.scheduling) ?? "active";
  return { ...node, nodeId: nodeIdOf(node.nodeId), health, scheduling };
}

export function newsFromWire(news: wire.ManifestNews): ManifestNews {
  const entries = news.entries.map((entry) => ({
    assetId: assetIdOf(entry.assetId),
    version: countOf(entry.version, "a version"),
    deleted: entry.deleted,
  }));
  return { entries, complete: news.complete };
}

export function questionFromWire(query: wire.Query): Question {
  const question = required(query.question, "question");
  switch (question.$case) {
    case "nodeLog":
      return { kind: "node_log", lines: countOf(question.value.lines, "a number of lines") };
    case "taskLog":
      return { kind: "task_log", taskId: taskIdOf(question.value.taskId) };
  }
}

export function manifestFromWire(manifest: wire.Manifest | undefined): Manifest {
  const given = required(manifest, "manifest");
  return {
    assetId: assetIdOf(given.assetId),
    version: countOf(given.version, "a version"),
    title: given.title,
    complete: given.complete,
    probe: probeFromWire(given.probe),
    ...ratesFromWire(given),
    pieces: given.pieces.map(pieceFromWire),
    fromChunk: countOf(given.fromChunk, "a chunk"),
    releasedChunks: countOf(given.releasedChunks, "a number of chunks"),
    totalChunks: countOf(given.totalChunks, "a number of chunks"),
    homeNodeIds: given.homeNodeIds.map(nodeIdOf),
    deleted: given.deleted,
    text: given.text.map(textTargetFromWire),
    extras: given.extras.map(pieceFromWire),
    edition: countOf(given.edition, "an edition"),
    previous: given.previous.map((previous) => ({
      edition: countOf(previous.edition, "an edition"),
      ...ratesFromWire(previous),
      pieces: previous.pieces.map(pieceFromWire),
    })),
  };
}

function ratesFromWire({ renditions, audio }: Pick<wire.ManifestEdition, "renditions" | "audio">) {
  return {
    renditions: renditions.map((rendition) => ({ ...rendition, rung: rungFromWire(rendition.rung) })),
    audio: audio.map((track) => ({ ...track, target: audioTargetFromWire(track.target) })),
  };
}

export function descriptionToWire(node: NodeDescription): wire.NodeDescription {
  return { ...node, labels: { ...node.labels } };
}

/** A code that this program does not know, a newer control plane's, counts as internal. */
export function failureFromWire({ code, message, hint }: types.Failure): Failure {
  return { code: isErrorCode(code) ? code : "internal", message, hint };
}

export function failureToWire(failure: Failure): types.Failure {
  return { ...failure, retryable: errorKinds[failure.code].retryable };
}

function fenceToWire(fence: Fence): types.Fence {
  return { ...fence };
}

export function taskReportToWire(report: TaskReport): wire.ReportTaskRequest {
  const { outcome } = report;
  return {
    fence: fenceToWire(report.fence),
    taskId: report.taskId,
    outcome:
      outcome.kind === "failed"
        ? { $case: "failed", value: failureToWire(outcome.failure) }
        : {
            $case: "succeeded",
            value: resultToWire(outcome),
          },
    log: report.log.slice(-reportedLines),
  };
}

function resultToWire(result: TaskResult): wire.TaskResult {
  return {
    probe: result.probe === null ? undefined : probeToWire(result.probe),
    pieces: result.pieces.map(pieceToWire),
    damagedPieceIds: [...result.damagedPieceIds],
    checkedBytes: result.checkedBytes,
    check: result.check === null ? undefined : checkToWire(result.check),
  };
}

function checkToWire({ rules, findings }: CheckReport): types.CheckReport {
  return { rules, findings: findings.map((finding) => ({ ...finding })) };
}

export function pieceReportToWire(report: PieceReport): wire.ReportPieceRequest {
  return { fence: fenceToWire(report.fence), taskId: report.taskId, piece: pieceToWire(report.piece) };
}

export function uploadReportToWire(report: UploadReport): wire.ReportUploadRequest {
  const { outcome } = report;
  return {
    assetId: report.assetId,
    outcome:
      outcome.kind === "failed"
        ? { $case: "failed", value: failureToWire(outcome.failure) }
        : { $case: "source", value: pieceToWire(outcome.piece) },
  };
}
