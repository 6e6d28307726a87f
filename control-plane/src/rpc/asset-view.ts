// An asset as vsctl sees it, from what the catalog has and what running tasks said last. Pure.
import type { CheckReport, Piece } from "@vstream/core/media.ts";
import type { Asset as WireAsset, AssetAudioTrack, Rendition } from "@vstream/proto/admin.ts";
import type { AssetSummary } from "../catalog/catalog.ts";
import type { AssetRecord } from "../catalog/records.ts";
import { textLeftOut } from "../planning/choose-targets.ts";
import { shownUrl } from "./admin/source-url.ts";
import type { Progress } from "./asset-pace.ts";
import { failureToWire } from "./wire/failures.ts";

export interface ShownAsset {
  readonly summary: AssetSummary;
  readonly progress: Progress;
  /** Those there are; only looked at while nothing is measured yet. */
  readonly pieces: readonly Piece[];
}

export function assetToWire({ summary, progress, pieces }: ShownAsset): WireAsset {
  const { asset } = summary;
  return {
    id: asset.id,
    title: asset.title,
    state: asset.state,
    labels: { ...asset.labels },
    createdAt: asset.createdAt,
    playableAt: asset.playableAt ?? 0,
    readyAt: asset.readyAt ?? 0,
    durationSeconds: asset.probe?.durationSeconds ?? 0,
    sourceSha256: asset.sourceSha256 ?? "",
    sourceBytes: asset.sourceBytes,
    storedBytes: summary.storedBytes,
    ladder: asset.ladder,
    replicasWanted: asset.replicasWanted,
    renditions: asset.measured === null ? expectedRenditions(asset, pieces) : measuredRenditions(asset.measured),
    audioTracks: asset.measured === null ? expectedTracks(asset, pieces) : measuredTracks(asset.measured),
    subtitles: summary.text.map(({ language, name }) => ({ language, name })),
    replicas: summary.replicas.map((replica) => ({ ...replica, reason: asset.homeReasons[replica.nodeId] ?? "" })),
    degraded: degradedOf(summary),
    ...progress,
    error: asset.error === null ? undefined : failureToWire(asset.error),
    externalId: asset.externalId ?? "",
    regions: [...asset.regions],
    priority: asset.priority,
    sourceName: asset.sourceName,
    pinnedNodeIds: [...asset.pins],
    extraReplicas: asset.extraReplicas,
    sourceUrl: asset.sourceUrl === null ? "" : shownUrl(asset.sourceUrl),
    allowDamaged: asset.allowDamaged,
    damaged: asset.probe?.damaged ?? false,
    warnings: warningsOf(asset),
    keepSource: asset.keepSource,
    duplicateOf: asset.duplicateOf ?? "",
    hasSource: summary.hasSource,
    // A failed asset may go on with it; nothing of it is made meanwhile.
    nextLadder: asset.state === "failed" ? "" : (asset.nextEdition?.ladder ?? ""),
    edition: asset.edition,
    reencodeError: asset.reencodeError === null ? undefined : failureToWire(asset.reencodeError),
    check: asset.check === null ? undefined : checkToWire(asset.check),
  };
}

function checkToWire({ rules, findings }: CheckReport): WireAsset["check"] {
  return { rules, findings: findings.map((found) => ({ ...found })) };
}

// Only what became ready can be short of copies; before that, they are still on their way.
function degradedOf(summary: AssetSummary): WireAsset["degraded"] {
  const { asset, fewestCopies: have } = summary;
  const wanted = asset.replicasWanted;
  return asset.state === "ready" && have < wanted ? { wanted, have } : undefined;
}

type Measured = NonNullable<AssetRecord["measured"]>;

function measuredRenditions(measured: Measured): Rendition[] {
  return measured.renditions.map(({ rung, frameRate, codecs, averageBandwidthBps, bandwidthBps }) => ({
    name: rung.name,
    width: rung.width,
    height: rung.height,
    frameRate,
    codecs,
    averageBandwidth: averageBandwidthBps,
    bandwidth: bandwidthBps,
  }));
}

function measuredTracks(measured: Measured): AssetAudioTrack[] {
  return measured.audio.map(({ target, codecs }) => ({
    language: target.language,
    channels: target.channels,
    codecs,
  }));
}

// Until it is measured: the rate cap of the plan, and codecs as soon as a first piece shows them.
function expectedRenditions(asset: AssetRecord, pieces: readonly Piece[]): Rendition[] {
  const video = pieces.flatMap((piece) => (piece.content.kind === "video" ? piece.content.renditions : []));
  return (asset.plan?.rungs ?? []).map((rung) => ({
    name: rung.name,
    width: rung.width,
    height: rung.height,
    frameRate: asset.probe?.video.frameRate ?? 0,
    codecs: video.find((rendition) => rendition.rung === rung.name)?.codecs ?? "",
    averageBandwidth: 0,
    bandwidth: rung.maxrateBps,
  }));
}

function expectedTracks(asset: AssetRecord, pieces: readonly Piece[]): AssetAudioTrack[] {
  const audio = pieces.flatMap((piece) => (piece.content.kind === "audio" ? [piece.content] : []));
  return (asset.plan?.audio ?? []).map(({ track, language, channels }) => ({
    language,
    channels,
    codecs: audio.find((content) => content.track === track)?.rendition.codecs ?? "",
  }));
}

// What the probe said, and what of the source found no place in the plan.
function warningsOf({ probe, plan }: AssetRecord): string[] {
  if (probe === null) return [];
  const leftOut = plan === null ? null : textLeftOut(probe.text, plan.text);
  return [...probe.warnings, ...(leftOut === null ? [] : [leftOut])];
}
