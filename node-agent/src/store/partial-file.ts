// One source on its way from elsewhere: its bytes in a file, and a record of how many of them are durable. What stands
// beyond that, or has changed on the disk, is not believed.
import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import { open, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { z } from "zod";
import type { Clock } from "@vstream/core/clock.ts";
import { isSha256 } from "@vstream/core/ids.ts";
import type { AssetId, Sha256 } from "@vstream/core/ids.ts";
import { diskFailure } from "./disk-failure.ts";
import type { DiskLayout } from "./disk-layout.ts";
import { readSpan } from "./durable-file.ts";
import { blockBytes } from "./hash-file.ts";
import type { JsonFiles } from "./json-files.ts";
import type { PartialSource, SourceOrigin } from "./store.ts";

/** What a crash may cost: bytes, or the time in which they came. */
const checkpointBytes = 64 * 1024 ** 2;
const checkpointMs = 2_000;

interface Kept {
  readonly origin: SourceOrigin;
  readonly bytes: number;
  readonly sha256: Sha256;
}

const keptShape: z.ZodType<Kept> = z.object({
  origin: z.object({
    url: z.string(),
    etag: z.string().nullable(),
    lastModified: z.string().nullable(),
    totalBytes: z.int().nonnegative().nullable(),
  }),
  bytes: z.int().nonnegative(),
  sha256: z.custom<Sha256>((value) => typeof value === "string" && isSha256(value), "not a hash"),
});

export interface PartialDeps {
  readonly layout: DiskLayout;
  readonly files: JsonFiles;
  readonly clock: Clock;
}

export class PartialFile implements PartialSource {
  readonly path: string;
  readonly #deps: PartialDeps;
  readonly #assetId: AssetId;
  readonly #handle: FileHandle;
  readonly #onClose: () => void;
  #origin: SourceOrigin | null = null;
  #hash: Hash = createHash("sha256");
  #bytes = 0;
  #checkpoint: { readonly bytes: number; readonly atMs: number };

  private constructor(deps: PartialDeps, assetId: AssetId, opened: { handle: FileHandle; onClose: () => void }) {
    this.#deps = deps;
    this.#assetId = assetId;
    this.path = deps.layout.partialSource(assetId);
    this.#handle = opened.handle;
    this.#onClose = opened.onClose;
    this.#checkpoint = { bytes: 0, atMs: deps.clock.monotonicMs() };
  }

  static async open(deps: PartialDeps, assetId: AssetId, onClose: () => void): Promise<PartialFile> {
    const handle = await onDisk(open(deps.layout.partialSource(assetId), "a+", 0o644), "keep a part of a source");
    const file = new PartialFile(deps, assetId, { handle, onClose });
    try {
      const kept = deps.files.read(deps.layout.partialSourceRecord(assetId), keptShape);
      if (kept === null || !(await file.#goOn(kept))) await file.#empty();
      return file;
    } catch (thrown) {
      await handle.close();
      throw thrown;
    }
  }

  get origin(): SourceOrigin | null {
    return this.#origin;
  }

  get bytes(): number {
    return this.#bytes;
  }

  async restart(origin: SourceOrigin | null): Promise<void> {
    await this.#empty();
    this.#origin = origin;
    await this.#keep();
  }

  learnTotal(totalBytes: number | null): void {
    if (this.#origin !== null && totalBytes !== null) this.#origin = { ...this.#origin, totalBytes };
  }

  async append(bytes: Uint8Array): Promise<void> {
    let done = 0;
    while (done < bytes.length) {
      const written = await onDisk(this.#handle.write(bytes, done), "keep a part of a source");
      done += written.bytesWritten;
    }
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
    const isDue =
      this.#bytes - this.#checkpoint.bytes >= checkpointBytes ||
      this.#deps.clock.monotonicMs() - this.#checkpoint.atMs >= checkpointMs;
    if (isDue) await this.#keep();
  }

  async secure(): Promise<Sha256> {
    await this.#keep();
    return this.#sha256();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#handle.close();
    } finally {
      this.#onClose();
    }
  }

  // False: the disk has not what the record says.
  async #goOn(kept: Kept): Promise<boolean> {
    const { size } = await this.#handle.stat();
    if (size < kept.bytes) return false;
    await onDisk(this.#handle.truncate(kept.bytes), "keep a part of a source");
    while (this.#bytes < kept.bytes) {
      const end = Math.min(kept.bytes, this.#bytes + blockBytes);
      const part = await onDisk(readSpan(this.#handle, this.#bytes, end), "read a part of a source");
      if (part.length === 0) return false;
      this.#hash.update(part);
      this.#bytes += part.length;
    }
    this.#origin = kept.origin;
    this.#checkpoint = { bytes: this.#bytes, atMs: this.#deps.clock.monotonicMs() };
    return this.#sha256() === kept.sha256;
  }

  async #empty(): Promise<void> {
    await onDisk(this.#handle.truncate(0), "keep a part of a source");
    this.#hash = createHash("sha256");
    this.#bytes = 0;
    this.#origin = null;
    this.#checkpoint = { bytes: 0, atMs: this.#deps.clock.monotonicMs() };
  }

  async #keep(): Promise<void> {
    const { files, layout, clock } = this.#deps;
    const record = layout.partialSourceRecord(this.#assetId);
    if (this.#origin === null) {
      await rm(record, { force: true });
      return;
    }
    await onDisk(this.#handle.datasync(), "keep a part of a source");
    const kept: Kept = { origin: this.#origin, bytes: this.#bytes, sha256: this.#sha256() };
    // A URL may be signed: who has it may fetch the source.
    await files.write(record, kept, { mode: 0o600 });
    this.#checkpoint = { bytes: this.#bytes, atMs: clock.monotonicMs() };
  }

  #sha256(): Sha256 {
    return this.#hash.copy().digest("hex") as Sha256;
  }
}

async function onDisk<Result>(act: Promise<Result>, what: string): Promise<Result> {
  try {
    return await act;
  } catch (thrown) {
    throw diskFailure(thrown, what);
  }
}
