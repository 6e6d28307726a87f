// When a file on this node's disk turns out wrong or gone: it is dropped, and the control plane hears at once what this
// node no longer holds. The copies are then made again like any others that are missing. What could not be told before
// the agent stops, the inventory of its next session tells.
import PQueue from "p-queue";
import type { Clock } from "@vstream/core/clock.ts";
import { asVsError } from "@vstream/core/errors.ts";
import type { AssetId, PieceId, Sha256 } from "@vstream/core/ids.ts";
import type { Logger } from "@vstream/core/log.ts";
import type { ControlLink } from "./rpc/control-link.ts";
import type { LostCopies, Store } from "./store/store.ts";

/**
 * A control plane that is older than ReportDamage is told by the inventory of a new session, which comes so long after
 * the first wrong file. Longer than the time in which it takes a copy that is missing from an inventory for one that
 * was just made (10 s).
 */
export const tellAfterMs = 12_000;

/** Files looked at again at one time, and how many may wait; one that is left out is found again. */
const looksAtOnce = 2;
export const waitingLooks = 1000;

/** How soon a look that failed is made again, and how often; after that the scrub comes back to it. */
export const lookAgainMs = 60_000;
const looksAgain = 10;

export interface HealStoreDeps {
  readonly store: Pick<Store, "dropDamaged">;
  readonly link: Pick<ControlLink, "redial" | "reportDamage">;
  readonly clock: Clock;
  readonly log: Logger;
}

export class StoreHealer implements AsyncDisposable {
  readonly #deps: HealStoreDeps;
  readonly #looks = new PQueue({ concurrency: looksAtOnce });
  /** Looked at, or to be. */
  readonly #suspected = new Set<Sha256>();
  /** Of which a look failed; at most as many as may wait. */
  readonly #later = new Set<Sha256>();
  /** Not told yet; at most what the store held. */
  readonly #untold = new Map<AssetId, Set<PieceId>>();
  readonly #closing = new AbortController();
  #telling: Promise<void> | null = null;

  constructor(deps: HealStoreDeps) {
    this.#deps = deps;
  }

  /** Never throws and is not waited for: whoever read the object gets it from elsewhere. */
  onDamage(sha256: Sha256): void {
    this.#suspect(sha256, looksAgain);
  }

  /** Copies that are gone already. Never throws and is not waited for. */
  onLost(lost: LostCopies): void {
    if (this.#closing.signal.aborted) return;
    for (const { assetId, pieceIds } of lost) {
      const untold = this.#untold.get(assetId) ?? new Set<PieceId>();
      for (const pieceId of pieceIds) untold.add(pieceId);
      if (untold.size > 0) this.#untold.set(assetId, untold);
    }
    this.#telling ??= this.#tellAll().finally(() => {
      this.#telling = null;
    });
  }

  /** A look that goes on is ended by the store. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#looks.clear();
    await this.#telling;
  }

  #suspect(sha256: Sha256, looksLeft: number): void {
    if (this.#closing.signal.aborted || this.#suspected.has(sha256) || this.#looks.size >= waitingLooks) return;
    this.#suspected.add(sha256);
    void this.#looks.add(async () => {
      const isSettled = await this.#look(sha256);
      this.#suspected.delete(sha256);
      if (!isSettled && looksLeft > 0) void this.#lookLater(sha256, looksLeft - 1);
    });
  }

  /** False: nobody could look, or what is wrong could not be dropped. */
  async #look(sha256: Sha256): Promise<boolean> {
    const { store, log } = this.#deps;
    try {
      const lost = await store.dropDamaged(sha256);
      if (lost === null) return true;
      log.error({ sha256 }, "object on disk was not what its name says, or gone: dropped, to be copied again");
      this.onLost(lost);
      return true;
    } catch (err) {
      if (!this.#closing.signal.aborted)
        log.error({ err, sha256 }, "an object said to be damaged could not be seen to");
      return false;
    }
  }

  async #lookLater(sha256: Sha256, looksLeft: number): Promise<void> {
    if (this.#later.has(sha256) || this.#later.size >= waitingLooks) return;
    this.#later.add(sha256);
    // Aborted: nothing is looked at any more.
    await this.#deps.clock.sleep(lookAgainMs, this.#closing.signal).catch(() => undefined);
    this.#later.delete(sha256);
    this.#suspect(sha256, looksLeft);
  }

  async #tellAll(): Promise<void> {
    while (this.#untold.size > 0 && !this.#closing.signal.aborted) {
      const lost = [...this.#untold].map(([assetId, pieceIds]) => ({ assetId, pieceIds: [...pieceIds] }));
      this.#untold.clear();
      await this.#tell(lost);
    }
  }

  async #tell(lost: LostCopies): Promise<void> {
    const { link, log } = this.#deps;
    try {
      await link.reportDamage(lost, this.#closing.signal);
    } catch (thrown) {
      if (this.#closing.signal.aborted) return;
      const { code, message } = asVsError(thrown);
      if (code !== "not_there_yet") log.warn({ code, reason: message }, "damage report not taken");
      await this.#tellByInventory();
    }
  }

  async #tellByInventory(): Promise<void> {
    const { clock, link } = this.#deps;
    await clock.sleep(tellAfterMs, this.#closing.signal).catch(() => undefined);
    if (this.#closing.signal.aborted) return;
    // Whatever was found meanwhile is missing from that inventory, too.
    this.#untold.clear();
    link.redial();
  }
}
