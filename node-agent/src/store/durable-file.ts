// Small files written whole or not at all: what stood under the name before stays until the new one is durable.
import { randomUUID } from "node:crypto";
import { open, readFile, rename, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { diskFailure, isAbsent } from "./disk-failure.ts";
import type { FolderSync } from "./folder-sync.ts";

export interface DurableWrite {
  readonly path: string;
  readonly bytes: Uint8Array | string;
  /** Where the file stands until it is whole; on the same file system. */
  readonly staging: string;
  readonly mode?: number;
}

/** @throws VsError storage_full, disk_failed; nothing half-made is left then */
export async function writeDurably(file: DurableWrite, folders: FolderSync): Promise<void> {
  const staged = temporaryPath(file.staging);
  try {
    await writeSynced(staged, file.bytes, file.mode ?? 0o644);
    await rename(staged, file.path);
    await folders.sync(dirname(file.path));
  } catch (thrown) {
    await rm(staged, { force: true });
    throw diskFailure(thrown, `write ${basename(file.path)}`);
  }
}

/** A new file with these bytes on the disk itself; its name is not durable yet. */
export async function writeSynced(path: string, bytes: Uint8Array | string, mode: number): Promise<void> {
  await using handle = await open(path, "wx", mode);
  await handle.writeFile(bytes);
  await handle.sync();
}

export function temporaryPath(staging: string): string {
  return join(staging, `${randomUUID()}.tmp`);
}

/** The file's text, or null when there is none. @throws VsError disk_failed */
export async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (thrown) {
    if (isAbsent(thrown)) return null;
    throw diskFailure(thrown, `read ${basename(path)}`);
  }
}

/** Exactly the bytes [start, end), or fewer where the file ends earlier. */
export async function readSpan(handle: FileHandle, start: number, end: number): Promise<Buffer> {
  return await fillFrom(handle, Buffer.allocUnsafe(end - start), start);
}

/** The part of the buffer that the file had bytes for, from a position on. */
export async function fillFrom(handle: FileHandle, buffer: Buffer, position: number): Promise<Buffer> {
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
