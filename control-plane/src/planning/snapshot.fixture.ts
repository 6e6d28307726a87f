// For tests: nodes, assets and snapshots in one line each, with only what matters spelled out.
import {
  audioPieceId,
  imagesPieceId,
  sourcePieceId,
  textPieceId,
  timelinePieceId,
  videoPieceId,
} from "@vstream/core/ids.ts";
import type { AssetId, NodeId, PieceId, Sha256, TaskId } from "@vstream/core/ids.ts";
import type {
  Image,
  Load,
  ObjectRef,
  Piece,
  PieceContent,
  Probe,
  TaskKind,
  TextTarget,
  VideoRange,
} from "@vstream/core/media.ts";
import type { AssetRecord, AssetView, EncodePlan, NodeRecord, Snapshot, TaskRecord } from "../catalog/records.ts";
import type { PlanInput, PlanSettings } from "./cluster.ts";
import { chooseLadder } from "./choose-ladder.ts";
import { usualLadders } from "./ladder-forms.ts";
import { splitChunks } from "./split-chunks.ts";

/** The moment of every built snapshot. */
export const now = 1_800_000_000_000;

export const settings: PlanSettings = {
  repairHoldMs: 300_000,
  trashMs: 86_400_000,
  editionGraceMs: 21_600_000,
  uploadLimitMs: 86_400_000,
  maxSourceBytes: 1_000_000_000_000,
  maxChunkSegments: null,
  ladders: usualLadders,
  lowestFirstBelow: 1.2,
  repairCopiesAtOnce: 8,
  drainQuietMs: 18_000,
};

/** Node ids are the names. */
export function nodeId(name: string): NodeId {
  return name as NodeId;
}

export function buildNode(name: string, changes: Partial<NodeRecord> = {}): NodeRecord {
  return {
    id: nodeId(name),
    name,
    region: "eu",
    zone: "",
    labels: {},
    health: "up",
    healthSince: now - 3_600_000,
    scheduling: "active",
    drainDeadlineAt: null,
    onDeadline: "hold",
    playbackUrl: `http://${name}:8080`,
    peerUrl: `https://${name}:8443`,
    version: "0.1.0",
    ffmpegVersion: "5.1.9",
    toolchain: "x1",
    encodeSlots: 2,
    usedBytes: 0,
    capacityBytes: 1_000_000_000_000,
    joinedAt: now - 86_400_000,
    lastSeenAt: now,
    certificateExpiresAt: now + 86_400_000,
    ...changes,
  };
}

/** Of a node that is idle, and that viewers have not asked for an hour. */
export function buildLoad(changes: Partial<Load> = {}): Load {
  return {
    usedBytes: 0,
    capacityBytes: 1_000_000_000_000,
    tasksRunning: 0,
    viewers: 0,
    egressBps: 0,
    connections: 0,
    processor: 0,
    disk: 0,
    egressLimitBps: 0,
    viewersQuietMs: 3_600_000,
    ...changes,
  };
}

export function buildProbe(
  changes: { segments?: number; tracks?: number; width?: number; height?: number; videoRange?: VideoRange } = {},
): Probe {
  const { segments = 5, tracks = 1, width = 854, height = 480, videoRange = "SDR" } = changes;
  const audio = Array.from({ length: tracks }, (_, track) => {
    return { track, codec: "aac", language: "eng", channels: 2, sampleRate: 48_000, name: "", defaultTrack: false };
  });
  const video = { width, height, codec: "h264", frameRate: 24, timeScale: 12_288, ticksPerFrame: 512 };
  return {
    format: "mov,mp4",
    durationSeconds: segments * 6,
    video: { ...video, frames: segments * 144, interlaced: false, pixelFormat: "yuv420p", videoRange },
    audio,
    segments,
    longestSegmentSeconds: 6,
    ...{ text: [], chapters: [], warnings: [], damaged: false },
  };
}

