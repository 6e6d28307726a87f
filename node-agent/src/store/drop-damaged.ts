// An object whose file is not what its name says: the file goes into quarantine, and with it goes the record of every
// piece that names it, so that nothing here claims the piece any more. The other objects of these pieces are right as
// far as anybody knows; they stay for a while, so that only the wrong one is fetched again.
import type { VsError } from "@vstream/core/errors.ts";
import type { AssetId, PieceId, Sha256 } from "@vstream/core/ids.ts";
import { objectsOf } from "@vstream/core/media.ts";
import type { Piece } from "@vstream/core/media.ts";
import { isFileRight } from "./check-file.ts";
import { diskFailure } from "./disk-failure.ts";
import { setAside } from "./set-aside.ts";
import type { Shelves } from "./shelves.ts";
import type { LostCopies } from "./store.ts";

/**
 * The file is read once more first. Gives the copies that are gone by it, also when others of them could not be dropped
 * yet; null when there was nothing to drop. Records that an earlier call could not remove go too.
 * @throws VsError disk_failed when nobody knows whether it is wrong, or nothing could be dropped; cancelled when the
 *   store closes meanwhile
 */
export async function dropDamaged(shelves: Shelves, sha256: Sha256): Promise<LostCopies | null> {
  // One after the other: what has come again since an earlier one is looked at anew.
  return await shelves.turns.take(`damage ${sha256}`, async () => {
    try {
      return await drop(shelves, sha256);
    } catch (thrown) {
      throw diskFailure(thrown, `drop object ${sha256}`);
    }
  });
}

async function drop(shelves: Shelves, sha256: Sha256): Promise<LostCopies | null> {
  const failures: VsError[] = [];
  const onFailure = (thrown: unknown): void => {
    failures.push(diskFailure(thrown, `drop object ${sha256}`));
  };
  const wasWrong = await isWrong(shelves, sha256);
  if (wasWrong) await setAside(shelves, sha256).catch(onFailure);
  // From here on no piece with that object can be recorded. A crash now is mended by the next start.
  const lost = await dropRecords(shelves, sha256, onFailure);
  const [first] = failures;
  // What is gone has to be told now; the rest is found again, by the scrub at the latest.
  if (first !== undefined && lost.length === 0) throw first;
  for (const err of failures) shelves.log.error({ err, sha256 }, "damaged object not wholly dropped");
  return wasWrong || lost.length > 0 ? lost : null;
}

async function dropRecords(
  { pieces, objects, turns }: Shelves,
  sha256: Sha256,
  onFailure: (thrown: unknown) => void,
): Promise<LostCopies> {
  const lost: LostCopies[number][] = [];
  for (const assetId of pieces.assetsNaming(sha256)) {
    const dropLacking = async (): Promise<PieceId[]> => await dropPieces({ pieces, objects }, assetId, sha256);
    try {
      const pieceIds = await turns.take(`asset ${assetId}`, dropLacking);
      if (pieceIds.length > 0) lost.push({ assetId, pieceIds });
    } catch (thrown) {
      onFailure(thrown);
    }
  }
  return lost;
}

async function dropPieces(
  { pieces, objects }: Pick<Shelves, "pieces" | "objects">,
  assetId: AssetId,
  sha256: Sha256,
): Promise<PieceId[]> {
  // It may be right, or have come again.
  const isLacking = ({ content }: Piece): boolean =>
    objectsOf(content).some((object) => object.sha256 === sha256 && !objects.holds(object));
  const concerned = pieces.naming(assetId, sha256).filter(isLacking);
  for (const piece of concerned) {
    for (const object of objectsOf(piece.content)) if (objects.holds(object)) objects.loosen(object.sha256);
  }
  const pieceIds = concerned.map((piece) => piece.id);
  await pieces.remove(assetId, pieceIds);
  return pieceIds;
}

async function isWrong({ objects, cache, closing }: Shelves, sha256: Sha256): Promise<boolean> {
  const pathNow = (): string | null => objects.pathOf(sha256) ?? cache.pathOf(sha256);
  const path = pathNow();
  if (path === null) return false;
  const isRight = await isFileRight(path, sha256, () => {
    closing.throwIfAborted();
    return Promise.resolve();
  });
  // One that was let go of meanwhile left its shelf before its file went.
  return !isRight && pathNow() === path;
}
