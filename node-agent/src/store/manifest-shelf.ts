// The newest manifest of each asset that this node knows. Never goes back to an older version; the parsed forms of
// those in use stay in memory.
import { readdirSync } from "node:fs";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import { VsError } from "@vstream/core/errors.ts";
import type { AssetId } from "@vstream/core/ids.ts";
import { knownEditions } from "@vstream/core/media.ts";
import type { Manifest, Piece } from "@vstream/core/media.ts";
import { isAssetId } from "./disk-layout.ts";
import type { DiskLayout } from "./disk-layout.ts";
import type { JsonFiles } from "./json-files.ts";
import { manifestShape } from "./stored-shapes.ts";

/** Of JSON text; the parsed form takes about three times as much. */
const rememberedBytes = 64 * 1024 * 1024;

// One that an older release wrote lacks what it did not know of, whatever its version: it is asked for again.
const keptShape = z.preprocess(
  (kept) => (typeof kept === "object" && kept !== null && !("extras" in kept) ? { ...kept, version: 0 } : kept),
  manifestShape,
);

/** Callers take turns by asset. */
export class ManifestShelf {
  readonly #layout: DiskLayout;
  readonly #files: JsonFiles;
  readonly #known = new Set<AssetId>();
  readonly #remembered = new LRUCache<AssetId, { manifest: Manifest; bytes: number }>({
    maxSize: rememberedBytes,
    sizeCalculation: ({ bytes }) => Math.max(1, bytes),
  });

  constructor(deps: { layout: DiskLayout; files: JsonFiles }) {
    this.#layout = deps.layout;
    this.#files = deps.files;
  }

  load(): void {
    for (const file of readdirSync(this.#layout.manifests)) {
      const assetId = file.replace(/\.json$/, "");
      if (isAssetId(assetId)) this.#known.add(assetId);
    }
  }

  get(assetId: AssetId): Manifest | null {
    if (!this.#known.has(assetId)) return null;
    const remembered = this.#remembered.get(assetId);
    if (remembered !== undefined) return remembered.manifest;
    const manifest = this.#files.read(this.#layout.manifest(assetId), keptShape);
    if (manifest?.assetId !== assetId) {
      this.#known.delete(assetId);
      return null;
    }
    this.#remember(manifest, JSON.stringify(manifest).length);
    return manifest;
  }

  /** @throws VsError conflict when it does not begin where the kept one ends */
  async keep(manifest: Manifest): Promise<void> {
    const kept = this.get(manifest.assetId);
    if (kept !== null && kept.version >= manifest.version) return;
    const whole = joined(kept, manifest);
    this.#remember(whole, await this.#files.write(this.#layout.manifest(manifest.assetId), whole));
    this.#known.add(manifest.assetId);
  }

  #remember(manifest: Manifest, bytes: number): void {
    this.#remembered.set(manifest.assetId, { manifest, bytes });
  }
}

function joined(kept: Manifest | null, newer: Manifest): Manifest {
  // A deleted asset may come back: its pieces stay named.
  if (newer.fromChunk === 0) return newer;
  const isNext = kept?.edition === newer.edition && kept.releasedChunks >= newer.fromChunk;
  const previous = isNext ? knownEditions(newer, kept) : null;
  if (!isNext || previous === null) {
    throw new VsError(
      "conflict",
      `version ${newer.version} of ${newer.assetId}'s manifest begins at chunk ${newer.fromChunk}, past what is kept`,
      { hint: "Fetch the whole manifest" },
    );
  }
  const before = kept.pieces.filter((piece) => chunkOf(piece) < newer.fromChunk);
  return { ...newer, fromChunk: 0, pieces: [...before, ...newer.pieces], previous };
}

function chunkOf(piece: Piece): number {
  return "chunk" in piece.content ? piece.content.chunk : 0;
}
