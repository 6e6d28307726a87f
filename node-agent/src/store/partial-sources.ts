// Sources on their way from elsewhere, one for each asset, so that a restarted agent goes on where the last one was.
import { readdir, rm } from "node:fs/promises";
import { basename } from "node:path";
import { VsError } from "@vstream/core/errors.ts";
import type { AssetId } from "@vstream/core/ids.ts";
import { diskFailure } from "./disk-failure.ts";
import { isAssetId } from "./disk-layout.ts";
import type { DiskLayout } from "./disk-layout.ts";
import { PartialFile } from "./partial-file.ts";
import type { PartialDeps } from "./partial-file.ts";
import type { PartialSource, PartialSources } from "./store.ts";

export class PartialSourceFolder implements PartialSources {
  readonly #deps: PartialDeps;
  readonly #open = new Set<AssetId>();

  constructor(deps: PartialDeps) {
    this.#deps = deps;
  }

  async open(assetId: AssetId): Promise<PartialSource> {
    if (this.#open.has(assetId)) throw new VsError("unavailable", `the source of ${assetId} is being fetched already`);
    this.#open.add(assetId);
    try {
      return await PartialFile.open(this.#deps, assetId, () => this.#open.delete(assetId));
    } catch (thrown) {
      this.#open.delete(assetId);
      throw thrown;
    }
  }

  async list(): Promise<AssetId[]> {
    const names = (await readdir(this.#deps.layout.fetches)).map((name) => name.replace(/\.(part|json)$/, ""));
    return [...new Set(names)].filter(isAssetId);
  }

  async forget(assetId: AssetId): Promise<boolean> {
    if (this.#open.has(assetId)) return false;
    await removeFiles(this.#deps.layout, assetId);
    return true;
  }
}

async function removeFiles(layout: DiskLayout, assetId: AssetId): Promise<void> {
  for (const path of [layout.partialSource(assetId), layout.partialSourceRecord(assetId)]) {
    try {
      await rm(path, { force: true });
    } catch (thrown) {
      throw diskFailure(thrown, `remove ${basename(path)}`);
    }
  }
}
