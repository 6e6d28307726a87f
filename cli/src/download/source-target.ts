// Where a source goes that is fetched: a file of its own beside the wanted one until all of it is there, right and
// durable; or standard output. What an interrupted command leaves is gone on with by the next.
import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import { once } from "node:events";
import { constants } from "node:fs";
import { link, open, rename, rm, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { VsError } from "@vstream/core/errors.ts";

export interface SourceTarget extends AsyncDisposable {
  /** How many bytes are there; the next one taken comes after these. */
  readonly bytes: number;
  take(part: Uint8Array): Promise<void>;
  /** Of all that is there. */
  sha256(): string;
  /** Begins anew; false: what went out cannot be taken back. */
  restart(): Promise<boolean>;
  /** All of it is there, and right. @throws VsError conflict when the file is there by now */
  finish(): Promise<void>;
}

export interface WantedFile {
  readonly path: string;
  readonly sha256: string;
  /** What is there already may be replaced. */
  readonly force: boolean;
  readonly signal: AbortSignal;
  /** How much of what was left is read again, in bytes. */
  readonly onRead: (bytes: number) => void;
}

/** @throws VsError conflict when the file is there already, disk_failed, storage_full */
export async function openFileTarget(wanted: WantedFile): Promise<SourceTarget> {
  if (!wanted.force && (await isThere(wanted.path))) throw exists(wanted.path);
  const partPath = join(dirname(wanted.path), partName(wanted));
  const file = await onDisk(wanted.path, () => open(partPath, openFlags, 0o666));
  const target = new FileTarget(wanted, partPath, file);
  try {
    await target.readLeft();
    return target;
  } catch (thrown) {
    await target[Symbol.asyncDispose]();
    throw thrown;
  }
}

/** Read and write, made when it is not there, never through a link. */
const openFlags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
const readBytes = 1024 * 1024;

// Named by what it will be, so that it is never gone on with by another source.
function partName({ path, sha256 }: WantedFile): string {
  const shortened = Array.from(basename(path)).slice(0, 40).join("");
  return `.${shortened}.${sha256.slice(0, 16)}.part`;
}

class FileTarget implements SourceTarget {
  readonly #wanted: WantedFile;
  readonly #partPath: string;
  readonly #file: FileHandle;
  #hash: Hash = createHash("sha256");
  #bytes = 0;

  constructor(wanted: WantedFile, partPath: string, file: FileHandle) {
    this.#wanted = wanted;
    this.#partPath = partPath;
    this.#file = file;
  }

  get bytes(): number {
    return this.#bytes;
  }

  async readLeft(): Promise<void> {
    const buffer = Buffer.allocUnsafe(readBytes);
    for (;;) {
      this.#wanted.signal.throwIfAborted();
      const { bytesRead } = await this.#onDisk(() => this.#file.read(buffer, 0, readBytes, this.#bytes));
      if (bytesRead === 0) return;
      this.#hash.update(buffer.subarray(0, bytesRead));
      this.#bytes += bytesRead;
      this.#wanted.onRead(this.#bytes);
    }
  }

  async take(part: Uint8Array): Promise<void> {
    for (let done = 0; done < part.length;) {
      const at = this.#bytes + done;
      const { bytesWritten } = await this.#onDisk(() => this.#file.write(part, done, part.length - done, at));
      done += bytesWritten;
    }
    this.#hash.update(part);
    this.#bytes += part.length;
  }

  sha256(): string {
    return this.#hash.copy().digest("hex");
  }

  async restart(): Promise<boolean> {
    await this.#onDisk(() => this.#file.truncate(0));
    this.#hash = createHash("sha256");
    this.#bytes = 0;
    return true;
  }

  async finish(): Promise<void> {
    const { path, force } = this.#wanted;
    await this.#onDisk(() => this.#file.sync());
    if (force) await this.#onDisk(() => rename(this.#partPath, path));
    else await this.#publish();
    await this.#onDisk(async () => {
      await using folder = await open(dirname(path), "r");
      await folder.sync();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
    // What has nothing in it is nothing to go on with.
    if (this.#bytes === 0) await rm(this.#partPath, { force: true });
  }

  // A second name instead of a new one never replaces what somebody else put there meanwhile. Where the file system has
  // none, a look beforehand has to do.
  async #publish(): Promise<void> {
    const { path } = this.#wanted;
    try {
      await link(this.#partPath, path);
    } catch (thrown) {
      if (codeOf(thrown) === "EEXIST" || (await isThere(path))) throw exists(path);
      await this.#onDisk(() => rename(this.#partPath, path));
      return;
    }
    await this.#onDisk(() => rm(this.#partPath, { force: true }));
  }

  async #onDisk<Result>(act: () => Promise<Result>): Promise<Result> {
    return await onDisk(this.#wanted.path, act);
  }
}

/** Gives what comes to a stream, as fast as it takes it. */
export class StreamTarget implements SourceTarget {
  readonly #stream: NodeJS.WritableStream;
  readonly #hash = createHash("sha256");
  readonly #signal: AbortSignal;
  #bytes = 0;

  constructor(stream: NodeJS.WritableStream, signal: AbortSignal) {
    this.#stream = stream;
    this.#signal = signal;
  }

  get bytes(): number {
    return this.#bytes;
  }

  async take(part: Uint8Array): Promise<void> {
    this.#hash.update(part);
    this.#bytes += part.length;
    if (!this.#stream.write(part)) await once(this.#stream, "drain", { signal: this.#signal });
  }

  sha256(): string {
    return this.#hash.copy().digest("hex");
  }

  restart(): Promise<boolean> {
    return Promise.resolve(this.#bytes === 0);
  }

  finish(): Promise<void> {
    return Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}

function exists(path: string): VsError {
  return new VsError("conflict", `${path} is there already`, {
    hint: "Replace it with --force, or name another with -o",
  });
}

async function onDisk<Result>(path: string, act: () => Promise<Result>): Promise<Result> {
  try {
    return await act();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const isFull = ["ENOSPC", "EDQUOT"].includes(codeOf(cause));
    throw new VsError(isFull ? "storage_full" : "disk_failed", `${path} cannot be written: ${reason}`, {
      hint: isFull ? "Make room, and run the same command again: it goes on where it was" : "Name another file with -o",
      cause,
    });
  }
}

function codeOf(thrown: unknown): string {
  return (thrown as NodeJS.ErrnoException).code ?? "";
}
