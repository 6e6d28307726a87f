// Small files that must survive a power cut whole: keys, certificates, tokens. Readable by their owner only.
// A file is either as it was or as it is to be: written beside, synced, renamed, and the folder synced.
import { randomBytes } from "node:crypto";
import { chmod, mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { VsError } from "@vstream/core/errors.ts";

/**
 * Writes a file of mode 0600; its folder (0700) is made when it is missing.
 * @throws VsError data_folder_unusable
 */
export async function writeDurably(path: string, text: string): Promise<void> {
  await onDisk(path, async () => {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const staged = `${path}.${randomBytes(4).toString("hex")}.new`;
    await writeSynced(staged, text);
    await rename(staged, path);
    await syncFolder(dirname(path));
  });
}

/**
 * Makes a folder with its files appear at once, so that none of them is ever there without the others.
 * @throws VsError data_folder_unusable; the folder must not exist yet
 */
export async function writeFolderDurably(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  await onDisk(folder, async () => {
    const staged = `${folder}.${randomBytes(4).toString("hex")}.new`;
    await mkdir(staged, { recursive: true, mode: 0o700 });
    for (const [name, text] of Object.entries(files)) await writeSynced(join(staged, name), text);
    await syncFolder(staged);
    await rename(staged, folder);
    await syncFolder(dirname(folder));
  });
}

/** The file's text; null when there is none. A key that others could read is made private again. */
export async function readPrivate(path: string): Promise<string | null> {
  return await onDisk(path, async () => {
    try {
      const text = await readFile(path, "utf8");
      await chmod(path, 0o600);
      return text;
    } catch (thrown) {
      if (isMissing(thrown)) return null;
      throw thrown;
    }
  });
}

async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(text, "utf8");
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function onDisk<Result>(path: string, act: () => Promise<Result>): Promise<Result> {
  try {
    return await act();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new VsError("data_folder_unusable", `cannot use ${path}: ${reason}`, {
      hint: "Check that the data folder belongs to the user that runs vstream-control and that its disk is not full",
      cause,
    });
  }
}

function isMissing(thrown: unknown): boolean {
  return thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT";
}
