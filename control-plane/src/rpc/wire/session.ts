// The words of a session: what an agent says (checked) and what it is told: proto ↔ domain.
import type { SessionRequest, SessionResponse } from "@vstream/proto/agent.ts";
import type {
  Lease as WireLease,
  QueryReply as WireReply,
  TaskProgress as WireProgress,
} from "@vstream/proto/agent.ts";
import type {
  ControlMessage,
  Heartbeat,
  LeaseRef,
  NodeQuestion,
  QueryReply,
  SessionOpening,
  TaskProgressReport,
} from "../../control-loop/session.ts";
import * as check from "./checks.ts";
import { failureFromWire } from "./failures.ts";
import { heartbeatFromWire } from "./heartbeats.ts";
import { addressToWire, descriptionFromWire } from "./nodes.ts";
import { workToWire } from "./work.ts";

const limits = { leases: 1_000, lines: 1_000, lineLength: 4_000 };

export type AgentMessage =
  | ({ readonly kind: "hello" } & Pick<SessionOpening, "description" | "runningLeases">)
  | ({ readonly kind: "heartbeat" } & Heartbeat)
  | { readonly kind: "renew-leases"; readonly leases: readonly LeaseRef[] }
  | ({ readonly kind: "progress" } & TaskProgressReport)
  | ({ readonly kind: "reply" } & QueryReply);

/** @throws VsError invalid_argument */
export function agentMessageFromWire(wire: SessionRequest): AgentMessage {
  const message = check.present(wire.message, "session message");
  switch (message.$case) {
    case "hello":
      return {
        kind: "hello",
        description: descriptionFromWire(message.value.node),
        runningLeases: leasesFromWire(message.value.leases),
      };
    case "heartbeat":
      return { kind: "heartbeat", ...heartbeatFromWire(message.value) };
    case "renewLeases":
      return { kind: "renew-leases", leases: leasesFromWire(message.value.leases) };
    case "progress":
      return { kind: "progress", ...progressFromWire(message.value) };
    case "queryReply":
      return { kind: "reply", ...replyFromWire(message.value) };
  }
}

export function controlMessageToWire(message: ControlMessage): SessionResponse {
  return { message: wordsFor(message) };
}

function wordsFor(message: ControlMessage): NonNullable<SessionResponse["message"]> {
  switch (message.kind) {
    case "welcome":
      return { $case: "welcome", value: { ...message } };
    case "heartbeat-ack":
      return { $case: "heartbeatAck", value: { sequence: message.sequence } };
    case "lease-grant": {
      const { taskId, assetId, epoch, term, timeLimitMs } = message;
      return {
        $case: "leaseGrant",
        value: { taskId, assetId, epoch, term, timeLimitMs, work: workToWire(message.work) },
      };
    }
    case "leases-renewed":
      return { $case: "leasesRenewed", value: { leases: message.leases.map((lease) => ({ ...lease })) } };
    case "lease-cancel":
      return { $case: "leaseCancel", value: { lease: { ...message.lease }, reason: message.reason } };
    case "directory":
      return { $case: "directory", value: { nodes: message.nodes.map(addressToWire) } };
    case "manifest-news": {
      const entries = message.entries.map((entry) => ({ ...entry }));
      return { $case: "manifestNews", value: { entries, complete: message.complete } };
    }
    case "query":
      return { $case: "query", value: { id: message.id, question: questionToWire(message.question) } };
  }
}

function questionToWire(
  question: NodeQuestion,
): Extract<NonNullable<SessionResponse["message"]>, { $case: "query" }>["value"]["question"] {
  switch (question.kind) {
    case "node-log":
      return { $case: "nodeLog", value: { lines: question.lines } };
    case "task-log":
      return { $case: "taskLog", value: { taskId: question.taskId } };
  }
}

function leasesFromWire(wire: readonly WireLease[]): LeaseRef[] {
  return check.atMost(wire, "leases", limits.leases).map(leaseFromWire);
}

function leaseFromWire(wire: { taskId: string; epoch: number }): LeaseRef {
  return { taskId: check.taskId(wire.taskId), epoch: check.integer(wire.epoch, "epoch", check.count) };
}

// Only shown, and never decided upon: what cannot be is brought to what can.
function progressFromWire(wire: WireProgress): TaskProgressReport {
  return {
    ...leaseFromWire(wire),
    progress: check.clamped(wire.progress, { min: 0, max: 1 }),
    speed: check.clamped(wire.speed, { min: 0, max: 1_000_000 }),
  };
}

function replyFromWire(wire: WireReply): QueryReply {
  return {
    id: check.text(wire.id, "query id", { min: 1, max: 64 }),
    lines: check.atMost(wire.lines, "lines", limits.lines).map((line) => line.slice(0, limits.lineLength)),
    failure: wire.failure === undefined ? null : failureFromWire(wire.failure),
  };
}
