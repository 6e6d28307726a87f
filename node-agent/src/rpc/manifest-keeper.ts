// Keeps this node's manifests as new as the control plane's news: fetches what has a newer version, a few at a time,
// until it is had; and stops serving what was deleted. News that is overtaken is forgotten.
import type { Clock } from "@vstream/core/clock.ts";
import { VsError, asVsError } from "@vstream/core/errors.ts";
import type { AssetId } from "@vstream/core/ids.ts";
import type { Logger } from "@vstream/core/log.ts";
import type { Manifest } from "@vstream/core/media.ts";
import type { Store } from "../store/store.ts";
import type { ManifestNews } from "./control-messages.ts";

const flightLimit = 4;
const firstBackoffMs = 500;
const longestBackoffMs = 30_000;

export interface ManifestKeeperDeps {
  readonly store: Pick<Store, "getManifest" | "keepManifest">;
  readonly getManifest: (query: { assetId: AssetId; haveVersion: number }, signal: AbortSignal) => Promise<Manifest>;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Wanted {
  readonly version: number;
  readonly deleted: boolean;
}

export class ManifestKeeper implements AsyncDisposable {
  readonly #deps: ManifestKeeperDeps;
  /** At most one entry an asset, so it is bounded by what the control plane lists. */
  readonly #wanted = new Map<AssetId, Wanted>();
  readonly #flights = new Map<AssetId, Promise<void>>();
  /** How often each failed in a row; such an asset waits without holding up the others. */
  readonly #failures = new Map<AssetId, number>();
  readonly #resting = new Map<AssetId, Promise<void>>();
  readonly #closing = new AbortController();
  /** What this node is a home of, by the last complete list; null before there was one. */
  #homeOf: Set<AssetId> | null = null;

  constructor(deps: ManifestKeeperDeps) {
    this.#deps = deps;
  }

  hear(news: ManifestNews): void {
    if (news.complete) this.#homeOf = new Set(news.entries.map((entry) => entry.assetId));
    else for (const { assetId } of news.entries) this.#homeOf?.add(assetId);
    for (const { assetId, version, deleted } of news.entries) {
      const known = Math.max(this.#keptVersion(assetId), this.#wanted.get(assetId)?.version ?? 0);
      if (version > known) this.#wanted.set(assetId, { version, deleted });
    }
    this.#start();
  }

  /** Whether the control plane counts this node as a home of the asset; null when it has not said so yet. */
  isHome(assetId: AssetId): boolean | null {
    return this.#homeOf?.has(assetId) ?? null;
  }

  /** The control plane knows no such asset any more, or deleted it while this node was away. */
  forget(assetId: AssetId): void {
    this.#wanted.set(assetId, { version: this.#keptVersion(assetId) + 1, deleted: true });
    this.#start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new VsError("cancelled", "the agent is stopping"));
    await Promise.all([...this.#flights.values(), ...this.#resting.values()]);
  }

  #keptVersion(assetId: AssetId): number {
    return this.#deps.store.getManifest(assetId)?.version ?? 0;
  }

  #start(): void {
    for (const [assetId, wanted] of this.#wanted) {
      if (this.#flights.size >= flightLimit || this.#closing.signal.aborted) return;
      if (this.#flights.has(assetId) || this.#resting.has(assetId)) continue;
      const flight = this.#tryToTake(assetId, wanted).finally(() => {
        this.#flights.delete(assetId);
        this.#start();
      });
      this.#flights.set(assetId, flight);
    }
  }

  async #tryToTake(assetId: AssetId, wanted: Wanted): Promise<void> {
    try {
      await this.#take(assetId, wanted);
      this.#failures.delete(assetId);
    } catch (thrown) {
      const error = asVsError(thrown);
      if (error.code !== "asset_not_found" && error.code !== "asset_deleted") {
        this.#rest(assetId, error);
        return;
      }
    }
    if (this.#wanted.get(assetId) === wanted) this.#wanted.delete(assetId);
  }

  #rest(assetId: AssetId, error: VsError): void {
    const { clock, log } = this.#deps;
    const failures = this.#failures.get(assetId) ?? 0;
    this.#failures.set(assetId, failures + 1);
    log.debug({ assetId, code: error.code, reason: error.message }, "manifest not fetched yet");
    const waitMs = Math.min(longestBackoffMs, firstBackoffMs * 2 ** Math.min(failures, 10));
    const rest = clock.sleep(waitMs, this.#closing.signal).then(
      () => {
        this.#resting.delete(assetId);
        this.#start();
      },
      () => undefined,
    );
    this.#resting.set(assetId, rest);
  }

  async #take(assetId: AssetId, wanted: Wanted): Promise<void> {
    const { store, getManifest } = this.#deps;
    const kept = store.getManifest(assetId);
    if (wanted.deleted) {
      if (kept !== null) await store.keepManifest({ ...kept, version: wanted.version, deleted: true });
      return;
    }
    const query = { assetId, haveVersion: kept?.version ?? 0 };
    try {
      await store.keepManifest(await getManifest(query, this.#closing.signal));
    } catch (thrown) {
      if (asVsError(thrown).code !== "conflict") throw thrown;
      await store.keepManifest(await getManifest({ assetId, haveVersion: 0 }, this.#closing.signal));
    }
  }
}
