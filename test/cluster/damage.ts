// What happens to files on disks: bits that turn, ends that go missing, contents that stand under the wrong name, whole
// disks that come back empty.
import { createHash } from "node:crypto";
import { open, readdir, readFile, rename, rm, stat, truncate } from "node:fs/promises";
import { join } from "node:path";

/** The file of an object in a node's store. */
export function objectFile(dataDir: string, sha256: string): string {
  return join(dataDir, "objects", sha256.slice(0, 2), sha256);
}

/** Turns one bit near the end, in place: size and name stay. */
export async function flipByte(file: string): Promise<void> {
  const opened = await open(file, "r+");
  try {
    const byte = Buffer.alloc(1);
    const at = Math.max(0, (await opened.stat()).size - 5);
    await opened.read(byte, 0, 1, at);
    byte.writeUInt8(byte.readUInt8(0) ^ 1, 0);
    await opened.write(byte, 0, 1, at);
    await opened.sync();
  } finally {
    await opened.close();
  }
}

/** Half of it is gone. */
export async function cutFile(file: string): Promise<void> {
  await truncate(file, Math.floor((await stat(file)).size / 2));
}

/** Each has the other's content. */
export async function swapFiles(one: string, other: string): Promise<void> {
  const aside = `${one}.aside`;
  await rename(one, aside);
  await rename(other, one);
  await rename(aside, other);
}

/** A disk that comes back empty, of a node that does not run; what the node is known by is on another disk. */
export async function loseDisk(dataDir: string, identityFolders: readonly string[] = ["identity"]): Promise<void> {
  const names = (await readdir(dataDir)).filter((name) => !identityFolders.includes(name));
  await Promise.all(names.map((name) => rm(join(dataDir, name), { recursive: true, force: true })));
}

/** Hash of what a file holds; null: there is none. */
export async function hashOfFile(file: string): Promise<string | null> {
  const bytes = await readFile(file).catch(() => null);
  return bytes === null ? null : createHash("sha256").update(bytes).digest("hex");
}
