// Records with plain values, for tests that are about one of them.
import { newId } from "@vstream/core/ids.ts";
import type { Sha256 } from "@vstream/core/ids.ts";
import type { AssetRecord, NodeRecord, TaskRecord } from "../catalog/records.ts";

export function assetRecord(change: Partial<AssetRecord> = {}): AssetRecord {
  return {
    id: newId("asset", 1),
    title: "A clip",
    state: "processing",
    labels: {},
    externalId: null,
    ladder: "default",
    replicasWanted: 2,
    regions: [],
    priority: 0,
    sourceName: "clip.mp4",
    sourceSha256: "a".repeat(64) as Sha256,
    sourceBytes: 1_000,
    sourceUrl: null,
    allowDamaged: false,
    keepSource: "always",
    duplicateOf: null,
    subtitleFiles: [],
    createdAt: 1,
    playableAt: null,
    readyAt: null,
    deletedAt: null,
    stateBeforeDelete: null,
    homes: [],
    leavingHomes: [],
    homeReasons: {},
    pins: [],
    extraReplicas: 0,
    probe: null,
    plan: null,
    edition: 0,
    nextEdition: null,
    previousEditions: [],
    reencodeError: null,
    check: null,
    releasedChunks: 0,
    manifestVersion: 0,
    measured: null,
    settled: false,
    error: null,
    ...change,
  };
}

export function nodeRecord(change: Partial<NodeRecord> = {}): NodeRecord {
  const name = change.name ?? "eu-1";
  return {
    id: newId("node", 1),
    name,
    region: "eu",
    zone: "",
    labels: {},
    health: "up",
    healthSince: 1,
    scheduling: "active",
    drainDeadlineAt: null,
    onDeadline: "hold",
    playbackUrl: `http://${name}`,
    peerUrl: `https://${name}`,
    version: "test",
    ffmpegVersion: "5.1.9",
    toolchain: "made-up",
    encodeSlots: 2,
    usedBytes: 0,
    capacityBytes: 1_000,
    joinedAt: 1,
    lastSeenAt: 1,
    certificateExpiresAt: Number.MAX_SAFE_INTEGER,
    ...change,
  };
}

export function taskRecord(change: Partial<TaskRecord>): TaskRecord {
  return {
    id: newId("task", 1),
    kind: "transcode",
    assetId: newId("asset", 1),
    pieceId: "",
    discardPieceIds: [],
    nodeId: null,
    state: "leased",
    attempt: 1,
    failures: 0,
    epoch: 1,
    priority: 0,
    rank: 0,
    preRollKeyframes: 2,
    notBefore: 0,
    createdAt: 1,
    startedAt: 1,
    finishedAt: null,
    error: null,
    ...change,
  };
}