/** With neither text nor images, which most tests are not about. */
export function buildPlan(probe: Probe): EncodePlan {
  const chunks = splitChunks(probe.segments, null);
  return { ...chooseLadder("default", probe), text: [], images: null, chunks };
}

/** With tracks of text and images. */
export function buildRichPlan(probe: Probe, tracks = 1): EncodePlan {
  const text = Array.from({ length: tracks }, (_, track): TextTarget => {
    const plain = { origin: "stream", file: 0, forced: false, hearingImpaired: false, defaultTrack: false } as const;
    return { track, stream: track, language: "en", name: "", ...plain };
  });
  return { ...buildPlan(probe), text, images: chooseLadder("default", probe).images };
}

export const assetId = "as000000000000000000a1" as AssetId;

export function buildAsset(changes: Partial<AssetRecord> = {}): AssetRecord {
  return {
    id: assetId,
    title: "a film",
    state: "processing",
    labels: {},
    externalId: null,
    ladder: "default",
    replicasWanted: 2,
    regions: [],
    priority: 0,
    sourceName: "film.mp4",
    sourceSha256: hash("the source"),
    sourceBytes: 1_000_000,
    sourceUrl: null,
    allowDamaged: false,
    keepSource: "always",
    duplicateOf: null,
    subtitleFiles: [],
    createdAt: now - 60_000,
    playableAt: null,
    readyAt: null,
    deletedAt: null,
    stateBeforeDelete: null,
    homes: [nodeId("a"), nodeId("b")],
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
    manifestVersion: 1,
    measured: null,
    settled: false,
    error: null,
    ...changes,
  };
}

export function buildPiece(
  id: PieceId,
  changes: { toolchain?: string; beforeFirst?: string; last?: string } = {},
): Piece {
  const { toolchain = "x1" } = changes;
  const content = contentOf(id, changes);
  return { id, content, toolchain: content.kind === "source" ? "" : toolchain, madeBy: "" };
}

export function buildTask(kind: TaskKind, changes: Partial<TaskRecord> = {}): TaskRecord {
  const pieceId = changes.pieceId ?? "";
  return {
    id: `ta-${kind}-${pieceId}-${changes.nodeId ?? ""}` as TaskId,
    kind,
    assetId,
    pieceId,
    discardPieceIds: [],
    nodeId: null,
    state: "pending",
    attempt: 0,
    failures: 0,
    epoch: 0,
    priority: 0,
    rank: 0,
    preRollKeyframes: 2,
    notBefore: 0,
    createdAt: now - 1_000,
    startedAt: null,
    finishedAt: null,
    error: null,
    ...changes,
  };
}

export interface ViewParts {
  readonly asset?: Partial<AssetRecord>;
  /** For each piece, the nodes with a verified copy. */
  readonly copies?: Readonly<Record<string, readonly string[]>>;
  /** Instead of the usual pieces under these ids. */
  readonly pieces?: readonly Piece[];
  readonly open?: readonly TaskRecord[];
  readonly dead?: readonly TaskRecord[];
  readonly preRolls?: Readonly<Record<string, number>>;
}

export function buildView(parts: ViewParts): AssetView {
  const asset = buildAsset(parts.asset);
  const copies = Object.entries(parts.copies ?? {}) as [PieceId, readonly string[]][];
  return {
    asset,
    pieces: copies.map(([id]) => parts.pieces?.find((piece) => piece.id === id) ?? buildPiece(id)),
    replicas: copies.flatMap(([pieceId, holders]) =>
      holders.map((holder) => ({ assetId: asset.id, pieceId, nodeId: nodeId(holder), state: "verified" as const })),
    ),
    openTasks: (parts.open ?? []).map((task) => ({ ...task, assetId: asset.id })),
    deadTasks: parts.dead ?? [],
    preRolls: new Map(Object.entries(parts.preRolls ?? {}) as [PieceId, number][]),
  };
}

