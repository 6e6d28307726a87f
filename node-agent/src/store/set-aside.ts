// Takes an object whose file is wrong off its shelf: the file goes into quarantine, and is counted.
import type { Sha256 } from "@vstream/core/ids.ts";
import type { Shelves } from "./shelves.ts";

/**
 * Nobody finds the object here afterwards; the records that name it are the caller's.
 * @throws errors of the disk when its file could not be taken away; nobody finds the object all the same
 */
export async function setAside(shelves: Shelves, sha256: Sha256): Promise<void> {
  const { objects, cache, quarantine, damageCount, staging } = shelves;
  const always = (): boolean => true;
  const cachedPath = staging.newPath();
  try {
    await objects.remove(sha256, always, (path) => quarantine.take(sha256, path));
  } finally {
    const isCached = isMovedOut(shelves, sha256, cachedPath);
    cache.forget(sha256);
    await damageCount.add();
    if (isCached) await quarantine.take(sha256, cachedPath);
  }
}

function isMovedOut({ cache }: Shelves, sha256: Sha256, path: string): boolean {
  try {
    return cache.moveOut(sha256, path);
  } catch {
    // The file is not there, or not to be moved.
    return false;
  }
}
