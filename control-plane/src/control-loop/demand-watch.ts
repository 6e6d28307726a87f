// Gives assets that are watched a lot more homes than wanted, and takes them back when the assets have cooled.
import type { AssetId } from "@vstream/core/ids.ts";
import type { NodeRecord } from "../catalog/records.ts";
import { chooseExtraReplicas, isCool } from "../planning/choose-extra-replicas.ts";
import { isSchedulable, mayHold } from "../planning/cluster.ts";
import type { Decision } from "../planning/decisions.ts";
import { allNodes } from "./all-nodes.ts";
import { applyAll } from "./apply-decisions.ts";
import type { LoopParts } from "./loop-parts.ts";

/** How many assets are weighed at a time: the most watched, and in turn those that have more homes already. */
const weighedAtOnce = 200;

export class DemandWatch {
  readonly #parts: LoopParts;
  readonly #kick: () => void;
  /** Since when fewer homes would do, on the monotonic clock; only of assets that have more than wanted. */
  readonly #coolSinceMs = new Map<AssetId, number>();
  #turn = 0;

  constructor(parts: LoopParts, kick: () => void) {
    this.#parts = parts;
    this.#kick = kick;
  }

  /** To be called every few seconds. */
  async run(): Promise<void> {
    const { catalog, demand, log, settings } = this.#parts;
    const demands = demand.measure();
    const { hotBpsPerHome } = settings;
    const isHot = (bps: number): boolean => hotBpsPerHome > 0 && bps > hotBpsPerHome;
    const hot = [...demands].filter(([, bps]) => isHot(bps)).map(([assetId]) => assetId);
    const extras = (await catalog.queries.listExtraReplicas()).map(({ assetId }) => assetId);
    this.#forgetAllBut(extras);
    const weighed = new Set([...hot.slice(0, weighedAtOnce), ...this.#inTurn(extras)]);
    if (weighed.size === 0) return;
    const nodes = (await allNodes(catalog.queries)).filter(isSchedulable);
    const decisions: Decision[] = [];
    for (const assetId of weighed) {
      decisions.push(...(await this.#weigh(assetId, { demandBps: demands.get(assetId) ?? 0, nodes })));
    }
    if (decisions.length === 0) return;
    await applyAll(this.#parts, decisions);
    log.info({ assets: decisions.length }, "homes follow demand");
    this.#kick();
  }

  async #weigh(
    assetId: AssetId,
    { demandBps, nodes }: { demandBps: number; nodes: readonly NodeRecord[] },
  ): Promise<Decision[]> {
    const asset = (await this.#parts.catalog.queries.getAsset(assetId))?.asset;
    if (asset?.state !== "ready") return [];
    const { hotBpsPerHome, coolMs } = this.#parts.settings;
    const { extraReplicas: before, replicasWanted } = asset;
    const demand = { demandBps, hotBpsPerHome, replicasWanted, extraReplicas: before };
    const extraReplicas = chooseExtraReplicas({
      ...demand,
      schedulableNodes: nodes.filter((node) => mayHold(asset, node)).length,
      coolSince: this.#coolSince(assetId, isCool(demand)),
      at: this.#parts.clock.monotonicMs(),
      coolMs,
    });
    return extraReplicas === before ? [] : [{ kind: "set-extra-replicas", assetId, extraReplicas }];
  }

  #coolSince(assetId: AssetId, isCoolNow: boolean): number | null {
    if (!isCoolNow) {
      this.#coolSinceMs.delete(assetId);
      return null;
    }
    const since = this.#coolSinceMs.get(assetId) ?? this.#parts.clock.monotonicMs();
    this.#coolSinceMs.set(assetId, since);
    return since;
  }

  #inTurn(extras: readonly AssetId[]): readonly AssetId[] {
    const start = this.#turn * weighedAtOnce;
    this.#turn = start + weighedAtOnce < extras.length ? this.#turn + 1 : 0;
    return extras.slice(start, start + weighedAtOnce);
  }

  #forgetAllBut(extras: readonly AssetId[]): void {
    const kept = new Set(extras);
    for (const assetId of this.#coolSinceMs.keys()) if (!kept.has(assetId)) this.#coolSinceMs.delete(assetId);
  }
}
