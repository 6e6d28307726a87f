// What is still to be done when nothing goes wrong any more: each asset is whole on as many homes as there can be, or
// says why it cannot be; nothing is left where it does not belong; no task is open; drains have ended or hold what has
// no other place.
import { editionOf, sourcePieceId, timelinePieceId, videoPieceId } from "@vstream/core/ids.ts";
import type { NodeId, PieceId } from "@vstream/core/ids.ts";
import { bytesOf } from "@vstream/core/media.ts";
import type { AssetRecord, AssetView, NodeRecord, TaskRecord } from "../../control-plane/src/catalog/records.ts";
import { expectedBytes, extrasOf, isOver, plannedPieces } from "../../control-plane/src/planning/asset-facts.ts";
import { mayHold } from "../../control-plane/src/planning/cluster.ts";
import { isSourceOver } from "../../control-plane/src/planning/keep-source.ts";
import type { Cluster } from "./cluster.ts";
import type { Operator } from "./operator.ts";
import { simulatedSettings } from "./plane.ts";
import type { CatalogFile } from "./sim-catalog.ts";
import { canHold } from "./truth.ts";
import type { Truth } from "./truth.ts";

export interface AtRestParts {
  readonly cluster: Cluster;
  readonly operator: Operator;
  readonly file: CatalogFile;
  readonly truth: Truth;
}

interface Ground extends AtRestParts {
  readonly nodes: readonly NodeRecord[];
  /** That run and are heard. */
  readonly living: ReadonlySet<NodeId>;
  readonly views: readonly AssetView[];
}

/** What is not as it should be in the end; empty: the cluster is at rest. */
export async function findUnrest(parts: AtRestParts): Promise<string[]> {
  const { cluster, file, truth } = parts;
  if (!cluster.plane.isRunning) return ["no control plane runs"];
  const nodes = await truth.nodes();
  const rows = await file.db.selectFrom("assets").select("id").orderBy("id").execute();
  const views: AssetView[] = [];
  for (const { id } of rows) {
    const view = await truth.view(id);
    if (view !== null) views.push(view);
  }
  const living = new Set(cluster.reachable.map((machine) => machine.nodeId));
  const ground = { ...parts, nodes, views, living };
  return [
    ...nodes.flatMap((node) => unrestOfNode(node, ground)),
    ...views.flatMap((view) => [...unrestOfAsset(view, ground), ...unrestOfCopies(view, ground)]),
    ...strangers(ground),
  ];
}

function unrestOfNode(node: NodeRecord, ground: Ground): string[] {
  const expected = ground.living.has(node.id) ? "up" : "down";
  if (node.health !== expected) return [`${node.name} is ${node.health} and should be ${expected}`];
  if (node.scheduling !== "draining" || node.health === "down") return [];
  const isHolding = ground.views.some((view) => cannotLeave(view, node, ground));
  return isHolding ? [] : [`${node.name} is still draining`];
}

// Something that stands there has no other place, or cannot be made whole elsewhere.
function cannotLeave(view: AssetView, node: NodeRecord, { nodes }: Ground): boolean {
  const isThere = view.asset.homes.includes(node.id) || view.replicas.some((copy) => copy.nodeId === node.id);
  if (!isThere) return false;
  const able = nodes.filter((other) => canHold(view.asset, other));
  const roomy = able.filter((other) => hasRoom(view, other));
  return roomy.length < Math.max(1, Math.min(view.asset.replicasWanted, able.length));
}

// For all of it, or for what a home still lacks.
function hasRoom({ asset, pieces, replicas }: AssetView, node: NodeRecord): boolean {
  const held = new Set(replicas.filter((copy) => copy.nodeId === node.id).map((copy) => copy.pieceId));
  const isHome = asset.homes.includes(node.id);
  const needed = pieces.filter((piece) => !isHome || !held.has(piece.id));
  const bytes = needed.reduce((sum, piece) => sum + bytesOf(piece.content), 0);
  return node.capacityBytes - node.usedBytes >= (isHome ? bytes : Math.max(bytes, expectedBytes(asset.sourceBytes)));
}

