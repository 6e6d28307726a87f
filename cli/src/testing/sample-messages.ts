// Messages of the wire, whole, for tests to change a field or two of.
import type * as Wire from "@vstream/proto/admin.ts";

/** 2026-01-31T12:00:00Z. */
export const sampleAt = Date.UTC(2026, 0, 31, 12);

export function sampleAsset(changes: Partial<Wire.Asset> = {}): Wire.Asset {
  return {
    id: "as1m823v0pw6kegn5kge6b",
    title: "Big Buck Bunny",
    state: "ready",
    labels: { show: "demo" },
    createdAt: sampleAt,
    playableAt: sampleAt + 4_000,
    readyAt: sampleAt + 20_000,
    durationSeconds: 30,
    sourceSha256: "ab".repeat(32),
    sourceBytes: 5_500_000,
    storedBytes: 9_000_000,
    ladder: "default",
    replicasWanted: 2,
    renditions: [
      {
        name: "480p",
        width: 854,
        height: 480,
        frameRate: 24,
        codecs: "avc1.64001e",
        averageBandwidth: 900_000,
        bandwidth: 1_200_000,
      },
    ],
    audioTracks: [{ language: "en", channels: 2, codecs: "mp4a.40.2" }],
    subtitles: [{ language: "de", name: "" }],
    replicas: [
      { nodeId: sampleNode().id, state: "verified", reason: "pinned" },
      { nodeId: "no1m823v0pw6kegn5kge6c", state: "copying", reason: "" },
    ],
    degraded: undefined,
    progress: 1,
    error: undefined,
    externalId: "",
    step: "done",
    regions: [],
    priority: 0,
    sourceName: "bbb.mp4",
    pinnedNodeIds: [sampleNode().id],
    extraReplicas: 0,
    sourceUrl: "",
    allowDamaged: false,
    damaged: false,
    warnings: [],
    keepSource: "always",
    speed: 0,
    leftMs: -1,
    duplicateOf: "",
    check: undefined,
    nextLadder: "",
    nextProgress: 0,
    hasSource: true,
    edition: 0,
    reencodeError: undefined,
    ...changes,
  };
}

export function sampleImpact(changes: Partial<Wire.GetNodeImpactResponse> = {}): Wire.GetNodeImpactResponse {
  const { id, title, state } = sampleAsset();
  return {
    node: sampleNode(),
    assets: 3,
    assetsOnlyHere: 1,
    bytesHeld: 20_000_000,
    bytesToCopy: 9_000_000,
    copyMs: 90_000,
    items: [{ assetId: id, title, state, fewestCopiesElsewhere: 0, bytesToCopy: 9_000_000 }],
    ...changes,
  };
}

/** Of two copies, the second in the given state. */
export function sampleVerification(
  state: string,
  changes: Partial<Wire.CopyVerification> = {},
): Wire.VerifyAssetResponse {
  const good = { nodeId: sampleNode().id, nodeName: "eu-1", state: "good", badPieceIds: [], reason: "" };
  const bytes = { checkedBytes: 9_000_000, totalBytes: 9_000_000 };
  const second = { ...good, nodeId: "no1m823v0pw6kegn5kge6c", nodeName: "us-1", state, ...bytes, ...changes };
  return { copies: [{ ...good, ...bytes }, second], done: state !== "checking" && state !== "waiting" };
}

/** Of one piece in the given state, after a verification that found it bad on one node. */
export function sampleRebuild(state: string, changes: Partial<Wire.PieceRebuild> = {}): Wire.RebuildAssetResponse {
  const { copies } = sampleVerification("bad", { badPieceIds: ["video-00003"] });
  const made = { taskId: sampleTask().id, nodeId: sampleNode().id, nodeName: "eu-1", failure: undefined };
  const objects = [{ sha256: "cd".repeat(32), bytes: 300_000 }];
  const piece = { pieceId: "video-00003", state, ...made, objects, sameBytes: state === "encoded", ...changes };
  const done = ["copied", "encoded", "failed"].includes(state);
  return { startedAt: sampleAt, copies, pieces: [piece], copiesMade: done ? 1 : 0, done };
}

