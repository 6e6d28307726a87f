// One thing for people: its fields, a line each.
import { formatDuration } from "./durations.ts";
import {
  formatAgo,
  formatBitrate,
  formatBytes,
  formatLabels,
  formatLength,
  formatPace,
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
    ["progress", `${formatShare(asset.progress)}${formatPace(asset)}`],
    ...nextFields(asset),
    ...errorFields(asset.error),
    ...(asset.duplicateOf === null ? [] : [["same bytes as", asset.duplicateOf] as const]),
    ["length", formatLength(asset.durationSeconds)],
    ["source", `${orNothing(asset.sourceName)}, ${formatBytes(asset.sourceBytes)}`],
    ...(asset.sourceUrl === null ? [] : [["from", asset.sourceUrl] as const]),
    ["source is kept", keeping(asset)],
    ...damageFields(asset),
    ...asset.warnings.map((warning): Fields[number] => ["note", warning]),
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
    ...checkFields(asset.check),
    ["labels", formatLabels(asset.labels)],
    ["external id", orNothing(asset.externalId)],
    ["priority", String(asset.priority)],
    ["created", formatInstant(asset.createdAt, nowMs)],
    ["playable", formatInstant(asset.playableAt, nowMs)],
    ["ready", formatInstant(asset.readyAt, nowMs)],
  ];
}

function keeping({ keepSource, hasSource, state }: Asset): string {
  const away = hasSource || state === "uploading" ? "" : "; no node that is up holds it now";
  if (keepSource === "ready") return `until the asset is ready${away}`;
  return keepSource === "never" ? `only where it arrived, until it is encoded${away}` : `${keepSource}${away}`;
}

function damageFields({ damaged, allowDamaged }: Asset): Fields {
  if (damaged) return [["damaged", "part of the source could not be used"]];
  return allowDamaged ? [["damaged", "no, though it is allowed to be"]] : [];
}

function nextFields({ nextLadder, nextProgress, reencodeError }: Asset): Fields {
  if (nextLadder !== null) return [["next edition", `ladder ${nextLadder}, ${formatShare(nextProgress ?? 0)}`]];
  return reencodeError === null ? [] : [["last re-encode", `${reencodeError.message} (${reencodeError.code})`]];
}

function checkFields(check: Asset["check"]): Fields {
  if (check === null) return [["check", orNothing(null)]];
  const rules = `${check.rules} authoring rules`;
  if (check.findings.length === 0) return [["check", `${rules}, nothing found`]];
  return [
    ["check", `${rules}, ${check.findings.length} findings`],
    ...check.findings.map(({ rule, level, subject, message }): Fields[number] => [
      "finding",
      `${rule} (${level}) ${subject}: ${message}`,
    ]),
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
