// The file that is ingested: what it must be, its hash, and whether it is still what it was. Read through one open
// descriptor, and compared with its path, so that a file that vanishes or changes is noticed.
import { createHash } from "node:crypto";
import { open, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import type { Stats } from "node:fs";
import { basename } from "node:path";
import { VsError } from "@vstream/core/errors.ts";
import type { Source } from "./source.ts";

const readBytes = 1024 * 1024;

export class SourceFile implements Source {
  readonly path: string;
  /** Its base name. */
  readonly name: string;
  readonly bytes: number;
  readonly #handle: FileHandle;
  readonly #seen: Stats;

  private constructor(path: string, opened: { handle: FileHandle; seen: Stats }) {
    this.path = path;
    this.name = basename(path);
    this.bytes = opened.seen.size;
    this.#handle = opened.handle;
    this.#seen = opened.seen;
  }

  /** @throws VsError source_not_found, source_is_directory, source_unreadable, source_empty */
  static async open(path: string): Promise<SourceFile> {
    const before = await stat(path).catch((cause: unknown) => {
      throw unopened(path, cause);
    });
    if (before.isDirectory()) {
      throw new VsError("source_is_directory", `${path} is a directory`, {
        hint: `Name the files in it: vsctl ingest ${path}/*`,
      });
    }
    // Opening a pipe or a device would wait for its other end.
    if (!before.isFile())
      throw new VsError("source_unreadable", `${path} is not a regular file`, {
        hint: "Copy what it gives into a file, and ingest that",
      });
    const handle = await open(path, "r").catch((cause: unknown) => {
      throw unopened(path, cause);
    });
    const source = new SourceFile(path, { handle, seen: await handle.stat() });
    if (source.bytes > 0) return source;
    await handle.close();
    throw new VsError("source_empty", `${path} is empty`, { hint: "Copy or download the file again" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }

  async hash(options: { signal: AbortSignal; onProgress: (share: number) => void }): Promise<string> {
    const hash = createHash("sha256");
    const block = Buffer.allocUnsafe(readBytes);
    for (let at = 0; at < this.bytes;) {
      options.signal.throwIfAborted();
      const length = await this.#fill(block.subarray(0, Math.min(readBytes, this.bytes - at)), at);
      hash.update(block.subarray(0, length));
      at += length;
      options.onProgress(at / this.bytes);
    }
    await this.assertUnchanged();
    return hash.digest("hex");
  }

  async read(start: number, end: number): Promise<Buffer> {
    await this.assertUnchanged();
    const bytes = Buffer.allocUnsafe(Math.min(end, this.bytes) - start);
    for (let at = 0; at < bytes.length;) at += await this.#fill(bytes.subarray(at), start + at);
    return bytes;
  }

  /** @throws VsError source_changed when the path has another file, or this one was written to */
  async assertUnchanged(): Promise<void> {
    const now = await stat(this.path).catch(() => undefined);
    if (now === undefined) throw this.#changed("vanished");
    const { dev, ino, size, mtimeMs } = this.#seen;
    const same = now.dev === dev && now.ino === ino && now.size === size && now.mtimeMs === mtimeMs;
    if (!same) throw this.#changed("changed");
  }

  async #fill(into: Buffer, position: number): Promise<number> {
    const { bytesRead } = await this.#handle.read(into, 0, into.length, position).catch((cause: unknown) => {
      throw new VsError("source_unreadable", `cannot read ${this.path}: ${reasonOf(cause)}`, { cause });
    });
    if (bytesRead === 0) throw this.#changed("became shorter");
    return bytesRead;
  }

  #changed(how: string): VsError {
    return new VsError("source_changed", `${this.path} ${how} while it was read`, {
      hint: "Ingest it again when nothing writes to it any more",
    });
  }
}

function unopened(path: string, cause: unknown): VsError {
  const missing = cause instanceof Error && "code" in cause && (cause.code === "ENOENT" || cause.code === "ENOTDIR");
  if (missing) return new VsError("source_not_found", `${path} does not exist`, { hint: "Check the path", cause });
  return new VsError("source_unreadable", `cannot open ${path}: ${reasonOf(cause)}`, {
    hint: "Check that you may read it",
    cause,
  });
}

function reasonOf(cause: unknown): string {
  if (cause instanceof Error && "code" in cause && cause.code === "EACCES") return "permission denied";
  return cause instanceof Error ? cause.message : String(cause);
}
