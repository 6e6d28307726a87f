// From the wire's messages to vsctl's own shapes: instants become RFC 3339, what proto3 leaves empty becomes null.
import { VsError, isErrorCode } from "@vstream/core/errors.ts";
import type { Failure } from "@vstream/core/errors.ts";
import type * as Wire from "@vstream/proto/admin.ts";
import type {
  Asset,
  CopyVerification,
  Event,
  Node,
  NodeImpact,
  Page,
  Provenance,
  RebuildProgress,
  Scrub,
  Task,
  Token,
} from "./shapes.ts";

export function toAsset(wire: Wire.Asset | undefined): Asset {
  const { leftMs, ...asset } = given(wire);
  return {
    ...asset,
    createdAt: toInstant(asset.createdAt),
    playableAt: toInstant(asset.playableAt),
    readyAt: toInstant(asset.readyAt),
    durationSeconds: asset.durationSeconds === 0 ? null : asset.durationSeconds,
    sourceSha256: orNull(asset.sourceSha256),
    sourceBytes: asset.sourceBytes === 0 ? null : asset.sourceBytes,
    ladder: orNull(asset.ladder),
    audioTracks: asset.audioTracks.map((track) => ({ ...track, language: orNull(track.language) })),
    subtitles: asset.subtitles.map(({ language, name }) => ({ language: orNull(language), name: orNull(name) })),
    replicas: asset.replicas.map((replica) => ({ ...replica, reason: orNull(replica.reason) })),
    degraded: asset.degraded ?? null,
    duplicate: false,
    error: toFailure(asset.error),
    externalId: orNull(asset.externalId),
    step: orNull(asset.step),
    sourceName: orNull(asset.sourceName),
    sourceUrl: orNull(asset.sourceUrl),
    speed: asset.speed === 0 ? null : asset.speed,
    secondsLeft: leftMs < 0 ? null : leftMs / 1000,
    duplicateOf: orNull(asset.duplicateOf),
    check: asset.check ?? null,
    nextLadder: orNull(asset.nextLadder),
    reencodeError: toFailure(asset.reencodeError),
    nextProgress: asset.nextLadder === "" ? null : asset.nextProgress,
  };
}

export function toNode(wire: Wire.Node | undefined): Node {
  const { usedBytes, capacityBytes, ...node } = given(wire);
  return {
    ...node,
    storage: { usedBytes, capacityBytes },
    lastSeenAt: toInstant(node.lastSeenAt),
    certificateExpiresAt: toInstant(node.certificateExpiresAt),
    version: orNull(node.version),
    ffmpegVersion: orNull(node.ffmpegVersion),
    drainDeadlineAt: toInstant(node.drainDeadlineAt),
    toolchain: orNull(node.toolchain),
    zone: orNull(node.zone),
    scrub: node.scrub === undefined ? null : toScrub(node.scrub),
    drain: node.drain ?? null,
  };
}

function toScrub(scrub: Wire.NodeScrub): Scrub {
  return {
    ...scrub,
    passStartedAt: toInstant(scrub.passStartedAt),
    lastPassEndedAt: toInstant(scrub.lastPassEndedAt),
  };
}

export function toCopyVerification(copy: Wire.CopyVerification): CopyVerification {
  return { ...copy, reason: orNull(copy.reason) };
}

export function toRebuildProgress(wire: Wire.RebuildAssetResponse): RebuildProgress {
  const pieces = wire.pieces.map(({ failure, ...piece }) => ({
    ...{ ...piece, taskId: orNull(piece.taskId), nodeId: orNull(piece.nodeId), nodeName: orNull(piece.nodeName) },
    error: toFailure(failure),
  }));
  return { copies: wire.copies.map(toCopyVerification), pieces, copiesMade: wire.copiesMade, done: wire.done };
}

export function toProvenance(wire: Wire.GetProvenanceResponse): Provenance {
  const { assetId: asset, ladder, probe, rungs, audio, text } = wire;
  return {
    asset,
    source: {
      ...{ name: orNull(wire.sourceName), url: orNull(wire.sourceUrl), sha256: orNull(wire.sourceSha256) },
      bytes: wire.sourceBytes === 0 ? null : wire.sourceBytes,
    },
    ...{ ladder, rungs, audio, text },
    probe: probe === undefined ? null : { ...probe, video: probe.video ?? null },
    pieces: wire.pieces.map((piece) => ({
      ...piece,
      toolchain: orNull(piece.toolchain),
      ffmpegVersion: orNull(piece.ffmpegVersion),
      nodeId: orNull(piece.nodeId),
      nodeName: orNull(piece.nodeName),
    })),
  };
}

export function toNodeImpact({ node: wire, copyMs, ...impact }: Wire.GetNodeImpactResponse): NodeImpact {
  const node = toNode(wire);
  const { viewers, egressBps } = node;
  return { node, ...impact, viewers, egressBps, copySeconds: copyMs < 0 ? null : copyMs / 1000 };
}

export function toToken(wire: Wire.Token | undefined): Token {
  const token = given(wire);
  return {
    ...token,
    name: orNull(token.name),
    region: orNull(token.region),
    role: orNull(token.role),
    createdAt: toInstant(token.createdAt),
    expiresAt: toInstant(token.expiresAt),
    usedAt: toInstant(token.usedAt),
    revokedAt: toInstant(token.revokedAt),
  };
}

export function toTask(wire: Wire.Task | undefined): Task {
  const task = given(wire);
  return {
    ...task,
    nodeId: orNull(task.nodeId),
    createdAt: toInstant(task.createdAt),
    startedAt: toInstant(task.startedAt),
    finishedAt: toInstant(task.finishedAt),
    error: toFailure(task.error),
    pieceId: orNull(task.pieceId),
  };
}

export function toEvent(wire: Wire.Event | undefined): Event {
  const event = given(wire);
  return { ...event, at: toInstant(event.at) };
}

export function toPage<From, To>(page: { items: From[]; nextCursor: string }, convert: (item: From) => To): Page<To> {
  return { items: page.items.map(convert), nextCursor: orNull(page.nextCursor) };
}

function toFailure(failure: { code: string; message: string; hint: string } | undefined): Failure | null {
  if (failure === undefined) return null;
  const { code, message, hint } = failure;
  return { code: isErrorCode(code) ? code : "internal", message, hint };
}

export function toInstant(ms: number): string | null {
  return ms === 0 ? null : new Date(ms).toISOString();
}

function orNull(text: string): string | null {
  return text === "" ? null : text;
}

// A field that the control plane always sets; proto3 cannot say so.
export function given<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new VsError("internal", "the control plane left out a part of its answer");
  return value;
}
