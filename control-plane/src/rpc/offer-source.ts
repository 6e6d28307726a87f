// A file that a node found in a folder it watches: it becomes an asset whose first home is that node, which has the
// bytes already. An offer can be repeated: until the source stands in the cluster the answer is the same asset, and
// afterwards that it is there. A node that has its answer asks about that asset from then on: when it has failed by
// then, a new offer would make another one.
import { VsError, asVsError } from "@vstream/core/errors.ts";
import type { Failure } from "@vstream/core/errors.ts";
import { newId, sourcePieceId } from "@vstream/core/ids.ts";
import type { AssetId, Sha256 } from "@vstream/core/ids.ts";
import type { OfferSourceRequest, OfferSourceResponse } from "@vstream/proto/agent.ts";
import type { AssetRecord, AssetView, NodeRecord } from "../catalog/records.ts";
import type { ChosenHomes, HomesWish } from "../control-loop/control-loop.ts";
import { assertLadderName } from "../planning/choose-ladder.ts";
import type { AgentDeps } from "./agent-deps.ts";
import { titleFrom, titleOfFile } from "./admin/asset-wishes.ts";
import { sourceBytesFrom } from "./admin/create-asset.ts";
import { awaitsSource } from "./admin/upload-place.ts";
import * as check from "./wire/checks.ts";
import { failureToWire } from "./wire/failures.ts";

const nameLength = 1_024;
/** An upload of the same bytes to another node is waited for this long after it began. */
const otherUploadMs = 24 * 3_600_000;
const reason = "found the source in a folder that it watches";

