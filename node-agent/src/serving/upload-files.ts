// Uploads on disk, as @tus/file-store lays them out: a file of bytes and one of JSON beside it, both named for the
// asset, so that whoever comes again for the same asset goes on with the same file.
import { createWriteStream } from "node:fs";
import { readFile, readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { FileStore } from "@tus/file-store";
import { Upload } from "@tus/server";
import { z } from "zod";
import { VsError, asVsError } from "@vstream/core/errors.ts";
import { isId, isSha256 } from "@vstream/core/ids.ts";
import type { AssetId, Sha256 } from "@vstream/core/ids.ts";

export interface StoredUpload {
  readonly assetId: AssetId;
  readonly path: string;
  /** Of the whole source, and how many are here. */
  readonly bytes: number;
  readonly offset: number;
  readonly sha256: Sha256;
  readonly createdAt: number;
}

const record = z.object({
  size: z.number().int().positive(),
  metadata: z.object({ sha256: z.string().refine(isSha256) }),
  creation_date: z.string(),
});

export class UploadFiles extends FileStore {
  constructor(folder: string) {
    super({ directory: folder });
  }

  // The package's own hides why writing failed: see uploadFailure().
  override async write(readable: Readable, id: string, offset: number): Promise<number> {
    const file = createWriteStream(join(this.directory, id), { flags: "r+", start: offset });
    await pipeline(readable, file);
    return offset + file.bytesWritten;
  }

  /** Makes the file of an upload whose bytes do not come by tus. */
  async begin({ assetId, bytes, sha256 }: Pick<StoredUpload, "assetId" | "bytes" | "sha256">): Promise<void> {
    await this.create(new Upload({ id: assetId, size: bytes, offset: 0, metadata: { sha256 } }));
  }

  /** Null when there is none, or it is unreadable. */
  async find(assetId: AssetId): Promise<StoredUpload | null> {
    try {
      const { size, metadata, creation_date } = record.parse(
        JSON.parse(await readFile(join(this.directory, `${assetId}.json`), "utf8")),
      );
      const { offset } = await this.getUpload(assetId);
      const path = join(this.directory, assetId);
      const createdAt = Date.parse(creation_date);
      return { assetId, path, bytes: size, offset, sha256: metadata.sha256, createdAt };
    } catch {
      return null;
    }
  }

  async list(): Promise<StoredUpload[]> {
    const ids = (await this.#ids()).filter((id) => isId("asset", id));
    const found = await Promise.all(ids.map((id) => this.find(id)));
    return found.filter((upload) => upload !== null);
  }

  /** Removes what is no whole upload. Only while none begins: a new one is no whole one for a moment. */
  async removeStrays(): Promise<void> {
    const whole = new Set<string>((await this.list()).map((upload) => upload.assetId));
    for (const id of await this.#ids()) if (!whole.has(id)) await this.forget(id);
  }

  async forget(id: string): Promise<void> {
    await rm(join(this.directory, id), { force: true, recursive: true });
    await rm(join(this.directory, `${id}.json`), { force: true });
  }

  async #ids(): Promise<string[]> {
    return [...new Set((await readdir(this.directory)).map((name) => basename(name, ".json")))];
  }
}

/** What went wrong with an upload's bytes, in our words. */
export function uploadFailure(thrown: unknown): VsError {
  const isFull = thrown instanceof Error && "code" in thrown && (thrown.code === "ENOSPC" || thrown.code === "EDQUOT");
  if (!isFull) return asVsError(thrown);
  return new VsError("storage_full", "the disk of this node took no more of the upload", {
    hint: "Free space on the node, or ingest again: another node may be chosen",
    cause: thrown,
  });
}
