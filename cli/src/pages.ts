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
import type { Asset, Task } from "./shapes.ts";

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
    ...asset.subtitles.map(({ language, name }): Fields[number] => [
      "subtitles",
      `${language ?? "unknown language"}${name === null ? "" : `, ${name}`}`,
    ]),
    ["copies wanted", copiesWanted(asset)],
    ...asset.pinnedNodeIds.map((nodeId): Fields[number] => ["pinned to", nodeId]),
    ...asset.replicas.map(({ nodeId, state, reason }): Fields[number] => [
      "copy",
      `${nodeId} ${state}${reason === null ? "" : `: ${reason}`}`,
    ]),
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

function copiesWanted({ replicasWanted, extraReplicas, regions }: Asset): string {
  const extra = extraReplicas === 0 ? "" : `, and ${extraReplicas} more while it is watched this much`;
  return `${replicasWanted}${regions.length === 0 ? "" : ` in ${regions.join(", ")}`}${extra}`;
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
