// What the contract's tests are built from: nodes, assets, pieces, and the steps of an ingest.
import { createHash } from "node:crypto";
import { newId, sourcePieceId, timelinePieceId } from "@vstream/core/ids.ts";
import type { AssetId, NodeId, PieceId, Sha256 } from "@vstream/core/ids.ts";
import { audioPieceId, videoPieceId } from "@vstream/core/ids.ts";
import type { ObjectRef, Piece, Probe, RenditionSegments } from "@vstream/core/media.ts";
import type { Decision, NewTask } from "../../planning/decisions.ts";
import type { Catalog, ListQuery, NewAsset, NodeDescription, ReportOutcome, TaskReport } from "../catalog.ts";
import type { AssetRecord, AssetView, EncodePlan, NodeRecord, TaskRecord, TokenRecord } from "../records.ts";

/** The moment at which the tests happen. */
export const now = Date.UTC(2026, 5, 1);

let serial = 0;

export function unique(word: string): string {
  serial += 1;
  return `${word}-${serial}`;
}

export function sha256(text: string): Sha256 {
  return createHash("sha256").update(text).digest("hex") as Sha256;
}

export function objectRef(text: string, bytes = 1000): ObjectRef {
  return { sha256: sha256(text), bytes };
}

export function aDescription(changes: Partial<NodeDescription> = {}): NodeDescription {
  const name = changes.name ?? unique("node");
  return {
    name,
    region: "eu",
    labels: {},
    playbackUrl: `http://${name}:8080`,
    peerUrl: `https://${name}:8443`,
    version: "0.1.0",
    ffmpegVersion: "5.1.9",
    toolchain: "x264-a",
    encodeSlots: 2,
    capacityBytes: 1_000_000,
    ...changes,
  };
}

export function aToken(changes: Partial<TokenRecord> = {}): TokenRecord {
  return {
    id: newId("token", now),
    kind: "node",
    secretSha256: sha256("secret"),
    name: "",
    region: "",
    role: "",
    createdAt: now,
    expiresAt: now + 900_000,
    usedAt: null,
    revokedAt: null,
    ...changes,
  };
}

export async function join(
  catalog: Catalog,
  node: NodeDescription = aDescription(),
  scope: Partial<TokenRecord> = {},
): Promise<NodeRecord> {
  const token = await catalog.commands.createToken(aToken(scope), "user:test");
  return await catalog.commands.joinNode({
    tokenId: token.id,
    node,
    nodeId: newId("node", now),
    certificateExpiresAt: now + 1_000_000,
    at: now,
  });
}

/** A node that has joined and is up, with an empty store. */
export async function addNode(catalog: Catalog, changes: Partial<NodeDescription> = {}): Promise<NodeRecord> {
  const node = aDescription(changes);
  const joined = await join(catalog, node);
  await catalog.commands.recordInventory({ nodeId: joined.id, entries: [], at: now });
  return await catalog.commands.describeNode({ nodeId: joined.id, node, at: now });
}

export function anAsset(changes: Partial<NewAsset> = {}): NewAsset {
  const id = newId("asset", now);
  return {
    id,
    title: `Clip ${id}`,
    labels: {},
    externalId: null,
    ladder: "default",
    replicasWanted: 2,
    regions: [],
    priority: 0,
    sourceName: "clip.mp4",
    sourceSha256: sha256(`source of ${id}`),
    sourceBytes: 5000,
    homes: [],
    at: now,
    actor: "user:test",
    ...changes,
  };
}

export async function addAsset(catalog: Catalog, changes: Partial<NewAsset> = {}): Promise<AssetRecord> {
  return (await catalog.commands.createAsset(anAsset(changes))).asset;
}

export function aSource(asset: Pick<AssetRecord, "sourceSha256" | "sourceBytes">): Piece {
  const source = { sha256: asset.sourceSha256, bytes: asset.sourceBytes };
  const blockList = objectRef(`blocks of ${asset.sourceSha256}`, 32);
  return {
    id: sourcePieceId,
    content: { kind: "source", source, blockList, blockBytes: 1_048_576 },
    toolchain: "",
    madeBy: "",
  };
}

export function aTimeline(salt = ""): Piece {
  const content = { kind: "timeline", timeline: objectRef(`timeline${salt}`, 100) } as const;
  return { id: timelinePieceId, content, toolchain: "x264-a", madeBy: "" };
}

export function aVideo(chunk: number, salt = ""): Piece {
  const joint = { beforeFirst: chunk === 0 ? "" : `frame-${chunk - 1}`, last: `frame-${chunk}` };
  const renditions = [aRendition("480p", "avc1.64001e", `${chunk}${salt}`)];
  const content = { kind: "video", chunk, frames: 144, timeScale: 24_000, renditions, joint } as const;
  return { id: videoPieceId(chunk), content, toolchain: "x264-a", madeBy: "" };
}

