// An object whose file is not what its name says: the file goes into quarantine, and with it goes the record of every
// piece that names it, so that nothing here claims the piece any more. The other objects of these pieces are right as
// far as anybody knows; they stay for a while, so that only the wrong one is fetched again.
import { open } from "node:fs/promises";
import type { AssetId, PieceId, Sha256 } from "@vstream/core/ids.ts";
import { objectsOf } from "@vstream/core/media.ts";
import { diskFailure } from "./disk-failure.ts";
import { hashFileInParts } from "./hash-file.ts";
import { setAside } from "./set-aside.ts";
import type { Shelves } from "./shelves.ts";
import type { LostCopies } from "./store.ts";

/**
 * The file is read once more first. Gives the copies that are gone by it; null when there was nothing to drop.
 * @throws VsError disk_failed, cancelled when the store closes meanwhile
 */
export async function dropDamaged(shelves: Shelves, sha256: Sha256): Promise<LostCopies | null> {
  // One after the other: what has come again since an earlier one is looked at anew.
  return await shelves.turns.take(`damage ${sha256}`, async () => {
    try {
      return (await isWrong(shelves, sha256)) ? await drop(shelves, sha256) : null;
    } catch (thrown) {
      throw diskFailure(thrown, `drop object ${sha256}`);
    }
  });
}

async function drop(shelves: Shelves, sha256: Sha256): Promise<LostCopies> {
  const { pieces, turns } = shelves;
  await setAside(shelves, sha256);
  // From here on no piece with that object can be recorded. A crash now is mended by the next start.
  const lost: LostCopies[number][] = [];
  for (const assetId of pieces.assetsNaming(sha256)) {
    const pieceIds = await turns.take(`asset ${assetId}`, () => dropPieces(shelves, assetId, sha256));
    if (pieceIds.length > 0) lost.push({ assetId, pieceIds });
  }
  return lost;
}

async function dropPieces({ pieces, objects }: Shelves, assetId: AssetId, sha256: Sha256): Promise<PieceId[]> {
  const concerned = pieces.naming(assetId, sha256);
  for (const piece of concerned) {
    for (const object of objectsOf(piece.content)) if (objects.holds(object)) objects.loosen(object.sha256);
  }
  const pieceIds = concerned.map((piece) => piece.id);
  await pieces.remove(assetId, pieceIds);
  return pieceIds;
}

// What cannot be read is as good as wrong, and so is a file that is not there: one that is let go of leaves its shelf
// before its file goes.
async function isWrong({ objects, cache, closing }: Shelves, sha256: Sha256): Promise<boolean> {
  const pathNow = (): string | null => objects.pathOf(sha256) ?? cache.pathOf(sha256);
  const path = pathNow();
  if (path === null) return false;
  try {
    await using handle = await open(path, "r");
    const found = await hashFileInParts(handle, () => {
      closing.throwIfAborted();
      return Promise.resolve();
    });
    return found.sha256 !== sha256;
  } catch {
    closing.throwIfAborted();
    return pathNow() === path;
  }
}