export function sampleProvenance(): Wire.GetProvenanceResponse {
  const { id, sourceName, sourceSha256, sourceBytes, ladder } = sampleAsset();
  const named = { language: "en", name: "", defaultTrack: false };
  const video = { width: 854, height: 480, codec: "h264", frameRate: 24, timeScale: 12_288, ticksPerFrame: 512 };
  const size = { name: "480p", width: 854, height: 480, codec: "h264", preset: "medium", profile: "high" };
  const bits = { crf: 23, maxrateBps: 1_000_000, bufferBits: 2_000_000, videoRange: "SDR" };
  const told = ["ffprobe file:source", "ffmpeg -i file:source -vf 'scale=854:480' encoded/encoded-0.mp4"];
  return {
    ...{ assetId: id, sourceName, sourceUrl: "", sourceSha256, sourceBytes, ladder, text: [] },
    probe: {
      ...{ format: "mov,mp4", durationSeconds: 30, segments: 5, longestSegmentSeconds: 6 },
      video: { ...video, frames: 720, interlaced: false, pixelFormat: "yuv420p", videoRange: "SDR" },
      audio: [{ track: 0, codec: "aac", channels: 2, sampleRate: 48_000, ...named }],
      ...{ text: [], chapters: [], warnings: ["a note\u001b[31m"], damaged: false },
    },
    rungs: [{ ...size, ...bits }],
    audio: [{ track: 0, stream: 0, channels: 2, bitrateBps: 128_000, sampleRate: 48_000, ...named }],
    pieces: [
      {
        ...{ pieceId: "video-00000", toolchain: "0123456789abcdef", ffmpegVersion: "5.1.9" },
        ...{ nodeId: sampleNode().id, nodeName: "eu-1", arguments: told },
        objects: [{ sha256: "cd".repeat(32), bytes: 300_000 }],
      },
    ],
  };
}

export function sampleRebalance(changes: Partial<Wire.PreviewRebalanceResponse> = {}): Wire.PreviewRebalanceResponse {
  const { id: assetId, title } = sampleAsset();
  const { id: fromNodeId } = sampleNode();
  return {
    enabled: true,
    moves: [{ assetId, title, fromNodeId, toNodeId: "no1m823v0pw6kegn5kge6c", bytes: 9_000_000 }],
    movesInAll: 1,
    bytesInAll: 9_000_000,
    moving: 0,
    spread: 0.42,
    ...changes,
  };
}

export function sampleNode(changes: Partial<Wire.Node> = {}): Wire.Node {
  return {
    id: "no1m823v0pw6kegn5kge6b",
    name: "eu-1",
    region: "eu",
    health: "up",
    scheduling: "active",
    playbackUrl: "http://127.0.0.1:7800",
    usedBytes: 1_000_000_000,
    capacityBytes: 10_000_000_000,
    tasksRunning: 1,
    viewers: 3,
    egressBps: 4_000_000,
    labels: {},
    lastSeenAt: sampleAt,
    certificateExpiresAt: sampleAt + 14 * 86_400_000,
    version: "0.1.0",
    ffmpegVersion: "5.1.9",
    drainDeadlineAt: 0,
    assetsHeld: 7,
    toolchain: "x264-164",
    zone: "",
    connections: 4,
    processor: 0.5,
    disk: 0.25,
    scrub: {
      passStartedAt: sampleAt,
      checkedBytes: 500_000_000,
      totalBytes: 1_000_000_000,
      lastPassEndedAt: 0,
      damagedFound: 1,
      quarantined: 1,
    },
    drain: undefined,
    ...changes,
  };
}

export function sampleToken(changes: Partial<Wire.Token> = {}): Wire.Token {
  return {
    id: "to1m823v0pw6kegn5kge6b",
    kind: "node",
    name: "eu-1",
    region: "",
    role: "",
    createdAt: sampleAt,
    expiresAt: sampleAt + 900_000,
    usedAt: 0,
    revokedAt: 0,
    ...changes,
  };
}

export function sampleTask(changes: Partial<Wire.Task> = {}): Wire.Task {
  return {
    id: "ta1m823v0pw6kegn5kge6b",
    kind: "transcode",
    assetId: sampleAsset().id,
    nodeId: "",
    state: "pending",
    attempt: 0,
    progress: 0,
    createdAt: sampleAt,
    startedAt: 0,
    finishedAt: 0,
    error: undefined,
    pieceId: "video-00000",
    ...changes,
  };
}

export function sampleEvent(changes: Partial<Wire.Event> = {}): Wire.Event {
  return {
    id: 12,
    at: sampleAt,
    kind: "asset.ready",
    subject: sampleAsset().id,
    actor: "vstream",
    message: "asset Big Buck Bunny is ready",
    ...changes,
  };
}

export function sampleStatus(changes: Partial<Wire.GetStatusResponse> = {}): Wire.GetStatusResponse {
  return {
    version: "0.1.0",
    startedAt: sampleAt,
    nodesByHealth: { up: 3 },
    assetsByState: { ready: 1 },
    tasksByState: {},
    storedBytes: 9_000_000,
    capacityBytes: 30_000_000_000,
    degradedAssets: 0,
    problems: [],
    ...changes,
  };
}
