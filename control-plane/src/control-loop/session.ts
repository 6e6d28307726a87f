// What the control loop and one connected agent say to each other, in the control plane's own words; rpc/ turns
// them into the wire's. Everything that goes to the agent goes through the one `send` that the session was opened with.
import type { VsError, Failure } from "@vstream/core/errors.ts";
import type { AssetId, NodeId, TaskId } from "@vstream/core/ids.ts";
import type { AssetDemand, Load, NodeAddress, NodeDescription, Scrub, Work } from "@vstream/core/media.ts";
import type { Scheduling } from "../catalog/records.ts";

export interface LeaseRef {
  readonly taskId: TaskId;
  readonly epoch: number;
}

export interface ManifestNewsEntry {
  readonly assetId: AssetId;
  readonly version: number;
  readonly deleted: boolean;
}

export type NodeQuestion =
  { readonly kind: "node-log"; readonly lines: number } | { readonly kind: "task-log"; readonly taskId: TaskId };

export type ControlMessage =
  | {
      readonly kind: "welcome";
      readonly incarnation: string;
      readonly term: number;
      readonly heartbeatMs: number;
      readonly leaseMs: number;
      readonly ticketKeyPem: string;
      readonly scheduling: Scheduling;
    }
  | { readonly kind: "heartbeat-ack"; readonly sequence: number }
  | {
      readonly kind: "lease-grant";
      readonly taskId: TaskId;
      readonly assetId: AssetId;
      readonly epoch: number;
      readonly term: number;
      readonly timeLimitMs: number;
      readonly work: Work;
    }
  /** The answer to each renewal, in order: trusted for another lease time; asked ones that are left out have ended. */
  | { readonly kind: "leases-renewed"; readonly leases: readonly LeaseRef[] }
  | { readonly kind: "lease-cancel"; readonly lease: LeaseRef; readonly reason: string }
  /** All nodes there are; others are not to be trusted. */
  | { readonly kind: "directory"; readonly nodes: readonly NodeAddress[] }
  | { readonly kind: "manifest-news"; readonly entries: readonly ManifestNewsEntry[]; readonly complete: boolean }
  | { readonly kind: "query"; readonly id: string; readonly question: NodeQuestion };

/** An agent's first words, and the way back to it. */
export interface SessionOpening {
  /** From the client certificate, never from the message. */
  readonly nodeId: NodeId;
  readonly description: NodeDescription;
  /** What still runs there. */
  readonly runningLeases: readonly LeaseRef[];
  /** Must not throw; what cannot be written is dropped, and the stream's end follows by close(). */
  readonly send: (message: ControlMessage) => void;
  /** Called at most once: the control plane ends the session (another one of the same node, a removed node, a stop). */
  readonly end: (reason: VsError) => void;
}

export interface TaskProgressReport extends LeaseRef {
  /** 0 to 1. */
  readonly progress: number;
  /** Media seconds a second; 0 when it does not apply. */
  readonly speed: number;
}

export interface QueryReply {
  readonly id: string;
  readonly lines: readonly string[];
  readonly failure: Failure | null;
}

export interface Heartbeat {
  readonly sequence: number;
  readonly load: Load;
  /** null: the node is of a release that does not tell. */
  readonly scrub: Scrub | null;
  /** The assets that are watched most there. */
  readonly demand: readonly AssetDemand[];
}

/** An open session. Its methods return at once; answers go through `send`. */
export interface AgentSession {
  /** Counts as a sign of life and is acknowledged. */
  heartbeat(beat: Heartbeat): void;
  /** Answered by leases-renewed. */
  renewLeases(leases: readonly LeaseRef[]): void;
  progress(report: TaskProgressReport): void;
  reply(reply: QueryReply): void;
  /** The stream has ended, for whatever reason. Leases live on until their time is over. */
  close(): void;
}
