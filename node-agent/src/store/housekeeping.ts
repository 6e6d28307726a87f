// Brings the shelves into agreement with the disk at the start, and lets go of what nothing needs any more.
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "@vstream/core/clock.ts";
import { VsError } from "@vstream/core/errors.ts";
import type { AssetId } from "@vstream/core/ids.ts";
import { objectsOf } from "@vstream/core/media.ts";
import type { ObjectRef, Piece } from "@vstream/core/media.ts";
import { isFileRight } from "./check-file.ts";
import { objectFolders } from "./disk-layout.ts";
import type { DiskLayout } from "./disk-layout.ts";
import { FolderSync } from "./folder-sync.ts";
import { setAside } from "./set-aside.ts";
import type { Shelves } from "./shelves.ts";

/** How long an object may stand without a piece that names it before it counts as cached only. */
const looseLimitMs = 3_600_000;

const sweepEveryMs = 10 * 60_000;

/** @throws VsError data_folder_unusable when the folders cannot be made */
export async function makeFolders(layout: DiskLayout): Promise<void> {
  try {
    for (const folder of layout.folders) await mkdir(folder, { recursive: true });
    await Promise.all(objectFolders.map((name) => mkdir(join(layout.objects, name), { recursive: true })));
    const folders = new FolderSync();
    await Promise.all([folders.sync(layout.root), folders.sync(layout.objects)]);
  } catch (cause) {
    throw new VsError("data_folder_unusable", `cannot use the data folder ${layout.root}: ${String(cause)}`, {
      hint: "Make the folder writable for the agent, or set dataDir to another one",
      cause,
    });
  }
}

/** Reads what an earlier run left, and removes what a crash left half-made. */
export async function loadShelves(shelves: Shelves): Promise<void> {
  const { layout, staging, objects, cache, pieces, manifests, quarantine, damageCount, scrubPosition } = shelves;
  for (const entry of await readdir(layout.scratch)) {
    await rm(join(layout.scratch, entry), { recursive: true, force: true });
  }
  await staging.clear();
  quarantine.load();
  damageCount.load();
  scrubPosition.load();
  cache.load();
  await objects.load();
  await pieces.load((assetId, piece) => isWhole(shelves, assetId, piece));
  manifests.load();
  // What a crash left without a piece is kept while there is room: the task that made it will run again.
  await sweep(shelves, 0);
  cache.shrinkTo(shelves.space.freeBytes);
}

/** Deletes those of the objects that nothing names and nobody has just stored. */
export async function removeUnneeded(shelves: Shelves, candidates: readonly ObjectRef[]): Promise<void> {
  const { objects, pieces } = shelves;
  for (const { sha256 } of candidates) {
    const isUnneeded = (): boolean => !pieces.isNamed(sha256) && !objects.isLoose(sha256);
    await objects.remove(sha256, isUnneeded, (path) => rm(path, { force: true }));
  }
}

/** Sweeps from time to time until the signal says stop. */
export async function keepSweeping(shelves: Shelves, clock: Clock, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      await clock.sleep(sweepEveryMs, signal);
    } catch {
      return;
    }
    await sweep(shelves, looseLimitMs);
  }
}

/** Objects that no piece has named for that long become cached ones, which may go at any time. */
async function sweep(shelves: Shelves, looseMs: number): Promise<void> {
  try {
    for (const object of shelves.objects.looseFor(looseMs)) {
      if (shelves.pieces.isNamed(object.sha256)) shelves.objects.settle(object.sha256);
      else await demote(shelves, object);
    }
    await shelves.staging.sweep();
    shelves.quarantine.sweep();
  } catch (thrown) {
    shelves.log.warn({ err: thrown }, "sweep of the store failed");
  }
}

async function demote(shelves: Shelves, object: ObjectRef): Promise<void> {
  const { objects, pieces, cache } = shelves;
  const isUnneeded = (): boolean => !pieces.isNamed(object.sha256);
  await objects.remove(object.sha256, isUnneeded, (path) => cache.keep(path, object));
}

async function isWhole(shelves: Shelves, assetId: AssetId, piece: Piece): Promise<boolean> {
  const lacking = objectsOf(piece.content).filter((object) => !shelves.objects.holds(object));
  if (lacking.length === 0) return true;
  shelves.log.warn({ assetId, pieceId: piece.id, objects: lacking.length }, "piece dropped, objects lost");
  for (const object of lacking) await removeIfDamaged(shelves, object);
  return false;
}

// A file of another size than a record says: the hash decides which of the two is wrong.
async function removeIfDamaged(shelves: Shelves, object: ObjectRef): Promise<void> {
  const path = shelves.objects.pathOf(object.sha256);
  if (path === null) return;
  if (await isFileRight(path, object.sha256, () => Promise.resolve())) return;
  await setAside(shelves, object.sha256);
}
