// An object whose file is not what its name says: the file goes, and with it the record of every piece that names it,
// so that nothing here claims the piece any more. The other objects of these pieces are right as far as anybody knows;
// they stay for a while, so that only the wrong one is fetched again.
import { open, rm } from "node:fs/promises";
import type { AssetId, Sha256 } from "@vstream/core/ids.ts";
import { objectsOf } from "@vstream/core/media.ts";
import { isAbsent } from "./disk-failure.ts";
import { hashFile } from "./hash-file.ts";
import type { Shelves } from "./shelves.ts";

/** Gives whether there was anything to drop: the file is read once more first. */
export async function dropDamaged(shelves: Shelves, sha256: Sha256): Promise<boolean> {
  const { objects, cache, pieces, turns } = shelves;
  const path = objects.pathOf(sha256) ?? cache.pathOf(sha256);
  if (path === null || (await isRight(path, sha256))) return false;
  cache.forget(sha256);
  const always = (): boolean => true;
  await objects.remove(sha256, always, (damaged) => rm(damaged, { force: true }));
  // From here on no piece with that object can be recorded. A crash now is mended by the next start.
  for (const assetId of pieces.assetsNaming(sha256)) {
    await turns.take(`asset ${assetId}`, () => dropPieces(shelves, assetId, sha256));
  }
  return true;
}

async function dropPieces({ pieces, objects }: Shelves, assetId: AssetId, sha256: Sha256): Promise<void> {
  const concerned = pieces.naming(assetId, sha256);
  for (const piece of concerned) {
    for (const object of objectsOf(piece.content)) if (objects.holds(object)) objects.loosen(object.sha256);
  }
  await pieces.remove(
    assetId,
    concerned.map((piece) => piece.id),
  );
}

// What cannot be read is as good as wrong.
async function isRight(path: string, sha256: Sha256): Promise<boolean> {
  try {
    await using handle = await open(path, "r");
    return (await hashFile(handle)).sha256 === sha256;
  } catch (thrown) {
    return isAbsent(thrown);
  }
}