function unrestOfAsset(view: AssetView, ground: Ground): string[] {
  const { asset } = view;
  const open = view.openTasks
    .filter((task) => !waitsForItsNode(task, view, ground))
    .map((task) => describeTask(task, ground));
  switch (asset.state) {
    case "uploading": {
      const promised = ground.operator.assets.get(asset.id);
      const isComing = promised?.isUploading === true || asset.sourceUrl !== null;
      const isAbandoned = !isComing && !view.pieces.some((piece) => piece.id === "source");
      return isAbandoned || takersOf(view, ground).length === 0 ? [] : [`${asset.id} is uploading`];
    }
    case "processing":
    case "playable":
      if (asset.homes.some((home) => isFullHome(view, home, ground)) || takersOf(view, ground).length === 0) return [];
      if (lacksForGood(view, ground)) return [];
      return [`${asset.id} is ${asset.state}`, ...open];
    case "ready":
      return [...open, ...unrestOfReady(view, ground), ...unrestOfEditions(view, ground)];
    case "failed":
      return [...open, ...unrestOfFailed(view, ground)];
    case "deleting": {
      const age = ground.cluster.plane.program?.clock.now() ?? 0;
      const isOver = age - (asset.deletedAt ?? 0) > simulatedSettings.trashMs + 15_000;
      return isOver ? [`${asset.id} is still in the trash`] : [];
    }
  }
}

// Nodes that may be given copies of the asset now.
function takersOf(view: AssetView, { living, nodes }: Ground): NodeRecord[] {
  return nodes.filter((node) => living.has(node.id) && canHold(view.asset, node));
}

function isFullHome(view: AssetView, home: NodeId, { nodes }: Ground): boolean {
  const node = nodes.find(({ id }) => id === home);
  return node !== undefined && !hasRoom(view, node);
}

// Whether no node that is there can do it: what it needs has no copy on any, its home is cordoned, full, or away while
// nobody can take its place.
function waitsForItsNode({ kind, nodeId, pieceId }: TaskRecord, view: AssetView, ground: Ground): boolean {
  const { living, truth } = ground;
  const takers = takersOf(view, ground);
  switch (kind) {
    case "transcode":
    case "audio": {
      const standing = truth.standing(view, [...living]);
      return !canBeEncoded(view, ground) || ![sourcePieceId, timelinePieceId].every((id) => standing.has(id));
    }
    case "text": {
      const standing = truth.standing(view, [...living]);
      return !canEncodeWith(undefined, ground) || ![sourcePieceId, timelinePieceId].every((id) => standing.has(id));
    }
    case "check": {
      return isUnread(view, ground);
    }
    case "images": {
      const standing = truth.standing(view, [...living]);
      const edition = pieceId === "" ? 0 : (editionOf(pieceId) ?? 0);
      const video = (view.asset.plan?.chunks ?? []).map(({ index }) => videoPieceId(index, edition));
      return !canEncodeWith(undefined, ground) || !video.every((id) => standing.has(id));
    }
    case "fetch":
      return takers.length === 0;
    case "probe":
      return takers.every((node) => truth.copy(node.id, view.asset.id, sourcePieceId) !== "right");
    case "replicate": {
      if (pieceId !== "" && !truth.standing(view, [...living]).has(pieceId)) return true;
      const home = takers.find(({ id }) => id === nodeId);
      if (home !== undefined) return !hasRoom(view, home);
      const isThere = nodeId !== null && living.has(nodeId);
      return isThere || takers.every((node) => view.asset.homes.includes(node.id) || !hasRoom(view, node));
    }
    case "discard":
    case "verify":
      return false;
  }
}

// What a check reads stands on no node that is there; or not as a whole on one that is not draining, while none takes
// other work.
function isUnread(view: AssetView, { living, nodes, truth }: Ground): boolean {
  const read = view.pieces.filter(({ content }) => ["video", "audio", "text"].includes(content.kind));
  const standing = truth.standing(view, [...living]);
  if (!read.every(({ id }) => standing.has(id))) return true;
  const hasAll = (node: NodeRecord): boolean =>
    read.every(({ id }) => truth.copy(node.id, view.asset.id, id) === "right");
  return !nodes.some(
    (node) => living.has(node.id) && (node.scheduling === "active" || (node.scheduling !== "draining" && hasAll(node))),
  );
}

// By the toolchain that made the rest of it: another would make other bytes.
function canBeEncoded({ pieces }: AssetView, ground: Ground): boolean {
  const toolchain = pieces.find(({ content }) => content.kind === "video" || content.kind === "audio")?.toolchain;
  return canEncodeWith(toolchain, ground);
}

function canEncodeWith(toolchain: string | undefined, { living, nodes }: Ground): boolean {
  return nodes.some(
    (node) =>
      living.has(node.id) &&
      node.scheduling === "active" &&
      (toolchain === undefined || node.toolchain === toolchain) &&
      node.usedBytes < node.capacityBytes * 0.9,
  );
}

