// What lies in a watched folder and may be a source: plain files, except those that say by their names that they are
// hidden, not finished, or subtitles. Links are not followed: they may lead anywhere.
import type { Stats } from "node:fs";
import { lstat, opendir } from "node:fs/promises";
import { join } from "node:path";

export interface FoundFile {
  readonly path: string;
  /** Its base name. */
  readonly name: string;
  readonly bytes: number;
  readonly modifiedAtMs: number;
  /** Another file of the same name has another one. */
  readonly inode: string;
}

/** Files that may be taken now, of one look; the rest come when these have gone. */
const duePerLook = 1_000;

/** What stands in a name for bytes that are not UTF-8. */
const replacement = "\u{fffd}";
const unfinished = /\.(part|partial|tmp|temp|crdownload|download|filepart|!ut|aria2|swp)$|~$/i;
// They belong to a video, and are no source by themselves.
const subtitles = /\.(srt|vtt)$/i;

export interface Look {
  readonly files: readonly FoundFile[];
  /** Names that are not UTF-8, as far as they can be read: such files cannot be opened by them. */
  readonly unreadable: readonly string[];
}

/**
 * What can never be taken, or waits to be tried again, takes no place from the rest.
 * @throws Error of the file system when the folder cannot be read
 */
export async function findFiles(folder: string, isDue: (path: string) => boolean): Promise<Look> {
  const files: FoundFile[] = [];
  const unreadable: string[] = [];
  let due = 0;
  for await (const entry of await opendir(folder)) {
    if (due >= duePerLook) break;
    if (!isSourceName(entry.name) || entry.isDirectory() || entry.isSymbolicLink()) continue;
    const path = join(folder, entry.name);
    const file = await describeFile(path, entry.name);
    if (file === null && entry.name.includes(replacement) && entry.isFile()) unreadable.push(entry.name);
    if (file === null) continue;
    files.push(file);
    if (isDue(path)) due += 1;
  }
  return { files, unreadable };
}

/** The file as it is now; null: it is gone, or is no plain file. */
export async function describeFile(path: string, name: string): Promise<FoundFile | null> {
  const stats = await lstat(path).catch(() => null);
  return stats?.isFile() === true ? describeStats(stats, { path, name }) : null;
}

export function describeStats(stats: Stats, named: Pick<FoundFile, "path" | "name">): FoundFile {
  return {
    ...named,
    bytes: stats.size,
    modifiedAtMs: stats.mtimeMs,
    inode: `${String(stats.dev)}:${String(stats.ino)}`,
  };
}

/** Whether nothing wrote to it in between, nor put another file in its place. */
export function isSame(one: FoundFile, other: FoundFile | null): boolean {
  return (
    other !== null && one.inode === other.inode && one.bytes === other.bytes && one.modifiedAtMs === other.modifiedAtMs
  );
}

function isSourceName(name: string): boolean {
  return !name.startsWith(".") && !unfinished.test(name) && !subtitles.test(name);
}