export function anAudio(chunk: number, salt = ""): Piece {
  const rendition = aRendition("audio-0", "mp4a.40.2", `audio-${chunk}${salt}`);
  const content = { kind: "audio", track: 0, chunk, timeScale: 48_000, rendition } as const;
  return { id: audioPieceId(0, chunk), content, toolchain: "x264-a", madeBy: "" };
}

function aRendition(rung: string, codecs: string, salt: string): RenditionSegments {
  const object = objectRef(`${rung} ${salt}`, 6000);
  const segments = [{ object, durationTicks: 144_000, startTicks: 0 }];
  return { rung, codecs, init: objectRef(`${rung} init`, 700), segments };
}

export const aProbe: Probe = {
  format: "mov,mp4",
  durationSeconds: 12,
  video: {
    width: 854,
    height: 480,
    codec: "h264",
    frameRate: 24,
    timeScale: 24_000,
    ticksPerFrame: 1000,
    frames: 288,
    interlaced: false,
    pixelFormat: "yuv420p",
  },
  audio: [{ track: 0, codec: "aac", language: "en", channels: 2, sampleRate: 48_000 }],
  segments: 2,
};

/** One rung, one audio track, two chunks of a segment each. */
export const aPlan: EncodePlan = {
  rungs: [
    {
      name: "480p",
      width: 854,
      height: 480,
      codec: "h264",
      preset: "medium",
      crf: 23,
      maxrateBps: 1_000_000,
      bufferBits: 2_000_000,
      profile: "high",
    },
  ],
  audio: [{ track: 0, language: "en", channels: 2, bitrateBps: 128_000, sampleRate: 48_000 }],
  chunks: [
    { index: 0, firstSegment: 0, segmentCount: 1 },
    { index: 1, firstSegment: 1, segmentCount: 1 },
  ],
};

export function aTask(assetId: AssetId, changes: Partial<NewTask> = {}): NewTask {
  return {
    kind: "transcode",
    assetId,
    pieceId: videoPieceId(0),
    discardPieceIds: [],
    nodeId: null,
    priority: 0,
    rank: 0,
    preRollKeyframes: 2,
    notBefore: 0,
    ...changes,
  };
}

export async function decide(catalog: Catalog, ...decisions: Decision[]): Promise<TaskRecord[]> {
  return await decideAt(catalog, now, ...decisions);
}

export async function decideAt(catalog: Catalog, at: number, ...decisions: Decision[]): Promise<TaskRecord[]> {
  return await catalog.commands.applyDecisions({ decisions, term: catalog.identity.term, at });
}

export async function viewOf(catalog: Catalog, assetId: AssetId): Promise<AssetView> {
  const view = await catalog.queries.getAssetView(assetId);
  if (view === null) throw new Error(`no asset ${assetId}`);
  return view;
}

/** Makes a task and gives it as it stands. */
export async function addTask(catalog: Catalog, task: NewTask): Promise<TaskRecord> {
  await decide(catalog, { kind: "create-task", task });
  const { openTasks } = await viewOf(catalog, task.assetId);
  const made = openTasks.findLast((open) => open.kind === task.kind && open.pieceId === task.pieceId);
  if (made === undefined) throw new Error(`no task ${task.kind} was made`);
  return made;
}

export async function lease(catalog: Catalog, task: TaskRecord, nodeId: NodeId, at = now): Promise<TaskRecord> {
  const decision = { kind: "lease-task", taskId: task.id, nodeId, expectedEpoch: task.epoch } as const;
  const [leased] = await decideAt(catalog, at, decision);
  if (leased === undefined) throw new Error(`${task.id} was not leased`);
  return leased;
}

/** A task that runs on that node. */
export async function startTask(catalog: Catalog, task: NewTask, nodeId: NodeId): Promise<TaskRecord> {
  return await lease(catalog, await addTask(catalog, task), nodeId);
}

export function aReport(catalog: Catalog, task: TaskRecord, changes: Partial<TaskReport> = {}): TaskReport {
  return {
    taskId: task.id,
    nodeId: task.nodeId ?? ("" as NodeId),
    incarnation: catalog.identity.incarnation,
    epoch: task.epoch,
    at: now,
    log: [],
    outcome: { kind: "succeeded", probe: null, pieces: [] },
    ...changes,
  };
}

export function aSuccess(pieces: readonly Piece[], probe: Probe | null = null): TaskReport["outcome"] {
  return { kind: "succeeded", probe, pieces };
}

