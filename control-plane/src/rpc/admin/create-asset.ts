// Taking in a source: the asset is written down, its homes are chosen, and the client gets a ticket to send the bytes
// to the first of them, or that node fetches them from a URL. The same source, or the same external id, is the same
// asset.
import { VsError } from "@vstream/core/errors.ts";
import { newId } from "@vstream/core/ids.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import type { CreateAssetRequest, CreateAssetResponse, UploadTicket } from "@vstream/proto/admin.ts";
import type { Actor, CreateAssetOutcome, NewAsset } from "../../catalog/catalog.ts";
import { keepSources } from "../../catalog/records.ts";
import type { AssetRecord } from "../../catalog/records.ts";
import { assertLadderName } from "../../planning/choose-ladder.ts";
import * as check from "../wire/checks.ts";
import { allNodes } from "../../control-loop/all-nodes.ts";
import type { AdminDeps } from "./admin-calls.ts";
import { findNode, nearest } from "./find-node.ts";
import { showAsset } from "./show-asset.ts";
import { sourceNameOf, sourceUrlFrom } from "./source-url.ts";
import { subtitleFilesFrom } from "./subtitle-files.ts";
import { isAwaitingSource, placeUpload, ticketFor } from "./upload-place.ts";

const limits = { title: 500, sourceName: 1_024, externalId: 256, regions: 16, replicas: 10, pins: 32, priority: 1_000 };

export async function createAsset(
  deps: AdminDeps,
  request: CreateAssetRequest,
  actor: Actor,
): Promise<CreateAssetResponse> {
  const wanted = await checkRequest(deps, request);
  const outcome = await findOrCreate(deps, wanted, actor);
  deps.loop.kick([outcome.asset.id]);
  // An upload that was begun and not ended goes on: for its own source only.
  const upload = (await awaitsSource(deps, outcome.asset, wanted)) ? await uploadOf(deps, outcome.asset) : undefined;
  const duplicate = outcome.kind === "existing" && upload === undefined;
  return { asset: await showAsset(deps, outcome.asset.id), duplicate, upload };
}

// What is there already needs no node to be told of.
async function findOrCreate(deps: AdminDeps, wanted: WantedAsset, actor: Actor): Promise<CreateAssetOutcome> {
  const { externalId, sourceSha256, force, replicasWanted: replicas, regions, sourceBytes: bytes } = wanted;
  const existing = await deps.catalog.queries.findExisting({ externalId, sourceSha256, force });
  if (existing !== null) return { kind: "existing", asset: existing };
  const id = newId("asset", deps.clock.now());
  const { homes, reasons } = await deps.loop.chooseHomes({ assetId: id, replicas, regions, bytes, pins: wanted.pins });
  const placed = { ...wanted, id, homes, homeReasons: reasons };
  return await deps.catalog.commands.createAsset({ ...placed, at: deps.clock.now(), actor });
}

async function uploadOf(deps: AdminDeps, asset: AssetRecord): Promise<UploadTicket> {
  return await ticketFor(deps, await placeUpload(deps, asset));
}

async function awaitsSource(deps: AdminDeps, asset: AssetRecord, wanted: WantedAsset): Promise<boolean> {
  const isUploaded = asset.sourceUrl === null && wanted.sourceUrl === null;
  return isUploaded && asset.sourceSha256 === wanted.sourceSha256 && (await isAwaitingSource(deps, asset));
}

type WantedAsset = Omit<NewAsset, "id" | "homes" | "homeReasons" | "at" | "actor">;

