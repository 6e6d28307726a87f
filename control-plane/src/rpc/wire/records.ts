// What the catalog keeps, as vsctl sees it: domain → proto. Instants that are not set are 0 on the wire.
import type { Load, Scrub } from "@vstream/core/media.ts";
import type {
  Event as WireEvent,
  ListOptions,
  Node as WireNode,
  NodeScrub as WireScrub,
  Task as WireTask,
  Token as WireToken,
} from "@vstream/proto/admin.ts";
import type { ListQuery } from "../../catalog/catalog.ts";
import type { EventRecord, NodeRecord, TaskRecord, TokenRecord } from "../../catalog/records.ts";
import * as check from "./checks.ts";
import { failureToWire } from "./failures.ts";

export const listLimits = { usual: 50, most: 500 };

export interface NodeView {
  readonly node: NodeRecord;
  /** null: it is down, or nothing was heard of it since this program started. */
  readonly load: Load | null;
  readonly scrub: Scrub | null;
  readonly homeOf: number;
  /** Set while it is being emptied. */
  readonly drain: WireNode["drain"];
}

export function nodeToWire({ node, load, scrub, homeOf, drain }: NodeView): WireNode {
  return {
    id: node.id,
    name: node.name,
    region: node.region,
    health: node.health,
    scheduling: node.scheduling,
    playbackUrl: node.playbackUrl,
    usedBytes: load?.usedBytes ?? node.usedBytes,
    capacityBytes: load?.capacityBytes ?? node.capacityBytes,
    tasksRunning: load?.tasksRunning ?? 0,
    viewers: load?.viewers ?? 0,
    egressBps: load?.egressBps ?? 0,
    labels: { ...node.labels },
    lastSeenAt: node.lastSeenAt,
    certificateExpiresAt: node.certificateExpiresAt,
    version: node.version,
    ffmpegVersion: node.ffmpegVersion,
    drainDeadlineAt: node.drainDeadlineAt ?? 0,
    assetsHeld: homeOf,
    toolchain: node.toolchain,
    zone: node.zone,
    connections: load?.connections ?? 0,
    processor: load?.processor ?? 0,
    disk: load?.disk ?? 0,
    scrub: scrub === null ? undefined : scrubToWire(scrub),
    drain,
  };
}

function scrubToWire(scrub: Scrub): WireScrub {
  return { ...scrub, lastPassEndedAt: scrub.lastPassEndedAt ?? 0 };
}

export function taskToWire(task: TaskRecord, progress: number): WireTask {
  return {
    id: task.id,
    kind: task.kind,
    assetId: task.assetId,
    nodeId: task.nodeId ?? "",
    state: task.state,
    attempt: task.attempt,
    progress,
    createdAt: task.createdAt,
    startedAt: task.startedAt ?? 0,
    finishedAt: task.finishedAt ?? 0,
    error: task.error === null ? undefined : failureToWire(task.error),
    pieceId: task.pieceId,
  };
}

export function tokenToWire(token: TokenRecord): WireToken {
  return {
    id: token.id,
    kind: token.kind,
    name: token.name,
    region: token.region,
    role: token.role,
    createdAt: token.createdAt,
    expiresAt: token.expiresAt,
    usedAt: token.usedAt ?? 0,
    revokedAt: token.revokedAt ?? 0,
  };
}

export function eventToWire(event: EventRecord): WireEvent {
  return { ...event };
}

/** How a list is cut; the node, by id or name, is looked up by the caller. */
export function listFromWire(options: ListOptions | undefined): Omit<ListQuery, "nodeId"> {
  const limit = check.integer(options?.limit ?? 0, "limit", { min: 0, max: listLimits.most });
  const cursor = check.text(options?.cursor ?? "", "cursor", { max: 1_024 });
  const sort = check.text(options?.sort ?? "", "sort", { max: 64 });
  const states = check.atMost(options?.states ?? [], "states", 16);
  return {
    limit: limit === 0 ? listLimits.usual : limit,
    cursor: cursor === "" ? null : cursor,
    sort: sort === "" ? null : sort,
    states: states.map((state) => check.text(state, "state", { min: 1, max: 32 })),
    labels: check.labels(options?.labels ?? {}),
  };
}
