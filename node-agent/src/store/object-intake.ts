// How bytes become objects: moved in as a file, from memory, or as a stream. Whatever the way, nothing stands under
// its hash before its bytes were hashed and forced to the disk.
import { rm } from "node:fs/promises";
import { sep } from "node:path";
import { VsError } from "@vstream/core/errors.ts";
import type { Sha256 } from "@vstream/core/ids.ts";
import type { ObjectRef, SourceRef } from "@vstream/core/media.ts";
import { diskFailure } from "./disk-failure.ts";
import { writeSynced } from "./durable-file.ts";
import { blockBytes, hashBlocks, hashFile, hashOf } from "./hash-file.ts";
import { receiveObject } from "./incoming.ts";
import type { OpenStream } from "./incoming.ts";
import { objectMode, sealFile } from "./seal-file.ts";
import type { Shelves } from "./shelves.ts";

export class ObjectIntake {
  readonly #shelves: Shelves;

  constructor(shelves: Shelves) {
    this.#shelves = shelves;
  }

  async adoptFile(path: string, expected?: Sha256): Promise<ObjectRef> {
    this.#requireOwn(path);
    const object = await sealFile(path, async (handle) => requireHash(await hashFile(handle), expected));
    await this.#installFile(path, object);
    return object;
  }

  async adoptSource(path: string, expected?: Sha256): Promise<SourceRef> {
    this.#requireOwn(path);
    const { file, blockList } = await sealFile(path, async (handle) => {
      const hashed = await hashBlocks(handle);
      requireHash(hashed.file, expected);
      return hashed;
    });
    const list = await this.putBytes(blockList);
    await this.#installFile(path, file);
    return { source: file, blockList: list, blockBytes };
  }

  async putBytes(bytes: Uint8Array): Promise<ObjectRef> {
    const object = { sha256: hashOf(bytes), bytes: bytes.length };
    if (this.#shelves.objects.holds(object)) this.#shelves.objects.loosen(object.sha256);
    else await this.#install(await this.#stage(bytes), object);
    return object;
  }

  async putStream(expected: ObjectRef, open: OpenStream, signal: AbortSignal): Promise<void> {
    // A turn of its own kind: a file with the same bytes that is adopted meanwhile does not wait for the network.
    await this.#shelves.turns.take(`receive ${expected.sha256}`, async () => {
      signal.throwIfAborted();
      if (await this.ensureDurable(expected)) {
        // It came in another way while an earlier stream of it was not yet given up.
        await this.#shelves.staging.dropPartial(expected.sha256);
        return;
      }
      await this.#receive(expected, open, signal);
    });
  }

  async putCached(expected: ObjectRef, bytes: Uint8Array): Promise<void> {
    const { objects, cache, space } = this.#shelves;
    if (expected.bytes !== bytes.length) throw corrupt(expected.sha256, `${bytes.length} bytes`);
    requireHash({ sha256: hashOf(bytes), bytes: bytes.length }, expected.sha256);
    if (objects.holds(expected) || bytes.length > space.freeBytes) return;
    await cache.keep(await this.#stage(bytes), expected);
    cache.shrinkTo(space.freeBytes);
  }

  /**
   * Whether the object stands here to stay. One that is only cached is checked again and moved over.
   * @throws VsError storage_full, disk_failed
   */
  async ensureDurable(object: ObjectRef): Promise<boolean> {
    const { objects, cache, staging } = this.#shelves;
    if (objects.holds(object)) {
      objects.loosen(object.sha256);
      return true;
    }
    const path = staging.newPath();
    if (!cache.moveOut(object.sha256, path)) return false;
    const found = await sealFile(path, hashFile);
    if (found.sha256 === object.sha256 && found.bytes === object.bytes) {
      await this.#install(path, object);
      return true;
    }
    await rm(path, { force: true });
    return false;
  }

  async #receive(expected: ObjectRef, open: OpenStream, signal: AbortSignal): Promise<void> {
    const { staging, objects, space } = this.#shelves;
    using _reserved = space.reserve(expected.bytes);
    await staging.withPartial(expected.sha256, async (path) => {
      await receiveObject({ expected, path, open, signal });
      await objects.install(path, expected, true);
    });
  }

  // A source that was uploaded or fetched had its space reserved when that began, and stands on the disk already.
  async #installFile(path: string, object: ObjectRef): Promise<void> {
    const { uploads, fetches } = this.#shelves.layout;
    await this.#install(path, object, isIn(path, [uploads, fetches]));
  }

  async #install(path: string, object: ObjectRef, paid = false): Promise<void> {
    await this.#shelves.objects.install(path, object, paid);
    await this.#shelves.staging.dropPartial(object.sha256);
  }

  async #stage(bytes: Uint8Array): Promise<string> {
    const path = this.#shelves.staging.newPath();
    try {
      await writeSynced(path, bytes, objectMode);
      return path;
    } catch (thrown) {
      await rm(path, { force: true });
      throw diskFailure(thrown, "stage an object");
    }
  }

  #requireOwn(path: string): void {
    const { scratch, uploads, fetches } = this.#shelves.layout;
    if (isIn(path, [scratch, uploads, fetches]) && !path.includes(`${sep}..${sep}`)) return;
    throw new VsError("invalid_argument", `${path} lies in none of the folders for files on their way in`);
  }
}

function isIn(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => path.startsWith(folder + sep));
}

function requireHash(found: ObjectRef, expected: Sha256 | undefined): ObjectRef {
  if (expected === undefined || found.sha256 === expected) return found;
  throw corrupt(expected, `hash ${found.sha256}`);
}

function corrupt(expected: Sha256, found: string): VsError {
  return new VsError("object_corrupt", `the bytes of object ${expected} are wrong: found ${found}`);
}
