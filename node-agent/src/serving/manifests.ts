// What this node knows of assets. A home is told by the control plane and answers from its disk; any other node asks
// the homes, then other peers, then the control plane. Versions never go back, and what is known is still served
// when nobody can be asked.
import { LRUCache } from "lru-cache";
import type { Clock } from "@vstream/core/clock.ts";
import { VsError, asVsError } from "@vstream/core/errors.ts";
import type { AssetId, NodeId } from "@vstream/core/ids.ts";
import type { Logger } from "@vstream/core/log.ts";
import type { Manifest } from "@vstream/core/media.ts";
import { servingIn } from "../replicate/directory-index.ts";
import type { Peers } from "../replicate/peers.ts";
import type { Store } from "../store/store.ts";

/** How long an answer, or that there is none, is not asked for again: of an asset that grows, and of a whole one. */
export const growingFreshMs = 1_000;
export const completeFreshMs = 30_000;
/** For all that is asked about one asset, and for one peer. */
const askLimitMs = 2_000;
const peerLimitMs = 1_000;
/** Peers asked about an asset of which nothing is known. */
const askedPeersLimit = 8;
const rememberedAnswers = 10_000;
/** Manifests that the disk would not take; one may have 2 MiB. */
const inMemoryLimit = 20;
/** Assets asked about at one time: ids made up by an attacker must not become a flood of questions. */
const flightLimit = 64;

/** Pieces from the first chunk that haveVersion lacked. @throws VsError asset_not_found, asset_deleted, others */
export type AskControl = (query: { assetId: AssetId; haveVersion: number }, signal: AbortSignal) => Promise<Manifest>;

export interface ManifestDeps {
  readonly nodeId: NodeId;
  readonly store: Pick<Store, "getManifest" | "keepManifest">;
  readonly peers: Pick<Peers, "directory" | "getManifest">;
  readonly askControl: AskControl;
  /** Null: not told yet. */
  readonly isHome: (assetId: AssetId) => boolean | null;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Asked {
  readonly atMs: number;
  /** Why there is none; null when there is one. */
  readonly error: VsError | null;
}

export class Manifests implements Disposable {
  readonly #deps: ManifestDeps;
  readonly #memory = new LRUCache<AssetId, Manifest>({ max: inMemoryLimit });
  readonly #asked = new LRUCache<AssetId, Asked>({ max: rememberedAnswers });
  readonly #flights = new Map<AssetId, Promise<Asked>>();
  readonly #closing = new AbortController();

  constructor(deps: ManifestDeps) {
    this.#deps = deps;
  }

  /** @throws VsError asset_not_found, asset_deleted, unavailable when nobody who could know answers */
  async getManifest(assetId: AssetId): Promise<Manifest> {
    const known = this.#newest(assetId);
    if (known !== null && this.#isToldOf(known)) return undeleted(known);
    const asked = this.#asked.get(assetId);
    const ageMs = asked === undefined ? Infinity : this.#deps.clock.monotonicMs() - asked.atMs;
    if (known?.complete === true) {
      if (ageMs > completeFreshMs) void this.#ask(assetId);
      return refusedOr(known, asked);
    }
    const outcome = asked !== undefined && ageMs <= growingFreshMs ? asked : await this.#ask(assetId);
    return refusedOr(this.#newest(assetId), outcome);
  }

  [Symbol.dispose](): void {
    this.#closing.abort(new VsError("cancelled", "the agent is stopping"));
  }

  // A home is told of every change. One that was replaced while it was away still finds itself in its old manifest.
  #isToldOf({ assetId, homeNodeIds }: Manifest): boolean {
    return this.#deps.isHome(assetId) ?? homeNodeIds.includes(this.#deps.nodeId);
  }

  #newest(assetId: AssetId): Manifest | null {
    return newer(this.#deps.store.getManifest(assetId), this.#memory.get(assetId) ?? null);
  }

  #ask(assetId: AssetId): Promise<Asked> {
    const running = this.#flights.get(assetId);
    if (running !== undefined) return running;
    if (this.#flights.size >= flightLimit) {
      const error = new VsError("unavailable", "this node is asked about too many assets that it does not know");
      return Promise.resolve({ atMs: this.#deps.clock.monotonicMs(), error });
    }
    const flight = this.#askOnce(assetId).finally(() => this.#flights.delete(assetId));
    this.#flights.set(assetId, flight);
    return flight;
  }

  async #askOnce(assetId: AssetId): Promise<Asked> {
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(askLimitMs)]);
    let error: VsError | null = null;
    try {
      await this.#keep(await this.#find(assetId, signal));
    } catch (thrown) {
      error = asVsError(thrown);
    }
    const asked = { atMs: this.#deps.clock.monotonicMs(), error };
    this.#asked.set(assetId, asked);
    return asked;
  }

  async #find(assetId: AssetId, signal: AbortSignal): Promise<Manifest> {
    const known = this.#newest(assetId);
    const fromHomes = await this.#askPeers(assetId, known?.homeNodeIds ?? [], signal);
    if (fromHomes !== null) return fromHomes;
    if (known === null) {
      const others = servingIn(this.#deps.peers.directory).slice(0, askedPeersLimit);
      const hint = await this.#askPeers(
        assetId,
        others.map((node) => node.nodeId),
        signal,
      );
      // Who answered may have been left behind; who is a home has been told.
      if (hint?.complete === false) {
        return newer(hint, await this.#askPeers(assetId, hint.homeNodeIds, signal)) ?? hint;
      }
      if (hint !== null) return hint;
    }
    return await this.#deps.askControl({ assetId, haveVersion: known?.version ?? 0 }, signal);
  }

  /** The first manifest that one of them gives; null when none does. */
  async #askPeers(assetId: AssetId, nodeIds: readonly NodeId[], signal: AbortSignal): Promise<Manifest | null> {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(peerLimitMs)]);
    const asked = nodeIds
      .filter((nodeId) => nodeId !== this.#deps.nodeId)
      .map(async (nodeId) => {
        const manifest = await this.#deps.peers.getManifest(nodeId, assetId, limited);
        if (manifest === null) throw new VsError("asset_not_found", `node ${nodeId} has no manifest of ${assetId}`);
        return manifest;
      });
    return await Promise.any(asked).catch(() => null);
  }

  async #keep(found: Manifest): Promise<void> {
    const known = this.#newest(found.assetId);
    if (known !== null && known.version >= found.version) return;
    try {
      await this.#deps.store.keepManifest(found);
      this.#memory.delete(found.assetId);
    } catch (err) {
      // A full disk is no reason not to serve.
      this.#deps.log.warn({ err, assetId: found.assetId }, "manifest not kept");
      if (found.fromChunk === 0) this.#memory.set(found.assetId, found);
    }
  }
}

function newer(one: Manifest | null, other: Manifest | null): Manifest | null {
  if (one === null || other === null) return one ?? other;
  return other.version > one.version ? other : one;
}

function refusedOr(known: Manifest | null, asked: Asked | undefined): Manifest {
  const error = asked?.error ?? null;
  if (error?.code === "asset_deleted") throw error;
  if (known !== null) return undeleted(known);
  if (error?.code === "asset_not_found" || error?.code === "asset_failed") throw error;
  throw new VsError("unavailable", "this node does not know the asset, and nobody who might know answers", {
    hint: "Try again, or on another node",
    cause: error ?? undefined,
  });
}

function undeleted(manifest: Manifest): Manifest {
  if (!manifest.deleted) return manifest;
  throw new VsError("asset_deleted", `asset ${manifest.assetId} has been deleted`);
}
