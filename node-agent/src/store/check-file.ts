// Whether a file is what its name says. Wrong is only what the file itself is to blame for; that nobody could look says
// nothing about it.
import { open } from "node:fs/promises";
import type { Sha256 } from "@vstream/core/ids.ts";
import { isFilesFault } from "./disk-failure.ts";
import { hashFileInParts } from "./hash-file.ts";

/**
 * False: it has other bytes, is cut or gone, or the disk cannot read it.
 * @param onPart as for hashFileInParts
 * @throws what onPart throws, and every other failure of the system: too many open files, no memory, no permission
 */
export async function isFileRight(
  path: string,
  sha256: Sha256,
  onPart: (bytes: number) => Promise<void>,
): Promise<boolean> {
  try {
    await using handle = await open(path, "r");
    const found = await hashFileInParts(handle, onPart);
    return found.sha256 === sha256;
  } catch (thrown) {
    if (isFilesFault(thrown)) return false;
    throw thrown;
  }
}
