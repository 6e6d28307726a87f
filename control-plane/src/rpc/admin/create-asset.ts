// Taking in a source: the asset is written down, its homes are chosen, and the client gets a ticket to send the bytes
// to the first of them, or that node fetches them from a URL. The same source, or the same external id, is the same
// asset.
import { VsError } from "@vstream/core/errors.ts";
import { newId } from "@vstream/core/ids.ts";
import type { CreateAssetRequest, CreateAssetResponse, UploadTicket } from "@vstream/proto/admin.ts";
import type { Actor, CreateAssetOutcome, NewAsset } from "../../catalog/catalog.ts";
import { checkPins } from "../../catalog/pins.ts";
import { keepSources } from "../../catalog/records.ts";
import type { AssetRecord } from "../../catalog/records.ts";
import { assertLadderName } from "../../planning/choose-ladder.ts";
import * as check from "../wire/checks.ts";
import type { AdminDeps } from "./admin-calls.ts";
import { pinsFrom, regionsFrom, replicasFrom, titleFrom } from "./asset-wishes.ts";
import { showAsset } from "./show-asset.ts";
import { sourceNameOf, sourceUrlFrom } from "./source-url.ts";
import { subtitleFilesFrom } from "./subtitle-files.ts";
import { isAwaitingSource, placeUpload, ticketFor } from "./upload-place.ts";

const limits = { title: 500, sourceName: 1_024, externalId: 256, priority: 1_000 };

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
  const title = request.title.trim() === "" ? titleOf(source) : request.title.trim();
  const ladder = request.ladder === "" ? "default" : request.ladder;
  assertLadderName(ladder, deps.settings.ladders);
  const externalId = check.text(request.externalId, "external id", { max: limits.externalId });
  const replicasWanted = request.replicas === 0 ? deps.settings.replicas : replicasFrom(request.replicas);
  const pins = await pinsFrom(deps, request.pinnedNodes);
  checkPins(pins, replicasWanted);
  return {
    title: titleFrom(title),
    labels: check.labels(request.labels),
    externalId: externalId === "" ? null : externalId,
    ladder,
    replicasWanted,
    pins,
    regions: await regionsFrom(deps, request.regions),
    priority: check.integer(request.priority, "priority", { min: -limits.priority, max: limits.priority }),
    ...source,
    allowDamaged: request.allowDamaged,
    keepSource: check.oneOf(request.keepSource === "" ? "always" : request.keepSource, "keep source", keepSources),
    subtitleFiles: subtitleFilesFrom(request.subtitles),
    force: request.force,
  };
}

// Of a file's name, its ending says nothing to viewers.
function titleOf({ sourceName, sourceUrl }: WantedSource): string {
  return sourceUrl === null ? sourceName : sourceName.replace(/(?<=.)\.[A-Za-z0-9]{1,5}$/, "").slice(0, limits.title);
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

/** @throws VsError source_empty, source_too_large */
export function sourceBytesFrom(bytes: number, mostBytes: number): number {
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
