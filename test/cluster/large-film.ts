// A large source that costs little: ten seconds of film, and after them a box of nothing, which takes no room on the disk.
import { copyFile, open, stat } from "node:fs/promises";
import { shortClip } from "./repository.ts";

/** Gives the path. `bytes`: of the whole file, under 4 GiB. */
export async function makeLargeFilm(path: string, bytes: number): Promise<string> {
  await copyFile(shortClip, path);
  const { size } = await stat(path);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(bytes - size);
  head.write("free", 4, "latin1");
  await using file = await open(path, "r+");
  await file.write(head, 0, 8, size);
  await file.truncate(bytes);
  return path;
}
