// When a file on this node's disk turns out wrong or gone: it is dropped, and the control plane hears at the beginning
// of a new session, by the inventory, what this node no longer holds. The copy is then made again like any other that
// is missing.
import type { Clock } from "@vstream/core/clock.ts";
import type { Sha256 } from "@vstream/core/ids.ts";
import type { Logger } from "@vstream/core/log.ts";
import type { ControlLink } from "./rpc/control-link.ts";
import type { Store } from "./store/store.ts";

/**
 * From the first wrong file until it is told; others join it. Longer than the time in which the control plane takes a
 * copy that is missing from an inventory for one that was just made (10 s).
 */
export const tellAfterMs = 12_000;

export interface HealStoreDeps {
  readonly store: Pick<Store, "dropDamaged">;
  readonly link: Pick<ControlLink, "redial">;
  readonly clock: Clock;
  readonly log: Logger;
}

export class StoreHealer implements Disposable {
  readonly #deps: HealStoreDeps;
  readonly #dropping = new Set<Sha256>();
  readonly #closing = new AbortController();
  #isTelling = false;

  constructor(deps: HealStoreDeps) {
    this.#deps = deps;
  }

  /** Never throws and is not waited for: whoever read the object gets it from elsewhere. */
  onDamage(sha256: Sha256): void {
    if (this.#dropping.has(sha256)) return;
    this.#dropping.add(sha256);
    this.#drop(sha256)
      .catch((err: unknown) => {
        this.#deps.log.error({ err, sha256 }, "a damaged object could not be dropped");
      })
      .finally(() => this.#dropping.delete(sha256));
  }

  [Symbol.dispose](): void {
    this.#closing.abort();
  }

  async #drop(sha256: Sha256): Promise<void> {
    const { store, log } = this.#deps;
    if (!(await store.dropDamaged(sha256))) return;
    log.error({ sha256 }, "object on disk was not what its name says, or gone: dropped, to be copied again");
    await this.#tell();
  }

  async #tell(): Promise<void> {
    if (this.#isTelling) return;
    this.#isTelling = true;
    try {
      await this.#deps.clock.sleep(tellAfterMs, this.#closing.signal);
      this.#deps.link.redial();
    } catch {
      // The agent stops; its next session tells.
    } finally {
      this.#isTelling = false;
    }
  }
}
