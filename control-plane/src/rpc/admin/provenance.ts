// What an asset was made from and with: its source, what the probe found, the exact targets, and for each piece who
// made it by which build, and what ffmpeg was told.
import type { NodeId } from "@vstream/core/ids.ts";
import { objectsOf } from "@vstream/core/media.ts";
import type { Piece } from "@vstream/core/media.ts";
import { makesSame } from "@vstream/core/toolchain.ts";
import type { GetProvenanceRequest, GetProvenanceResponse, PieceProvenance } from "@vstream/proto/admin.ts";
import type { NodeRecord } from "../../catalog/records.ts";
import * as check from "../wire/checks.ts";
import { objectToWire } from "../wire/objects.ts";
import { probeToWire, rungToWire, targetToWire, textToWire } from "../wire/probe.ts";
import type { AdminDeps } from "./admin-calls.ts";
import { findAsset } from "./show-asset.ts";
import { shownUrl } from "./source-url.ts";

export async function getProvenance(
  deps: Pick<AdminDeps, "catalog" | "loop">,
  request: GetProvenanceRequest,
): Promise<GetProvenanceResponse> {
  const { queries } = deps.catalog;
  const { asset } = await findAsset(deps, check.assetId(request.id));
  const pieces = await queries.getProvenance(asset.id);
  const nodes = new Map<NodeId, NodeRecord | null>();
  for (const { madeBy } of pieces) {
    if (madeBy !== "" && !nodes.has(madeBy)) nodes.set(madeBy, await queries.getNode(madeBy));
  }
  const { plan } = asset;
  return {
    assetId: asset.id,
    sourceName: asset.sourceName,
    sourceUrl: asset.sourceUrl === null ? "" : shownUrl(asset.sourceUrl),
    sourceSha256: asset.sourceSha256 ?? "",
    sourceBytes: asset.sourceBytes,
    ladder: asset.ladder,
    probe: asset.probe === null ? undefined : probeToWire(asset.probe),
    rungs: (plan?.rungs ?? []).map(rungToWire),
    audio: (plan?.audio ?? []).map(targetToWire),
    text: (plan?.text ?? []).map(textToWire),
    pieces: pieces.map((piece) => pieceOf(piece, nodes)),
  };
}

function pieceOf(piece: Piece, nodes: ReadonlyMap<NodeId, NodeRecord | null>): PieceProvenance {
  const node = piece.madeBy === "" ? null : (nodes.get(piece.madeBy) ?? null);
  return {
    pieceId: piece.id,
    toolchain: piece.toolchain,
    // A node that was updated since has another one: its toolchain says so.
    ffmpegVersion: node !== null && makesSame(node.toolchain, piece.toolchain) ? node.ffmpegVersion : "",
    nodeId: piece.madeBy,
    nodeName: node?.name ?? "",
    arguments: [...(piece.arguments ?? [])],
    objects: objectsOf(piece.content).map(objectToWire),
  };
}
