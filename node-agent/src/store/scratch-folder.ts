// A task's own folder: the only place that ffmpeg sees. Gone with the task, or at the agent's next start.
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { copyFile, link, mkdir, open, readFile, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { VsError } from "@vstream/core/errors.ts";
import type { Sha256 } from "@vstream/core/ids.ts";
import { diskFailure, errnoOf } from "./disk-failure.ts";
import type { Scratch, SparseFile } from "./store.ts";

/** @param pathOf where an object stands, or null */
export async function openScratchFolder(
  parent: string,
  name: string,
  pathOf: (sha256: Sha256) => string | null,
): Promise<Scratch> {
  const folder = join(parent, `${plainName(name)}-${randomBytes(4).toString("hex")}`);
  await onDisk(mkdir(folder), "make a scratch folder");
  return new ScratchFolder(folder, pathOf);
}

class ScratchFolder implements Scratch {
  readonly folder: string;
  readonly #pathOf: (sha256: Sha256) => string | null;

  constructor(folder: string, pathOf: (sha256: Sha256) => string | null) {
    this.folder = folder;
    this.#pathOf = pathOf;
  }

  path(name: string): string {
    return join(this.folder, ...name.split("/").map(plainName));
  }

  async link(sha256: Sha256, name: string): Promise<string> {
    const target = this.path(name);
    const stored = this.#pathOf(sha256);
    if (stored === null) throw new VsError("object_missing", `object ${sha256} does not stand here`);
    await onDisk(linkOrPoint(stored, target), "link an object");
    return target;
  }

  async openSparse(name: string, sizeBytes: number): Promise<SparseFile> {
    const path = this.path(name);
    const handle = await onDisk(open(path, "wx"), "make a sparse file");
    try {
      await onDisk(handle.truncate(sizeBytes), "make a sparse file");
    } catch (thrown) {
      await handle.close();
      throw thrown;
    }
    return new ScratchSparseFile(path, handle, sizeBytes);
  }

  async list(subfolder = "."): Promise<string[]> {
    const folder = subfolder === "." ? this.folder : this.path(subfolder);
    const entries = await onDisk(readdir(folder, { withFileTypes: true }), "list a scratch folder");
    return entries.filter((entry) => !entry.isDirectory()).map((entry) => entry.name);
  }

  async makeFolder(name: string): Promise<string> {
    const path = this.path(name);
    await onDisk(mkdir(path, { recursive: true }), "make a scratch folder");
    return path;
  }

  async rename(name: string, newName: string): Promise<string> {
    const path = this.path(newName);
    await onDisk(rename(this.path(name), path), `rename ${name}`);
    return path;
  }

  async readFile(name: string): Promise<Buffer> {
    return await onDisk(readFile(this.path(name)), `read ${name}`);
  }

  async writeFile(name: string, bytes: Uint8Array | string): Promise<string> {
    const path = this.path(name);
    await onDisk(writeFile(path, bytes), `write ${name}`);
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A child process that is just being killed may still be writing.
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }
}

class ScratchSparseFile implements SparseFile {
  readonly path: string;
  readonly #handle: FileHandle;
  readonly #sizeBytes: number;

  constructor(path: string, handle: FileHandle, sizeBytes: number) {
    this.path = path;
    this.#handle = handle;
    this.#sizeBytes = sizeBytes;
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    if (offset < 0 || offset + bytes.length > this.#sizeBytes) {
      throw new VsError("invalid_argument", `bytes ${offset} + ${bytes.length} lie outside the file`);
    }
    let done = 0;
    while (done < bytes.length) {
      const written = await onDisk(
        this.#handle.write(bytes, done, bytes.length - done, offset + done),
        "write a sparse file",
      );
      done += written.bytesWritten;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }
}

// A hard link outlives the discarding of the object. Some file systems have none; a copy by reference, then a
// symbolic link, do as well as long as the object stays.
async function linkOrPoint(stored: string, target: string): Promise<void> {
  try {
    await link(stored, target);
  } catch (thrown) {
    const code = errnoOf(thrown) ?? "";
    if (!["EPERM", "EXDEV", "EMLINK", "ENOTSUP", "EOPNOTSUPP"].includes(code)) throw thrown;
    await copyFile(stored, target, constants.COPYFILE_FICLONE_FORCE).catch(() => symlink(stored, target));
  }
}

function plainName(name: string): string {
  if (/^[\w%][\w.%=-]{0,199}$/.test(name)) return name;
  throw new VsError("invalid_argument", `${JSON.stringify(name.slice(0, 100))} is not a plain file name`);
}

async function onDisk<Result>(act: Promise<Result>, what: string): Promise<Result> {
  try {
    return await act;
  } catch (thrown) {
    throw diskFailure(thrown, what);
  }
}