// What was made before and stands nowhere any more can come only from the build that made it. Of a track, all pieces do.
// Text and images may come from any.
function lacksForGood(view: AssetView, ground: Ground): boolean {
  const { asset, pieces } = view;
  const standing = ground.truth.standing(view, [...ground.living]);
  const lacking = plannedPieces(view).filter((id) => !standing.has(id));
  const extras = extrasOf(asset);
  return lacking.some((id) => {
    if (extras.includes(id)) return !canEncodeWith(undefined, ground);
    const track = /^(?:e\d+-)?audio-\d+-/.exec(id)?.[0];
    const made = pieces.find((piece) => piece.id === id || (track !== undefined && piece.id.startsWith(track)));
    return made !== undefined && made.toolchain !== "" && !canEncodeWith(made.toolchain, ground);
  });
}

function describeTask({ assetId, kind, pieceId, id, nodeId, state, error }: TaskRecord, { nodes }: Ground): string {
  const node = nodes.find((one) => one.id === nodeId);
  const where = node === undefined ? "" : ` on ${node.name} (${node.health}, ${node.scheduling})`;
  return `${assetId}: ${kind} ${pieceId} ${id}${where} is ${state}${error === null ? "" : `: ${error.message}`}`;
}

function unrestOfReady(view: AssetView, ground: Ground): string[] {
  const { nodes, truth, living } = ground;
  const { asset } = view;
  const able = nodes.filter((node) => canHold(asset, node) && living.has(node.id));
  const wanted = Math.min(asset.replicasWanted, able.filter((node) => hasRoom(view, node)).length);
  const pieces = possiblePieces(view, ground);
  const whole = asset.homes.filter((home) => pieces.every((id) => truth.copy(home, asset.id, id) === "right"));
  const good = whole.filter((home) => living.has(home));
  const unrest: string[] = [];
  if (good.length < wanted) unrest.push(`${asset.id} is whole on ${good.length}/${wanted} homes`);
  const hasAll = pieces.length === plannedPieces(view).length;
  if (
    !asset.settled &&
    asset.nextEdition === null &&
    hasAll &&
    view.openTasks.length === 0 &&
    isComplete(view, ground) &&
    good.length >= asset.replicasWanted
  ) {
    const leaving = asset.leavingHomes.length === 0 ? "" : `, of which leave ${asset.leavingHomes.join(" ")}`;
    unrest.push(`${asset.id} is not settled: its homes are ${asset.homes.join(" ")}${leaving}`);
  }
  for (const node of nodes) {
    const isKept = !isSourceOver(asset) || truth.copy(node.id, asset.id, sourcePieceId) !== "right";
    const isTold = view.replicas.some((copy) => copy.nodeId === node.id && copy.pieceId === sourcePieceId);
    if (!isKept && isTold && living.has(node.id))
      unrest.push(`${node.name} holds the source of ${asset.id} for nothing`);
    const isLeaving = node.scheduling === "draining" || node.scheduling === "drained";
    if (!living.has(node.id) || asset.homes.includes(node.id) || isLeaving) continue;
    // What the catalog was never told of, or takes for lost since a node that was being emptied left it out of its
    // inventory, is garbage: it goes with, or after, the node's next one.
    const believed = view.replicas.filter((copy) => copy.nodeId === node.id && copy.state !== "lost");
    const told = new Set(believed.map((copy) => copy.pieceId));
    const held = pieces.filter((id) => told.has(id) && truth.copy(node.id, asset.id, id) === "right");
    if (held.length > 0 && good.length >= asset.replicasWanted) {
      unrest.push(`${node.name} is no home of ${asset.id} and holds ${held.join(" ")}`);
    }
  }
  return unrest;
}

// The next one is made, if it can be; those before have gone, from every node that is there.
function unrestOfEditions(view: AssetView, ground: Ground): string[] {
  const { asset, replicas } = view;
  const { living } = ground;
  const now = ground.cluster.plane.program?.clock.now() ?? 0;
  const isDue = ({ replacedAt }: AssetRecord["previousEditions"][number]): boolean =>
    now - replacedAt > simulatedSettings.editionGraceMs + 15_000;
  const isLeft = ({ pieceId, nodeId, state }: AssetView["replicas"][number]): boolean =>
    pieceId !== sourcePieceId && isOver(asset, pieceId) && state !== "lost" && living.has(nodeId);
  return [
    ...(asset.nextEdition !== null && !cannotBeEncodedAnew(view, ground) ? [`${asset.id} is encoded anew`] : []),
    ...asset.previousEditions.filter(isDue).map(({ edition }) => `edition ${edition} of ${asset.id} is not retired`),
    ...replicas.filter(isLeft).map(({ nodeId, pieceId }) => `${nodeId} still holds ${pieceId} of ${asset.id}`),
  ];
}