export function aFailure(retryAt: number | null): TaskReport["outcome"] {
  return { kind: "failed", failure: { code: "ffmpeg_failed", message: "ffmpeg failed", hint: "" }, retryAt };
}

/** Has the piece made on that node, from task to report. */
export async function make(catalog: Catalog, task: NewTask, nodeId: NodeId, pieces: Piece[]): Promise<ReportOutcome> {
  const running = await startTask(catalog, task, nodeId);
  const outcome = aSuccess(pieces, task.kind === "probe" ? aProbe : null);
  return await catalog.commands.recordReport(aReport(catalog, running, { outcome }));
}

/** Has the node copy the piece. */
export async function copy(catalog: Catalog, assetId: AssetId, pieceId: PieceId, nodeId: NodeId): Promise<void> {
  await make(catalog, aTask(assetId, { kind: "replicate", pieceId, nodeId }), nodeId, []);
}

/** At least one. */
type Homes = readonly [NodeId, ...NodeId[]];

/** An asset whose source stands on its first home. */
export async function uploadedAsset(catalog: Catalog, homes: Homes, changes: Partial<NewAsset> = {}) {
  const asset = await addAsset(catalog, { homes, ...changes });
  const source = aSource(asset);
  await catalog.commands.recordUpload({ assetId: asset.id, nodeId: homes[0], source, at: now });
  return asset;
}

/** An asset in processing, with its plan; nothing encoded yet. */
export async function plannedAsset(catalog: Catalog, homes: Homes, changes: Partial<NewAsset> = {}) {
  const asset = await uploadedAsset(catalog, homes, changes);
  const { id } = asset;
  const state = { kind: "set-asset-state", assetId: id, from: "uploading", to: "processing", error: null } as const;
  await decide(catalog, state);
  await make(catalog, aTask(id, { kind: "probe", pieceId: timelinePieceId }), homes[0], [aTimeline(id)]);
  await decide(catalog, { kind: "set-plan", assetId: id, plan: aPlan });
  return asset;
}

/** A planned asset with all its pieces on the first home, and copies of everything on the others. */
export async function encodedAsset(catalog: Catalog, homes: Homes, changes: Partial<NewAsset> = {}) {
  const asset = await plannedAsset(catalog, homes, changes);
  const { id } = asset;
  for (const chunk of [0, 1]) {
    await make(catalog, aTask(id, { pieceId: videoPieceId(chunk) }), homes[0], [aVideo(chunk, id)]);
  }
  const audio = aTask(id, { kind: "audio", pieceId: audioPieceId(0, 0) });
  await make(catalog, audio, homes[0], [anAudio(0, id), anAudio(1, id)]);
  const { pieces } = await viewOf(catalog, id);
  for (const home of homes.slice(1)) for (const piece of pieces) await copy(catalog, id, piece.id, home);
  return asset;
}

/** An encoded asset that is ready. */
export async function readyAsset(catalog: Catalog, homes: Homes, changes: Partial<NewAsset> = {}) {
  const asset = await encodedAsset(catalog, homes, changes);
  const assetId = asset.id;
  await decide(
    catalog,
    { kind: "release-chunks", assetId, releasedChunks: 2 },
    { kind: "set-asset-state", assetId, from: "processing", to: "playable", error: null },
    { kind: "set-measured", assetId, measured: { renditions: [], audio: [] } },
    { kind: "set-asset-state", assetId, from: "playable", to: "ready", error: null },
  );
  return asset;
}

/** Two settle decisions, as two ticks of planning give them. */
export async function settle(catalog: Catalog, assetId: AssetId): Promise<void> {
  for (let tick = 0; tick < 2; tick += 1) {
    const { manifestVersion } = (await viewOf(catalog, assetId)).asset;
    await decide(catalog, { kind: "settle-asset", assetId, manifestVersion });
  }
}

export async function isSettled(catalog: Catalog, assetId: AssetId): Promise<boolean> {
  return (await viewOf(catalog, assetId)).asset.settled;
}

/** A copy's state; `none` when there is no row. */
export async function copyState(catalog: Catalog, assetId: AssetId, pieceId: PieceId, nodeId: NodeId) {
  const { replicas } = await viewOf(catalog, assetId);
  return replicas.find((copied) => copied.pieceId === pieceId && copied.nodeId === nodeId)?.state ?? "none";
}

export async function eventsOf(catalog: Catalog, subject: string): Promise<string[]> {
  const events = await catalog.queries.listEvents({ limit: 1000, afterId: null, since: null });
  return events.filter((event) => event.subject === subject).map((event) => event.kind);
}

export function aList(changes: Partial<ListQuery> = {}): ListQuery {
  return { limit: 50, cursor: null, sort: null, states: [], nodeId: null, labels: {}, ...changes };
}