interface Offer {
  readonly sourceName: string;
  readonly sourceBytes: number;
  readonly sourceSha256: Sha256;
  /** null: the file's name gives none, and the asset is called by its id. */
  readonly title: string | null;
  readonly ladder: string;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * @throws VsError source_empty, source_too_large, invalid_argument; storage_full or no_node_available while the node can
 *   take nothing; conflict while the same bytes are on their way to another node
 */
export async function offerSource(
  deps: AgentDeps,
  request: OfferSourceRequest,
  node: NodeRecord,
): Promise<OfferSourceResponse> {
  if (request.assetId !== "") return await answerAbout(deps, check.assetId(request.assetId));
  const offer = offerFrom(deps, request);
  const { sourceSha256 } = offer;
  const known = await deps.catalog.queries.findExisting({ externalId: null, sourceSha256, force: false });
  const asset = known ?? (await createFrom(deps, offer, node));
  return await answerFor(deps, asset, node);
}

async function answerAbout(deps: AgentDeps, assetId: AssetId): Promise<OfferSourceResponse> {
  const { view, end } = await look(deps, assetId);
  if (end !== null) return end;
  return answer(assetId, !(await awaitsSource(deps, view)), view.asset.plan !== null);
}

function offerFrom({ settings: { ingest } }: AgentDeps, request: OfferSourceRequest): Offer {
  const sourceName = check.text(request.sourceName, "source name", { min: 1, max: nameLength });
  const ladder = request.ladder === "" ? "default" : request.ladder;
  assertLadderName(ladder, ingest.ladders);
  return {
    sourceName,
    sourceBytes: sourceBytesFrom(request.sourceBytes, ingest.maxSourceBytes),
    sourceSha256: check.sha256(request.sourceSha256, "source hash"),
    title: request.title === "" ? titleOfFile(sourceName) : titleFrom(request.title),
    ladder,
    labels: check.labels(request.labels),
  };
}

async function createFrom(deps: AgentDeps, offer: Offer, node: NodeRecord): Promise<AssetRecord> {
  const id = newId("asset", deps.clock.now());
  const { replicas } = deps.settings.ingest;
  const placed = await homesFrom(deps, node, { assetId: id, replicas, regions: [], bytes: offer.sourceBytes });
  const { asset } = await deps.catalog.commands.createAsset({
    ...offer,
    ...{ id, title: offer.title ?? id },
    ...{ homes: placed.homes, homeReasons: placed.reasons, pins: [], regions: [] },
    ...{ externalId: null, replicasWanted: replicas, priority: 0 },
    ...{ sourceUrl: null, allowDamaged: false, keepSource: "always", subtitleFiles: [], force: false },
    ...{ at: deps.clock.now(), actor: `node:${node.name}` },
  });
  deps.loop.kick([asset.id]);
  return asset;
}

async function answerFor(deps: AgentDeps, { id }: AssetRecord, node: NodeRecord): Promise<OfferSourceResponse> {
  // All of it from one view: the source may arrive between two.
  const { view, end } = await look(deps, id);
  if (end !== null) return end;
  if (!(await awaitsSource(deps, view))) return answer(id, true);
  const { asset } = view;
  const hadSource = view.pieces.some((piece) => piece.id === sourcePieceId);
  if (!hadSource && asset.homes[0] === node.id) return answer(id, false);
  const isOnItsWay = !hadSource && deps.clock.now() - asset.createdAt < otherUploadMs;
  if (isOnItsWay || asset.sourceUrl !== null) throw onItsWay(asset);
  return answer(id, !(await moveHere(deps, asset, node)));
}

function answer(assetId: AssetId, duplicate: boolean, judged = false): OfferSourceResponse {
  return { assetId, duplicate, ended: undefined, judged };
}

type Looked =
  { readonly end: OfferSourceResponse; readonly view: null } | { readonly end: null; readonly view: AssetView };

/** The asset as it is now, or the answer that it has ended. */
async function look({ catalog }: AgentDeps, assetId: AssetId): Promise<Looked> {
  const view = await catalog.queries.getAssetView(assetId);
  const endedBy = (failure: Failure): Looked => {
    return { view: null, end: { assetId, duplicate: false, ended: failureToWire(failure), judged: true } };
  };
  if (view === null || view.asset.state === "deleting") {
    const hint = "To have it made anew, put the file there again";
    return endedBy({ code: "asset_deleted", message: `asset ${assetId} was deleted`, hint });
  }
  if (view.asset.state !== "failed") return { view, end: null };
  const hint = `See: vsctl assets show ${assetId}`;
  return endedBy(view.asset.error ?? { code: "asset_failed", message: `asset ${assetId} failed`, hint });
}

// Nobody has its source any more, or ever finished sending it: it begins anew with what lies here. False: it has arrived
// meanwhile.
async function moveHere(deps: AgentDeps, asset: AssetRecord, node: NodeRecord): Promise<boolean> {
  const { id: assetId, replicasWanted: replicas, regions, sourceBytes: bytes } = asset;
  const { homes, reasons: homeReasons } = await homesFrom(deps, node, { assetId, replicas, regions, bytes });
  try {
    await deps.catalog.commands.moveUpload({ assetId, homes, homeReasons, at: deps.clock.now() });
  } catch (thrown) {
    if (asVsError(thrown).code === "conflict") return false;
    throw thrown;
  }
  deps.loop.kick([assetId]);
  return true;
}

/** The node first. */
async function homesFrom(deps: AgentDeps, node: NodeRecord, wish: Omit<HomesWish, "pins">): Promise<ChosenHomes> {
  if (node.scheduling !== "active") {
    throw new VsError("no_node_available", `the node ${node.name} takes nothing new: it is ${node.scheduling}`, {
      hint: `Let it again with: vsctl nodes uncordon ${node.name}`,
    });
  }
  const { homes, reasons } = await deps.loop.chooseHomes({ ...wish, pins: [node.id] });
  if (homes[0] === node.id) return { homes, reasons: { ...reasons, [node.id]: reason } };
  throw new VsError("storage_full", `the node ${node.name} has no room for a source of ${String(wish.bytes)} bytes`, {
    hint: "Delete assets, or raise capacityBytes of the node",
  });
}

function onItsWay({ id }: AssetRecord): VsError {
  return new VsError("conflict", `the same bytes are on their way to another node, for the asset ${id}`, {
    hint: `See how far they are: vsctl assets show ${id}`,
  });
}
