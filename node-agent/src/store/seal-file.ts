// The step between a finished file and an object: it is hashed, made read-only and forced to the disk.
import { constants } from "node:fs";
import { open, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { basename } from "node:path";
import { VsError } from "@vstream/core/errors.ts";
import { diskFailure } from "./disk-failure.ts";

/** Objects never change; a stray write through a link to one should fail. */
export const objectMode = 0o444;

/**
 * Runs `hash` on the file, then seals it. Gives what `hash` gave.
 * @throws VsError disk_failed when it cannot be made durable (the file is removed then), invalid_argument for what is
 * not a plain file; whatever `hash` throws leaves the file as it was
 */
export async function sealFile<Hashed>(path: string, hash: (handle: FileHandle) => Promise<Hashed>): Promise<Hashed> {
  await using handle = await openPlain(path);
  const hashed = await hash(handle);
  await syncOrRemove(handle, path);
  return hashed;
}

/** Makes a written file durable. One that cannot be is removed, for no second fsync could be believed. */
export async function syncOrRemove(handle: FileHandle, path: string): Promise<void> {
  try {
    await handle.chmod(objectMode);
    await handle.sync();
  } catch (thrown) {
    await rm(path, { force: true });
    throw diskFailure(thrown, `store ${basename(path)}`);
  }
}

async function openPlain(path: string): Promise<FileHandle> {
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if ((await handle.stat()).isFile()) return handle;
    await handle.close();
  } catch (thrown) {
    throw diskFailure(thrown, `read ${basename(path)}`);
  }
  throw new VsError("invalid_argument", `${basename(path)} is not a plain file`);
}
