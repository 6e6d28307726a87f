// What the contract's tests do to a catalog: the steps of a node's and an asset's life, each by its commands.
import { audioPieceId, newId, timelinePieceId, videoPieceId } from "@vstream/core/ids.ts";
import type { AssetId, NodeId, PieceId } from "@vstream/core/ids.ts";
import type { NodeDescription, Piece } from "@vstream/core/media.ts";
import type { Decision, NewTask } from "../../planning/decisions.ts";
import type { Catalog, NewAsset, ReportOutcome } from "../catalog.ts";
import type {
  AssetRecord,
  AssetView,
  EncodePlan,
  EventRecord,
  NodeHealth,
  NodeRecord,
  TaskRecord,
  TokenRecord,
} from "../records.ts";
import {
  aDescription,
  aPlan,
  aProbe,
  aReport,
  aSource,
  aSuccess,
  aTask,
  aTimeline,
  aToken,
  aVideo,
  anAsset,
  anAudio,
  now,
} from "./builders.ts";

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

export async function addAsset(catalog: Catalog, changes: Partial<NewAsset> = {}): Promise<AssetRecord> {
  return (await catalog.commands.createAsset(anAsset(changes))).asset;
}

export async function decide(catalog: Catalog, ...decisions: Decision[]): Promise<TaskRecord[]> {
  return await decideAt(catalog, now, ...decisions);
}

export async function decideAt(catalog: Catalog, at: number, ...decisions: Decision[]): Promise<TaskRecord[]> {
  return await catalog.commands.applyDecisions({ decisions, term: catalog.identity.term, at });
}

/** As planning decides it that has just looked. */
export async function setHealth(catalog: Catalog, nodeId: NodeId, health: NodeHealth): Promise<void> {
  const since = (await catalog.queries.getNode(nodeId))?.healthSince ?? 0;
  await decide(catalog, { kind: "set-node-health", nodeId, health, since });
}

/** The same. */
export async function setHomes(
  catalog: Catalog,
  assetId: AssetId,
  homes: readonly NodeId[],
  reasons: AssetRecord["homeReasons"] = {},
): Promise<void> {
  const expected = (await viewOf(catalog, assetId)).asset.homes;
  await decide(catalog, { kind: "set-homes", assetId, expected, homes, reasons });
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
export async function plannedAsset(
  catalog: Catalog,
  homes: Homes,
  changes: Partial<NewAsset> = {},
  plan: EncodePlan = aPlan,
) {
  const asset = await uploadedAsset(catalog, homes, changes);
  const { id } = asset;
  const state = { kind: "set-asset-state", assetId: id, from: "uploading", to: "processing", error: null } as const;
  await decide(catalog, state);
  await make(catalog, aTask(id, { kind: "probe", pieceId: timelinePieceId }), homes[0], [aTimeline(id)]);
  await decide(catalog, { kind: "set-plan", assetId: id, plan });
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
  return (await allEvents(catalog)).filter((event) => event.subject === subject).map((event) => event.kind);
}

export async function allEvents(catalog: Catalog): Promise<EventRecord[]> {
  const events: EventRecord[] = [];
  for (;;) {
    const query = { limit: 1000, afterId: events.at(-1)?.id ?? null, since: null };
    const more = await catalog.queries.listEvents(query);
    if (more.length === 0) return events;
    events.push(...more);
  }
}
