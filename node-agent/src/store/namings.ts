// How many recorded pieces name each object, in the order of hashes that the store's folders have.
import type { Sha256 } from "@vstream/core/ids.ts";
import type { ObjectRef } from "@vstream/core/media.ts";
import { objectFolders } from "./disk-layout.ts";

export class Namings {
  /** By the first two digits of the hash. */
  readonly #counts = new Map(objectFolders.map((folder) => [folder, new Map<Sha256, number>()]));
  #bytes = 0;

  /** Of all objects that are named, each counted once. */
  get bytes(): number {
    return this.#bytes;
  }

  has(sha256: Sha256): boolean {
    return this.#beside(sha256).has(sha256);
  }

  /** The named objects of one of the store's folders, in the order of their hashes. */
  inFolder(folder: string): Sha256[] {
    return [...(this.#counts.get(folder)?.keys() ?? [])].sort();
  }

  add(objects: readonly ObjectRef[]): void {
    for (const { sha256, bytes } of objects) {
      const beside = this.#beside(sha256);
      const count = beside.get(sha256) ?? 0;
      if (count === 0) this.#bytes += bytes;
      beside.set(sha256, count + 1);
    }
  }

  /** Gives the objects that nothing names any more. */
  remove(objects: readonly ObjectRef[]): ObjectRef[] {
    return objects.filter(({ sha256, bytes }) => {
      const beside = this.#beside(sha256);
      const count = beside.get(sha256) ?? 0;
      if (count > 1) beside.set(sha256, count - 1);
      else if (beside.delete(sha256)) this.#bytes -= bytes;
      return count <= 1;
    });
  }

  #beside(sha256: Sha256): Map<Sha256, number> {
    return this.#counts.get(sha256.slice(0, 2)) ?? new Map<Sha256, number>();
  }
}
