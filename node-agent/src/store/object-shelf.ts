// The verified objects of a node: which there are, how large, and how one comes in and goes out.
// An object is loose from the moment it comes in until a piece names it; a loose one is not deleted because some
// other piece has let go of it, so that a task may store the files first and record the piece after.
import { readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "@vstream/core/clock.ts";
import { isSha256 } from "@vstream/core/ids.ts";
import type { Sha256 } from "@vstream/core/ids.ts";
import type { ObjectRef } from "@vstream/core/media.ts";
import { diskFailure } from "./disk-failure.ts";
import { objectFolders } from "./disk-layout.ts";
import type { DiskLayout } from "./disk-layout.ts";
import type { FolderSync } from "./folder-sync.ts";
import type { Space } from "./space.ts";
import type { Turns } from "./turns.ts";

interface Deps {
  readonly layout: DiskLayout;
  readonly folders: FolderSync;
  readonly space: Space;
  readonly turns: Turns;
  readonly clock: Clock;
}

export class ObjectShelf {
  readonly #deps: Deps;
  readonly #sizes = new Map<Sha256, number>();
  readonly #looseSinceMs = new Map<Sha256, number>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Learns what stands on the disk. All of it is loose until its pieces are recorded. */
  async load(): Promise<void> {
    for (const name of objectFolders) {
      const folder = join(this.#deps.layout.objects, name);
      for (const file of await readdir(folder)) await this.#learn(folder, file);
    }
  }

  sizeOf(sha256: Sha256): number | null {
    return this.#sizes.get(sha256) ?? null;
  }

  holds(object: ObjectRef): boolean {
    return this.#sizes.get(object.sha256) === object.bytes;
  }

  pathOf(sha256: Sha256): string | null {
    return this.#sizes.has(sha256) ? this.#deps.layout.object(sha256) : null;
  }

  /**
   * Moves a sealed file in; one that stands here already stays, and the file goes.
   * @param paid its space was reserved before it was written
   * @throws VsError storage_full, disk_failed; the file stands nowhere then
   */
  async install(path: string, object: ObjectRef, paid = false): Promise<void> {
    const { space, turns, clock } = this.#deps;
    await turns.take(`object ${object.sha256}`, async () => {
      if (!this.#sizes.has(object.sha256)) {
        if (paid) space.takeAnyway(object.bytes);
        else await chargeOrRemove(space, object.bytes, path);
        await this.#move(path, object);
        this.#sizes.set(object.sha256, object.bytes);
      } else await rm(path, { force: true });
      this.#looseSinceMs.set(object.sha256, clock.monotonicMs());
    });
  }

  /** A piece names the object now. */
  settle(sha256: Sha256): void {
    this.#looseSinceMs.delete(sha256);
  }

  /** Something is about to name the object: it is safe from deletion for a while, as if it had just come in. */
  loosen(sha256: Sha256): void {
    this.#looseSinceMs.set(sha256, this.#deps.clock.monotonicMs());
  }

  isLoose(sha256: Sha256): boolean {
    return this.#looseSinceMs.has(sha256);
  }

  /** Those that nothing has named for that long. */
  looseFor(ageMs: number): ObjectRef[] {
    const limit = this.#deps.clock.monotonicMs() - ageMs;
    return [...this.#looseSinceMs]
      .filter(([, sinceMs]) => sinceMs <= limit)
      .map(([sha256]) => ({ sha256, bytes: this.#sizes.get(sha256) ?? 0 }));
  }

  /**
   * Takes the object off the shelf, if `isUnneeded` still says so when its turn comes, and lets `dispose` have its file.
   * @throws what `dispose` throws; the object is off the shelf then too
   */
  async remove(sha256: Sha256, isUnneeded: () => boolean, dispose: (path: string) => Promise<void>): Promise<void> {
    await this.#deps.turns.take(`object ${sha256}`, async () => {
      const bytes = this.#sizes.get(sha256);
      if (bytes === undefined || !isUnneeded()) return;
      // From here on nobody finds it, and nothing can name it.
      this.#sizes.delete(sha256);
      this.#looseSinceMs.delete(sha256);
      try {
        await dispose(this.#deps.layout.object(sha256));
      } finally {
        this.#deps.space.give(bytes);
      }
    });
  }

  async #learn(folder: string, file: string): Promise<void> {
    const found = await stat(join(folder, file));
    if (!isSha256(file) || !found.isFile()) return;
    this.#sizes.set(file, found.size);
    this.#looseSinceMs.set(file, this.#deps.clock.monotonicMs());
    this.#deps.space.takeAnyway(found.size);
  }

  async #move(path: string, object: ObjectRef): Promise<void> {
    const { layout, folders, space } = this.#deps;
    const target = layout.object(object.sha256);
    try {
      await rename(path, target);
      await folders.sync(layout.objectFolder(object.sha256));
    } catch (thrown) {
      await Promise.all([rm(path, { force: true }), rm(target, { force: true })]);
      space.give(object.bytes);
      throw diskFailure(thrown, `store object ${object.sha256}`);
    }
  }
}

async function chargeOrRemove(space: Space, bytes: number, path: string): Promise<void> {
  try {
    space.take(bytes);
  } catch (thrown) {
    await rm(path, { force: true });
    throw thrown;
  }
}
