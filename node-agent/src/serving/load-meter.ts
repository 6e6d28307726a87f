// How busy serving is, for heartbeats, other nodes and steering: who watches what, over how many connections, and how
// many bits leave. Each event costs the same however many watch, and memory is bounded.
import type { Clock } from "@vstream/core/clock.ts";
import type { AssetId } from "@vstream/core/ids.ts";
import type { AssetDemand, Load } from "@vstream/core/media.ts";
import { RateWindow } from "./rate-window.ts";

/** A viewer who asked for nothing for so long is gone; a full buffer of 60 s is refilled segment by segment. */
const viewerMs = 30_000;
const egressWindowMs = 5_000;
const viewersLimit = 50_000;
/** Assets told in a heartbeat. */
const demandLimit = 20;

export type ServingLoad = Pick<Load, "viewers" | "egressBps" | "connections" | "viewersQuietMs">;

interface WatchedAsset {
  viewers: number;
  readonly egress: RateWindow;
}

export class LoadMeter {
  readonly #clock: Clock;
  /** Those seen longest ago first. */
  readonly #viewers = new Map<string, { readonly atMs: number; readonly assetId: AssetId }>();
  /** Exactly those that have a viewer. */
  readonly #assets = new Map<AssetId, WatchedAsset>();
  readonly #egress = new RateWindow(egressWindowMs);
  #connections = 0;
  #askedAtMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#askedAtMs = clock.monotonicMs();
  }

  /**
   * For media or a media playlist that was given. A viewer is an address that watches an asset; two behind one address
   * count once.
   */
  sawViewer(address: string, assetId: AssetId): void {
    const nowMs = this.#clock.monotonicMs();
    this.#askedAtMs = nowMs;
    const key = `${address} ${assetId}`;
    if (!this.#viewers.delete(key)) this.#assetOf(assetId).viewers += 1;
    this.#viewers.set(key, { atMs: nowMs, assetId });
    this.#forgetGone(nowMs);
  }

  /** @param assetId null when the bytes are not of an asset's media */
  sent(bytes: number, assetId: AssetId | null): void {
    const nowMs = this.#clock.monotonicMs();
    this.#egress.add(nowMs, bytes);
    if (assetId !== null) this.#assets.get(assetId)?.egress.add(nowMs, bytes);
  }

  connectionOpened(): void {
    this.#connections += 1;
  }

  connectionClosed(): void {
    this.#connections -= 1;
  }

  load(): ServingLoad {
    const nowMs = this.#clock.monotonicMs();
    this.#forgetGone(nowMs);
    return {
      viewers: this.#viewers.size,
      egressBps: bitsPerSecond(this.#egress, nowMs),
      connections: this.#connections,
      viewersQuietMs: nowMs - this.#askedAtMs,
    };
  }

  /** The most watched assets, at most 20, most viewers first. */
  demand(): AssetDemand[] {
    const nowMs = this.#clock.monotonicMs();
    this.#forgetGone(nowMs);
    return [...this.#assets]
      .map(([assetId, { viewers, egress }]) => ({ assetId, viewers, egressBps: bitsPerSecond(egress, nowMs) }))
      .sort((one, other) => other.viewers - one.viewers || other.egressBps - one.egressBps)
      .slice(0, demandLimit);
  }

  #assetOf(assetId: AssetId): WatchedAsset {
    let asset = this.#assets.get(assetId);
    if (asset === undefined) {
      asset = { viewers: 0, egress: new RateWindow(egressWindowMs) };
      this.#assets.set(assetId, asset);
    }
    return asset;
  }

  #forgetGone(nowMs: number): void {
    for (const [key, { atMs, assetId }] of this.#viewers) {
      if (nowMs - atMs <= viewerMs && this.#viewers.size <= viewersLimit) return;
      this.#viewers.delete(key);
      const asset = this.#assetOf(assetId);
      asset.viewers -= 1;
      if (asset.viewers === 0) this.#assets.delete(assetId);
    }
  }
}

function bitsPerSecond(window: RateWindow, nowMs: number): number {
  return Math.round(window.perSecond(nowMs) * 8);
}
