// One thing for people: its fields, a line each.
import { formatDuration } from "./durations.ts";
import {
  formatAgo,
  formatBitrate,
  formatBytes,
  formatLabels,
  formatLength,
  formatShare,
  orNothing,
} from "./formats.ts";
import type { Asset, Node, NodeImpact, Task } from "./shapes.ts";

export type Fields = (readonly [name: string, value: string])[];

export function assetFields(asset: Asset, nowMs: number): Fields {
  return [
    ["id", asset.id],
    ["title", asset.title],
    ["state", asset.state],
    ["step", orNothing(asset.step)],
    ["progress", formatShare(asset.progress)],
    ...errorFields(asset.error),
    ["length", formatLength(asset.durationSeconds)],
    ["source", `${orNothing(asset.sourceName)}, ${formatBytes(asset.sourceBytes)}`],
    ["stored", formatBytes(asset.storedBytes)],
    ["ladder", orNothing(asset.ladder)],
    ...asset.renditions.map((rendition): Fields[number] => ["rendition", describeRendition(rendition)]),
    ...asset.audioTracks.map((track): Fields[number] => [
      "audio",
      `${track.language ?? "unknown language"}, ${track.channels} channels, ${track.codecs}`,
    ]),
    ["copies wanted", `${asset.replicasWanted}${asset.regions.length === 0 ? "" : ` in ${asset.regions.join(", ")}`}`],
    ...asset.replicas.map((replica): Fields[number] => ["copy", `${replica.nodeId} ${replica.state}`]),
    ...(asset.degraded === null
      ? []
      : [["degraded", `${asset.degraded.have} of ${asset.degraded.wanted} copies`] as const]),
    ["labels", formatLabels(asset.labels)],
    ["external id", orNothing(asset.externalId)],
    ["priority", String(asset.priority)],
    ["created", formatInstant(asset.createdAt, nowMs)],
    ["playable", formatInstant(asset.playableAt, nowMs)],
    ["ready", formatInstant(asset.readyAt, nowMs)],
  ];
}

export function nodeFields(node: Node, nowMs: number): Fields {
  const { usedBytes, capacityBytes } = node.storage;
  return [
    ["id", node.id],
    ["name", node.name],
    ["region", node.region],
    ["health", node.health],
    ["scheduling", node.scheduling],
    ...(node.drainDeadlineAt === null ? [] : [["drain deadline", formatInstant(node.drainDeadlineAt, nowMs)] as const]),
    ["playback", node.playbackUrl],
    ["storage", `${formatBytes(usedBytes)} of ${formatBytes(capacityBytes)}`],
    ["assets held", String(node.assetsHeld)],
    ["tasks running", String(node.tasksRunning)],
    ["viewers", `${node.viewers}, ${formatBitrate(node.egressBps)}`],
    ["labels", formatLabels(node.labels)],
    ["last seen", formatInstant(node.lastSeenAt, nowMs)],
    ["certificate until", formatInstant(node.certificateExpiresAt, nowMs)],
    ["version", orNothing(node.version)],
    ["ffmpeg", orNothing(node.ffmpegVersion)],
    ["toolchain", orNothing(node.toolchain)],
  ];
}

export function impactFields(impact: NodeImpact): Fields {
  const { node, viewers, egressBps, assets, assetsOnlyHere, bytesHeld } = impact;
  return [
    ["node", `${node.name} (${node.health}, ${node.scheduling})`],
    ["viewers", `${viewers}, ${formatBitrate(egressBps)}`],
    ["assets", `${assets}, ${assetsOnlyHere} of them with no whole copy elsewhere`],
    ["held", formatBytes(bytesHeld)],
    ["to copy", toCopy(impact)],
  ];
}

/** What depends on a node, in one line. */
export function impactLine(impact: NodeImpact): string {
  const { node, assets, assetsOnlyHere, viewers } = impact;
  return (
    `Node ${node.name} holds copies of ${assets} asset(s), ${assetsOnlyHere} of them with no whole copy elsewhere, ` +
    `and serves ${viewers} viewer(s). To copy: ${toCopy(impact)}.`
  );
}

function toCopy({ bytesToCopy, copySeconds }: NodeImpact): string {
  if (bytesToCopy === 0 || copySeconds === null) return formatBytes(bytesToCopy);
  return `${formatBytes(bytesToCopy)}, about ${formatDuration(Math.max(1, Math.round(copySeconds)) * 1000)}`;
}

export function taskFields(task: Task, nowMs: number): Fields {
  return [
    ["id", task.id],
    ["kind", task.kind],
    ["asset", task.assetId],
    ["piece", orNothing(task.pieceId)],
    ["node", orNothing(task.nodeId)],
    ["state", task.state],
    ["attempt", String(task.attempt)],
    ["progress", formatShare(task.progress)],
    ...errorFields(task.error),
    ["created", formatInstant(task.createdAt, nowMs)],
    ["started", formatInstant(task.startedAt, nowMs)],
    ["finished", formatInstant(task.finishedAt, nowMs)],
    ["took", formatSpan(task.startedAt, task.finishedAt)],
  ];
}

/** An instant in full, and how long ago that was. */
export function formatInstant(instant: string | null, nowMs: number): string {
  return instant === null ? orNothing(null) : `${instant} (${formatAgo(instant, nowMs)})`;
}

function describeRendition(rendition: Asset["renditions"][number]): string {
  const { name, width, height, frameRate, bandwidth, codecs } = rendition;
  return `${name}, ${width}x${height}, ${Number(frameRate.toFixed(3))} fps, ${formatBitrate(bandwidth)}, ${codecs}`;
}

function errorFields(error: Asset["error"]): Fields {
  if (error === null) return [];
  return [["error", `${error.message} (${error.code})`], ...(error.hint === "" ? [] : [["hint", error.hint] as const])];
}

function formatSpan(from: string | null, to: string | null): string {
  return from === null || to === null ? orNothing(null) : formatDuration(Date.parse(to) - Date.parse(from));
}
