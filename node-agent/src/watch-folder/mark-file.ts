// A file that was dealt with goes into a folder beside it: what was taken into `taken`, what was refused into `refused`,
// with a text that says why. Nothing is ever deleted, nor put in the place of another file.
import { lstat, mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Failure } from "@vstream/core/errors.ts";
import type { FoundFile } from "./found-files.ts";

/** Of file systems. */
const longestNameBytes = 255;
const reasonEnding = ".reason.txt";

/** Gives where the file is now. */
export async function markTaken(file: FoundFile): Promise<string> {
  return await moveInto(file, "taken");
}

/** Gives where the file is now. */
export async function markRefused(file: FoundFile, { code, message, hint }: Failure): Promise<string> {
  const path = await moveInto(file, "refused");
  await writeFile(`${path}${reasonEnding}`, `${message} (${code})\n${hint === "" ? "" : `${hint}\n`}`);
  return path;
}

async function moveInto({ path, name }: FoundFile, subfolder: string): Promise<string> {
  const folder = join(dirname(path), subfolder);
  await mkdir(folder, { recursive: true });
  const free = await freePath(folder, name);
  await rename(path, free);
  return free;
}

async function freePath(folder: string, name: string): Promise<string> {
  for (let number = 1; ; number += 1) {
    const path = join(folder, nameWith(name, number === 1 ? "" : `-${String(number)}`));
    if ((await isFree(path)) && (await isFree(`${path}${reasonEnding}`))) return path;
  }
}

async function isFree(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => null)) === null;
}

/** `movie-2.mp4`; shortened, where it and its reason's name would be too long otherwise. */
function nameWith(name: string, suffix: string): string {
  const [, stem = name, ending = ""] = /^(.+?)(\.[^.]{1,16})?$/su.exec(name) ?? [];
  const room = longestNameBytes - Buffer.byteLength(`${suffix}${ending}${reasonEnding}`);
  let short = stem;
  while (Buffer.byteLength(short) > room) short = Array.from(short).slice(0, -1).join("");
  return `${short}${suffix}${ending}`;
}