/** An asset all of whose chunks are made and checked, with every piece on these nodes. */
export function buildFinished(holders: readonly string[], asset: Partial<AssetRecord> = {}): ViewParts {
  const probe = buildProbe({ segments: 2 });
  const plan = buildPlan(probe);
  const ids = [
    sourcePieceId,
    timelinePieceId,
    ...[0, 1].flatMap((chunk) => [videoPieceId(chunk), audioPieceId(0, chunk)]),
  ];
  const check = { rules: 1, findings: [] };
  const measured = { renditions: [], audio: [] };
  const finished = { state: "ready", probe, plan, releasedChunks: 2, measured, check } as const;
  return { asset: { ...finished, ...asset }, copies: Object.fromEntries(ids.map((id) => [id, holders])) };
}

/** The same with a track of text and images. */
export function buildRich(holders: readonly string[], asset: Partial<AssetRecord> = {}): ViewParts {
  const finished = buildFinished(holders, { plan: buildRichPlan(buildProbe({ segments: 2 })), ...asset });
  return { ...finished, copies: { ...finished.copies, [textPieceId(0)]: holders, [imagesPieceId]: holders } };
}

export function buildInput(nodes: readonly NodeRecord[], views: readonly AssetView[], at = now): PlanInput {
  const snapshot: Snapshot = { at, nodes, assets: views };
  const homeCounts = new Map<NodeId, number>();
  for (const { asset } of views) for (const home of asset.homes) homeCounts.set(home, (homeCounts.get(home) ?? 0) + 1);
  const loads = new Map(nodes.filter((node) => node.health === "up").map((node) => [node.id, buildLoad()]));
  return { snapshot, homeCounts, loads, encodeSpeeds: new Map(), brakedRegions: new Set(), settings };
}

/** The last frame of a chunk in built pieces, and what the next one's pre-roll ends with. */
export function frameAfter(chunk: number): string {
  return `last frame of ${chunk}`;
}

export function hash(text: string): Sha256 {
  return Buffer.from(text).toString("hex").padEnd(64, "0").slice(0, 64) as Sha256;
}

function object(name: string): ObjectRef {
  return { sha256: hash(name), bytes: 1_000 };
}

function contentOf(named: PieceId, joint: { beforeFirst?: string; last?: string }): PieceContent {
  const id = named.replace(/^e\d+-/, "");
  if (id === sourcePieceId) {
    return { kind: "source", source: object("the source"), blockList: object("blocks"), blockBytes: 1_048_576 };
  }
  if (id === timelinePieceId) return { kind: "timeline", timeline: object("timeline") };
  const numbers = id.split("-").slice(1).map(Number);
  if (id === imagesPieceId) return someImages();
  if (id.startsWith("text-")) return { kind: "text", track: numbers[0] ?? 0, chunks: [object(id)] };
  const segments = [{ object: object(id), durationTicks: 6 * 12_288, startTicks: 0, keyframes: [] }];
  const rendition = { init: object("init"), codecs: "avc1.64001e", segments };
  if (id.startsWith("video-")) {
    const chunk = numbers[0] ?? 0;
    const { beforeFirst = chunk === 0 ? "" : frameAfter(chunk - 1), last = frameAfter(chunk) } = joint;
    const renditions = [{ ...rendition, rung: "480p" }];
    return { kind: "video", chunk, frames: 144, timeScale: 12_288, renditions, joint: { beforeFirst, last } };
  }
  const [track = 0, chunk = 0] = numbers;
  return { kind: "audio", track, chunk, timeScale: 12_288, rendition: { ...rendition, rung: "", codecs: "mp4a.40.2" } };
}

function someImages(): PieceContent {
  const image = (name: string): Image => ({ object: object(name), width: 854, height: 480 });
  const sizes = { columns: 1, rows: 1, width: 160, height: 90, intervalMs: 5_000, thumbnails: 1 };
  return { kind: "images", poster: image("poster"), sheets: [image("sheet")], ...sizes };
}
