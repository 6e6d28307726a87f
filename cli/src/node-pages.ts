// What nodes are and what depends on them, for people.
import { formatDuration } from "./durations.ts";
import { formatBitrate, formatBytes, formatLabels, formatShare, orNothing } from "./formats.ts";
import { formatInstant } from "./pages.ts";
import type { Fields } from "./pages.ts";
import type { DrainProgress, Node, NodeImpact, Rebalance, Scrub } from "./shapes.ts";

export function nodeFields(node: Node, nowMs: number): Fields {
  const { usedBytes, capacityBytes } = node.storage;
  return [
    ["id", node.id],
    ["name", node.name],
    ["region", node.region],
    ["zone", orNothing(node.zone)],
    ["health", node.health],
    ["scheduling", node.scheduling],
    ...(node.drainDeadlineAt === null ? [] : [["drain deadline", formatInstant(node.drainDeadlineAt, nowMs)] as const]),
    ...(node.drain === null ? [] : [["drain", drainLine(node.drain)] as const]),
    ["playback", node.playbackUrl],
    ["storage", `${formatBytes(usedBytes)} of ${formatBytes(capacityBytes)}`],
    ["assets held", String(node.assetsHeld)],
    ["tasks running", String(node.tasksRunning)],
    ["viewers", `${node.viewers} over ${node.connections} connection(s), ${formatBitrate(node.egressBps)}`],
    ["processor", formatShare(node.processor)],
    ["disk", formatShare(node.disk)],
    ...scrubFields(node.scrub, nowMs),
    ["labels", formatLabels(node.labels)],
    ["last seen", formatInstant(node.lastSeenAt, nowMs)],
    ["certificate until", formatInstant(node.certificateExpiresAt, nowMs)],
    ["version", orNothing(node.version)],
    ["ffmpeg", orNothing(node.ffmpegVersion)],
    ["toolchain", orNothing(node.toolchain)],
  ];
}

/** Where a drain is, in one line. */
export function drainLine({ step, assetsLeft, tasksLeft, viewersLeft }: DrainProgress): string {
  return `${step}: ${assetsLeft} asset(s), ${tasksLeft} task(s) and ${viewersLeft} viewer(s) left`;
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

export function rebalanceFields({ enabled, moving, movesInAll, bytesInAll, spread }: Rebalance): Fields {
  return [
    ["in the background", enabled ? "on" : "off: the control plane's configuration says so"],
    ["spread", `${formatShare(spread)} of the capacity, from the emptiest node to the fullest`],
    ["under way", `${moving} move(s)`],
    ["to move", `${movesInAll} asset(s), ${formatBytes(bytesInAll)}`],
  ];
}

function scrubFields(scrub: Scrub | null, nowMs: number): Fields {
  if (scrub === null) return [["scrub", orNothing(null)]];
  const { checkedBytes, totalBytes, passStartedAt, lastPassEndedAt, damagedFound, quarantined } = scrub;
  return [
    ["scrub", `${formatBytes(checkedBytes)} of ${formatBytes(totalBytes)} read again`],
    ["scrub since", formatInstant(passStartedAt, nowMs)],
    ["scrub before", formatInstant(lastPassEndedAt, nowMs)],
    ["damage", `${damagedFound} wrong object(s) found so far, ${quarantined} in quarantine`],
  ];
}

function toCopy({ bytesToCopy, copySeconds }: NodeImpact): string {
  if (bytesToCopy === 0) return "nothing";
  if (copySeconds === null) return `${formatBytes(bytesToCopy)}, in a time that no recent copy tells`;
  return `${formatBytes(bytesToCopy)}, about ${formatDuration(Math.max(1, Math.round(copySeconds)) * 1000)}`;
}
