// One rung of an asset as it was encoded, for tasks that read it again: out of the manifest, object by object, from
// this node's store or from a holder.
import { VsError } from "@vstream/core/errors.ts";
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
import type { Manifest, ObjectRef, VideoContent } from "@vstream/core/media.ts";
import type { PictureSource } from "../media/images-keys.ts";
import type { WorkDeps } from "./work-deps.ts";

/**
 * The manifest of an edition with every chunk: this node's own, or the control plane's when that one is not whole, or
 * of another edition.
 * @throws VsError unavailable when some are not released; asset_not_found, asset_deleted and what else the control
 *   plane answers
 */
export async function wholeManifest(
  { store, askControl }: Pick<WorkDeps, "store" | "askControl">,
  { assetId, edition }: { readonly assetId: AssetId; readonly edition: number },
  signal: AbortSignal,
): Promise<Manifest> {
  const kept = store.getManifest(assetId);
  if (kept?.edition === edition && isWhole(kept)) return kept;
  const asked = await askControl({ assetId, haveVersion: 0, edition }, signal);
  if (isWhole(asked)) return asked;
  throw new VsError(
    "unavailable",
    `asset ${assetId} has ${asked.releasedChunks} of ${asked.totalChunks} chunks so far`,
  );
}

function isWhole(manifest: Manifest): boolean {
  return !manifest.deleted && manifest.totalChunks > 0 && chunksOf(manifest).length === manifest.totalChunks;
}

function chunksOf(manifest: Manifest): VideoContent[] {
  const contents = manifest.pieces.map((piece) => piece.content).filter((content) => content.kind === "video");
  return contents.sort((one, other) => one.chunk - other.chunk);
}

/** @throws VsError not_found when the asset, or a chunk of it, has no such rung */
export function renditionOf(
  manifest: Manifest,
  rungName: string,
  read: (object: ObjectRef) => Promise<Buffer>,
): PictureSource {
  const chunks = chunksOf(manifest);
  const renditions = chunks.map((chunk) => chunk.renditions.find(({ rung }) => rung === rungName) ?? null);
  const rung = manifest.renditions.find((rendition) => rendition.rung.name === rungName)?.rung;
  const segments = renditions.flatMap((rendition) => rendition?.segments ?? []);
  const [init, last] = [renditions[0]?.init, segments.at(-1)];
  if (rung === undefined || init === undefined || last === undefined || renditions.includes(null)) {
    throw new VsError("not_found", `asset ${manifest.assetId} has no rung ${rungName}`);
  }
  return {
    ...{ width: rung.width, height: rung.height, timeScale: chunks[0]?.timeScale ?? 1 },
    segmentStarts: segments.map(({ startTicks }) => startTicks),
    endTicks: last.startTicks + last.durationTicks,
    readInit: () => read(init),
    readSegment: async (index) => {
      const segment = segments[index];
      if (segment === undefined) throw new VsError("not_found", `rung ${rungName} has no segment ${index}`);
      return await read(segment.object);
    },
  };
}

/** Gives an object's bytes, whoever of these nodes and the asset's homes has it. */
export function objectReader(
  { fetcher, nodeId }: Pick<WorkDeps, "fetcher" | "nodeId">,
  holders: readonly NodeId[],
  signal: AbortSignal,
): (object: ObjectRef) => Promise<Buffer> {
  const others = [...new Set(holders)].filter((holder) => holder !== nodeId);
  return (object) => fetcher.fetchBytes(object, others, signal);
}
