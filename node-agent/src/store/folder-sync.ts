// Makes renames durable. Callers that ask for the same folder while an fsync of it runs share the next one, so that
// a chunk's hundred files cost a few, not a hundred.
import { open } from "node:fs/promises";

export class FolderSync {
  readonly #next = new Map<string, Promise<void>>();
  readonly #running = new Map<string, Promise<void>>();

  /** Every change of the folder's names that was made before the call is durable when it resolves. */
  async sync(folder: string): Promise<void> {
    let next = this.#next.get(folder);
    if (next === undefined) {
      // One that already runs may have begun before the caller's change: only a later one counts.
      next = this.#after(this.#running.get(folder), folder);
      this.#next.set(folder, next);
    }
    await next;
  }

  async #after(earlier: Promise<void> | undefined, folder: string): Promise<void> {
    await earlier?.catch(() => undefined);
    this.#next.delete(folder);
    const running = syncFolder(folder);
    this.#running.set(folder, running);
    try {
      await running;
    } finally {
      if (this.#running.get(folder) === running) this.#running.delete(folder);
    }
  }
}

async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, "r");
  await handle.sync();
}