// By the toolchain that has made some of it already.
function cannotBeEncodedAnew(view: AssetView, ground: Ground): boolean {
  const { asset, pieces } = view;
  const standing = ground.truth.standing(view, [...ground.living]);
  const made = pieces.find(
    ({ id, content }) => content.kind !== "images" && editionOf(id) === asset.nextEdition?.edition,
  );
  return (
    ![sourcePieceId, timelinePieceId].every((id) => standing.has(id)) ||
    !canEncodeWith(made?.toolchain, ground) ||
    takersOf(view, ground).length === 0 ||
    asset.homes.some((home) => isFullHome(view, home, ground))
  );
}

// With the source, all of it; else what still stands somewhere.
function possiblePieces(view: AssetView, ground: Ground): PieceId[] {
  const planned = plannedPieces(view);
  const standing = ground.truth.standing(view, [...ground.living]);
  return standing.has(sourcePieceId) && canBeEncoded(view, ground) ? planned : planned.filter((id) => standing.has(id));
}

// Then there is nothing that it could wait for. A home that is held in its drain waits for another node, and so does one
// that was moved from while too few others stay.
function isComplete(view: AssetView, ground: Ground): boolean {
  const { living, nodes } = ground;
  const { homes, leavingHomes, pins, replicasWanted, extraReplicas } = view.asset;
  const staying = homes.filter((home) => !leavingHomes.includes(home));
  const isStalled =
    leavingHomes.length > 0 &&
    staying.length < replicasWanted &&
    takersOf(view, ground).every((node) => homes.includes(node.id) || !hasRoom(view, node));
  const draining = new Set(nodes.filter((node) => node.scheduling === "draining").map((node) => node.id));
  return (
    !isStalled &&
    homes.every((home) => living.has(home) && !draining.has(home)) &&
    pins.every((pin) => homes.includes(pin)) &&
    (nodes.every((node) => !homes.includes(node.id) || mayHold(view.asset, node)) ||
      nodes.every((node) => homes.includes(node.id) || !canHold(view.asset, node))) &&
    homes.length >= replicasWanted + extraReplicas
  );
}

// What can be made from a source that is there is made, and what a person would try again has been tried.
function unrestOfFailed(view: AssetView, { living, truth }: Ground): string[] {
  const { asset } = view;
  const code = asset.error?.code ?? "internal";
  if (code === "not_media" || code === "upload_failed") return [];
  if (code === "cancelled") {
    const told = view.replicas.filter(({ state }) => state !== "lost").map(({ nodeId }) => nodeId);
    const holders = [...living].filter((nodeId) => told.includes(nodeId));
    return holders.map((nodeId) => `${nodeId} holds something of ${asset.id}, which was cancelled`);
  }
  // Nobody knew how large it would be when its homes were chosen.
  if (code === "storage_full" && asset.sourceUrl !== null) return [];
  const standing = truth.standing(view, [...living]);
  const lacks = !standing.has(sourcePieceId);
  if (code === "object_missing" && lacks) return [];
  return [`${asset.id} failed with ${code}: ${asset.error?.message ?? ""}`];
}

// What the catalog believes of nodes that are there must be so.
function unrestOfCopies({ asset, replicas }: AssetView, { living, truth }: Ground): string[] {
  return replicas
    .filter((copy) => copy.state === "verified" && living.has(copy.nodeId))
    .map(({ nodeId, pieceId }) => ({ nodeId, pieceId, is: truth.copy(nodeId, asset.id, pieceId) }))
    .filter(({ is }) => is !== "right")
    .map(({ nodeId, pieceId, is }) => `${pieceId} of ${asset.id} counts as verified on ${nodeId} and is ${is}`);
}

/** What nodes hold of assets that are forgotten. */
function strangers({ cluster, views }: Ground): string[] {
  const known = new Set(views.map((view) => view.asset.id));
  return cluster.reachable.flatMap(({ disk, description }) =>
    [...disk.pieces.keys()]
      .filter((assetId) => !known.has(assetId))
      .map((assetId) => `${description.name} holds ${assetId}, which is forgotten`),
  );
}
