// The nodes' table: rows as records, what sessions and heartbeats say of a node.
import { VsError } from "@vstream/core/errors.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import type { NodeDescription } from "@vstream/core/media.ts";
import type { Actor, CatalogCommands } from "./catalog.ts";
import { writeEvent } from "./events.ts";
import { fromJson, toJson } from "./json-column.ts";
import { setLabels } from "./labels.ts";
import type { NodeHealth, NodeRecord } from "./records.ts";
import { unsettleDegraded, unsettleHomesOf } from "./settling.ts";
import type { Db, NodeRow, NodesTable } from "./tables.ts";

export async function getNode(db: Db, idOrName: string): Promise<NodeRecord | null> {
  const row = await db
    .selectFrom("nodes")
    .selectAll()
    .where((eb) => eb.or([eb("id", "=", idOrName as NodeId), eb("name", "=", idOrName)]))
    .executeTakeFirst();
  return row === undefined ? null : toNodeRecord(row);
}

export async function nodeRow(db: Db, id: NodeId): Promise<NodeRow | undefined> {
  return await db.selectFrom("nodes").selectAll().where("id", "=", id).executeTakeFirst();
}

/** @throws VsError node_not_found */
export async function requireNode(db: Db, id: NodeId): Promise<NodeRow> {
  const row = await nodeRow(db, id);
  if (row !== undefined) return row;
  throw new VsError("node_not_found", `there is no node ${id}`, { hint: "See the nodes with: vsctl nodes list" });
}

/** The node as an event's actor. */
export async function nodeActor(db: Db, id: NodeId): Promise<Actor> {
  return `node:${(await nodeRow(db, id))?.name ?? id}`;
}

// Name and region stay as they were joined: the join token may have been good for these only. A zone is free.
export async function describeNode(
  db: Db,
  { nodeId, node, at }: { nodeId: NodeId; node: NodeDescription; at: number },
): Promise<NodeRecord> {
  const before = await requireNode(db, nodeId);
  await updateNode(db, nodeId, { ...describedColumns(node), last_seen_at: at });
  await setLabels(db, nodeId, node.labels);
  await setHealth(db, before, { health: "up", at });
  return toNodeRecord(await requireNode(db, nodeId));
}

/** A change of health, with all that follows from it. Nothing when it is so already. */
export async function setHealth(db: Db, node: NodeRow, change: { health: NodeHealth; at: number }): Promise<void> {
  const { health, at } = change;
  if (node.health === health) return;
  const distrusted = health === "down" ? { copies_trusted: 0 } : {};
  await updateNode(db, node.id, { health, health_since: at, ...distrusted });
  await unsettleHomesOf(db, node.id);
  if (health === "up") await unsettleDegraded(db);
  const message = `${node.name} is ${health}; it was ${node.health}`;
  await writeEvent(db, { at, kind: `node.${health}`, subject: node.name, actor: "vstream", message });
}

export async function recordLoads(db: Db, loads: Parameters<CatalogCommands["recordLoads"]>[0]): Promise<void> {
  for (const load of loads) {
    await updateNode(db, load.nodeId, {
      used_bytes: load.usedBytes,
      capacity_bytes: load.capacityBytes,
      last_seen_at: load.lastSeenAt,
    });
  }
}

export async function recordCertificate(
  db: Db,
  change: { nodeId: NodeId; certificateExpiresAt: number; at: number },
): Promise<void> {
  await requireNode(db, change.nodeId);
  await updateNode(db, change.nodeId, { certificate_expires_at: change.certificateExpiresAt });
}

export async function updateNode(db: Db, id: NodeId, changes: Partial<NodesTable>): Promise<void> {
  await db.updateTable("nodes").set(changes).where("id", "=", id).execute();
}

/** What a description sets, at joining and at each session. */
export function describedColumns(node: NodeDescription) {
  return {
    zone: node.zone,
    labels: toJson(node.labels),
    playback_url: node.playbackUrl,
    peer_url: node.peerUrl,
    version: node.version,
    ffmpeg_version: node.ffmpegVersion,
    toolchain: node.toolchain,
    encode_slots: node.encodeSlots,
    capacity_bytes: node.capacityBytes,
  };
}

export function toNodeRecord(row: NodeRow): NodeRecord {
  return {
    id: row.id,
    name: row.name,
    region: row.region,
    zone: row.zone,
    labels: fromJson(row.labels),
    health: row.health,
    healthSince: row.health_since,
    scheduling: row.scheduling,
    drainDeadlineAt: row.drain_deadline_at,
    onDeadline: row.on_deadline,
    playbackUrl: row.playback_url,
    peerUrl: row.peer_url,
    version: row.version,
    ffmpegVersion: row.ffmpeg_version,
    toolchain: row.toolchain,
    encodeSlots: row.encode_slots,
    usedBytes: row.used_bytes,
    capacityBytes: row.capacity_bytes,
    joinedAt: row.joined_at,
    lastSeenAt: row.last_seen_at,
    certificateExpiresAt: row.certificate_expires_at,
  };
}
