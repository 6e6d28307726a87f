// Evens out how full the nodes are, in the background and a few assets at a time. While many nodes are away nothing is
// moved: what looks empty then may only be silent.
import type { NodeId } from "@vstream/core/ids.ts";
import { bytesOf } from "@vstream/core/media.ts";
import type { MovableAsset } from "../catalog/records.ts";
import type { AssetView, NodeRecord } from "../catalog/records.ts";
import { readAsset } from "../planning/asset-facts.ts";
import { readCluster } from "../planning/cluster.ts";
import { NodeScales } from "../planning/node-scales.ts";
import { planRebalance } from "../planning/plan-rebalance.ts";
import type { HomeMove } from "../planning/plan-rebalance.ts";
import { isStalledMove } from "../planning/room.ts";
import { allNodes } from "./all-nodes.ts";
import { applyAll } from "./apply-decisions.ts";
import type { RebalancePreview } from "./control-loop.ts";
import type { LoopParts } from "./loop-parts.ts";

/** How many full nodes are looked at, and how many assets of each, for what is done next and for what is shown. */
const scopes = {
  next: { nodes: 8, assets: 50 },
  shown: { nodes: 50, assets: 200 },
};
const movesShown = 500;

interface Scope {
  readonly nodes: number;
  readonly assets: number;
  readonly limit: number;
}

interface Survey {
  readonly nodes: readonly NodeRecord[];
  /** How many assets are under way, and what that will change on each node. */
  readonly moving: number;
  readonly pending: ReadonlyMap<NodeId, number>;
  readonly scales: NodeScales;
}

/** What is known of moves that have begun. */
interface Moves {
  readonly pending: ReadonlyMap<NodeId, number>;
  readonly stalled: number;
}

const noMoves: Moves = { pending: new Map(), stalled: 0 };

export class Rebalancer {
  readonly #parts: LoopParts;
  readonly #kick: () => void;

  constructor(parts: LoopParts, kick: () => void) {
    this.#parts = parts;
    this.#kick = kick;
  }

  /** Begins as many moves as may still be under way; none when the nodes are even. */
  async run(): Promise<void> {
    const { brakes, log, settings } = this.#parts;
    if (!settings.rebalance || brakes.isCutOff || brakes.regions.size > 0) return;
    const survey = await this.#survey();
    const limit = settings.rebalanceMovesAtOnce - survey.moving;
    if (survey.scales.unevenness <= settings.rebalanceTolerance || limit <= 0) return;
    const moves = await this.#plan(survey, { ...scopes.next, limit });
    if (moves.length === 0) return;
    const decisions = moves.map(
      ({ assetId, from, to, reason }) => ({ kind: "move-home", assetId, from, to, reason }) as const,
    );
    await applyAll(this.#parts, decisions);
    const spread = survey.scales.unevenness;
    log.info({ moves: moves.length, spread }, "assets are moved to even out how full the nodes are");
    this.#kick();
  }

  async preview(): Promise<RebalancePreview> {
    const survey = await this.#survey();
    const { rebalance: enabled, rebalanceTolerance } = this.#parts.settings;
    const { moving, scales } = survey;
    const spread = scales.unevenness;
    const moves = spread <= rebalanceTolerance ? [] : await this.#plan(survey, { ...scopes.shown, limit: movesShown });
    return { enabled, moves, moving, spread, ...totalOf(moves, scales) };
  }

  async #survey(): Promise<Survey> {
    const { queries } = this.#parts.catalog;
    const nodes = await allNodes(queries);
    const begun = await queries.countMoves();
    const { pending, stalled } = begun === 0 ? noMoves : await this.#lookAtMoves();
    return { nodes, moving: Math.max(0, begun - stalled), pending, scales: new NodeScales(nodes, pending) };
  }

  // A move that waits for room that nobody has keeps no other from beginning: it may wait for ever.
  async #lookAtMoves(): Promise<Moves> {
    const { brakes, catalog, clock, loads, settings } = this.#parts;
    const snapshot = await catalog.queries.planningSnapshot(clock.now());
    const input = { snapshot, homeCounts: new Map<NodeId, number>(), loads: loads.all(), settings };
    const cluster = readCluster({ ...input, encodeSpeeds: new Map(), brakedRegions: brakes.regions });
    const pending = new Map<NodeId, number>();
    const moves = snapshot.assets.filter((view) => view.asset.leavingHomes.length > 0);
    const underWay = moves.filter((view) => !isStalledMove(readAsset(view, cluster), cluster));
    for (const view of underWay) addPending(view, pending);
    return { pending, stalled: moves.length - underWay.length };
  }

  async #plan({ nodes, pending, scales }: Survey, scope: Scope): Promise<HomeMove[]> {
    const full = scales.fullestFirst().filter((node) => scales.shareOf(node.id) > scales.meanShare);
    const movable = new Map<NodeId, readonly MovableAsset[]>();
    for (const { id: nodeId } of full.slice(0, scope.nodes)) {
      movable.set(nodeId, await this.#parts.catalog.queries.listMovable({ nodeId, limit: scope.assets }));
    }
    const { rebalanceTolerance: tolerance } = this.#parts.settings;
    return planRebalance({ nodes, movable, pending, tolerance, limit: scope.limit });
  }
}

// When not all moves are shown, there are as many more as it takes to bring every full node down to the mean.
function totalOf(moves: readonly HomeMove[], scales: NodeScales): { movesInAll: number; bytesInAll: number } {
  const shown = moves.reduce((sum, move) => sum + move.bytes, 0);
  if (moves.length < movesShown) return { movesInAll: moves.length, bytesInAll: shown };
  const surplus = scales
    .fullestFirst()
    .reduce((sum, node) => sum + Math.max(0, scales.shareOf(node.id) - scales.meanShare) * node.capacityBytes, 0);
  const bytesInAll = Math.max(shown, Math.round(surplus));
  return { movesInAll: Math.round((moves.length * bytesInAll) / shown), bytesInAll };
}

function addPending({ asset, pieces, replicas }: AssetView, pending: Map<NodeId, number>): void {
  const verified = new Set(
    replicas.filter((copy) => copy.state === "verified").map((copy) => `${copy.nodeId} ${copy.pieceId}`),
  );
  for (const home of asset.homes) {
    const isLeaving = asset.leavingHomes.includes(home);
    const bytes = pieces
      .filter((piece) => verified.has(`${home} ${piece.id}`) === isLeaving)
      .reduce((sum, piece) => sum + bytesOf(piece.content), 0);
    pending.set(home, (pending.get(home) ?? 0) + (isLeaving ? -bytes : bytes));
  }
}