async function checkRequest(deps: AdminDeps, request: CreateAssetRequest): Promise<WantedAsset> {
  const source = sourceFrom(request, deps.settings.maxSourceBytes);
  const { sourceName } = source;
  const title = request.title.trim() === "" ? sourceName : request.title.trim();
  const ladder = request.ladder === "" ? "default" : request.ladder;
  assertLadderName(ladder, deps.settings.ladders);
  const externalId = check.text(request.externalId, "external id", { max: limits.externalId });
  const replicasWanted = replicasFrom(request.replicas, deps.settings.replicas);
  return {
    title: check.text(title, "title", { min: 1, max: limits.title }),
    labels: check.labels(request.labels),
    externalId: externalId === "" ? null : externalId,
    ladder,
    replicasWanted,
    pins: await pinsFrom(deps, request.pinnedNodes, replicasWanted),
    regions: await regionsFrom(deps, request.regions),
    priority: check.integer(request.priority, "priority", { min: -limits.priority, max: limits.priority }),
    ...source,
    allowDamaged: request.allowDamaged,
    keepSource: check.oneOf(request.keepSource === "" ? "always" : request.keepSource, "keep source", keepSources),
    subtitleFiles: subtitleFilesFrom(request.subtitles),
    force: request.force,
  };
}

type WantedSource = Pick<NewAsset, "sourceName" | "sourceSha256" | "sourceBytes" | "sourceUrl">;

function sourceFrom(request: CreateAssetRequest, mostBytes: number): WantedSource {
  const sourceName = check.text(request.sourceName, "source name", { max: limits.sourceName });
  if (request.sourceUrl !== "") return fetchedSource(request, sourceName);
  const sourceSha256 = check.sha256(request.sourceSha256, "source hash");
  return { sourceName, sourceSha256, sourceBytes: sourceBytesFrom(request.sourceBytes, mostBytes), sourceUrl: null };
}

// What it is will be known when a node has it.
function fetchedSource({ sourceUrl, sourceSha256, sourceBytes }: CreateAssetRequest, sourceName: string): WantedSource {
  const url = sourceUrlFrom(sourceUrl);
  if (sourceSha256 !== "" || sourceBytes !== 0) {
    throw new VsError("invalid_argument", "a source with a URL is given a hash or a number of bytes", {
      hint: "Leave source_sha256 and source_bytes out: the node that fetches the source finds them",
    });
  }
  const name = sourceName === "" ? sourceNameOf(url).slice(0, limits.title) : sourceName;
  return { sourceName: name, sourceSha256: null, sourceBytes: 0, sourceUrl: url };
}

function replicasFrom(asked: number, usual: number): number {
  return asked === 0 ? usual : check.integer(asked, "replicas", { min: 1, max: limits.replicas });
}

async function pinsFrom(deps: AdminDeps, asked: readonly string[], replicas: number): Promise<readonly NodeId[]> {
  const named = check.atMost(asked, "pinned nodes", limits.pins);
  const nodes = await Promise.all(named.map(async (node) => await findNode(deps.catalog.queries, node)));
  const pins = [...new Set(nodes.map((node) => node.id))];
  if (pins.length <= replicas) return pins;
  throw new VsError(
    "invalid_argument",
    `${String(pins.length)} nodes are pinned, but only ${String(replicas)} copies wanted`,
    {
      hint: `Pin fewer nodes, or ask for --replicas ${String(pins.length)}`,
    },
  );
}

function sourceBytesFrom(bytes: number, mostBytes: number): number {
  if (bytes === 0) {
    throw new VsError("source_empty", "the source is empty", { hint: "Check that the file was written to its end" });
  }
  if (bytes > mostBytes) {
    throw new VsError("source_too_large", `the source has ${String(bytes)} bytes, more than ${String(mostBytes)}`, {
      hint: "Raise maxSourceBytes in the control plane's configuration",
    });
  }
  return check.integer(bytes, "source bytes", check.byteCount);
}

async function regionsFrom(deps: AdminDeps, asked: readonly string[]): Promise<readonly string[]> {
  const regions = [...new Set(check.atMost(asked, "regions", limits.regions))];
  if (regions.length === 0) return regions;
  const known = [...new Set((await allNodes(deps.catalog.queries)).map((node) => node.region))].toSorted();
  const unknown = regions.find((region) => !known.includes(region));
  if (unknown === undefined) return regions;
  const meant = nearest(unknown, known);
  throw new VsError("invalid_argument", `no node is in the region ${JSON.stringify(unknown)}`, {
    hint: `${meant === undefined ? "" : `Did you mean ${meant}? `}Regions: ${known.join(", ")}`,
  });
}
