// Where a viewer of an asset should fetch from, in order of preference. Pure: what is known of the nodes comes in,
// and the chance that spreads viewers. A viewer stays where it is as long as that node is well and not overloaded.
import type { NodeId } from "@vstream/core/ids.ts";
import type { Load } from "@vstream/core/media.ts";
import { httpLimits } from "../serving/listener.ts";

/** leaving: answers, but viewers are to go. ill: it may not answer. gone: it serves no more. */
export type Standing = "well" | "leaving" | "ill" | "gone";

export type NodeLoad = Pick<Load, "viewers" | "egressBps" | "egressLimitBps" | "connections" | "processor">;

export interface Candidate {
  readonly nodeId: NodeId;
  readonly region: string;
  /** Whether it is to hold every piece of the asset. */
  readonly isHome: boolean;
  readonly standing: Standing;
  /** Null: not known. */
  readonly load: NodeLoad | null;
}

export interface Viewer {
  /** The node that it fetches from now; null when it has just come. */
  readonly at: NodeId | null;
  readonly region: string;
}

/** From 0 to below 1. */
export type Rng = () => number;

export interface Choice {
  /** Best first; the first is where the viewer should be. Empty only when there is no candidate. */
  readonly pathways: readonly NodeId[];
  readonly reason: "new" | "stay" | "moved";
}

export const pathwaysLimit = 6;
/** Share of what a node may send: above it viewers leave, and they go where it is below the other. */
const overloadedAbove = 0.85;
const relievesBelow = 0.7;
/** How much of the weight is left to a node of another region, and to one that has nothing to spare. */
const farWeight = 0.2;
const leastHeadroom = 0.02;
/** Nodes that send no more than this are alike: one viewer more or less says nothing. */
const littleBps = 20e6;
/** For a node whose load is not known yet: as one that carries as much as the others. */
const unknownHeadroom = 0.5;

/**
 * Homes that are well share the viewers by weight. Where there are none, other nodes that are well do, for any node
 * answers for any asset; then nodes that are leaving; then those that may be ill.
 */
export function choosePathways(candidates: readonly Candidate[], viewer: Viewer, rng: Rng): Choice {
  const pool = poolOf(candidates);
  const weights = weightsOf(pool, viewer.region);
  const current = pool.find((candidate) => candidate.nodeId === viewer.at);
  const relief = current === undefined ? pool : reliefFrom(current, pool, rng);
  const first = relief.length === 0 ? current : inRandomOrder(relief, weights, rng)[0];
  if (first === undefined) return { pathways: [], reason: "new" };
  const others = pool.filter((candidate) => candidate !== first);
  const laterHomes = (["leaving", "ill"] as const).flatMap((standing) =>
    candidates.filter((candidate) => candidate.isHome && candidate.standing === standing && !pool.includes(candidate)),
  );
  const inOrder = [first, ...inRandomOrder(others, weights, rng), ...laterHomes];
  const moved = viewer.at === null ? "new" : "moved";
  return {
    pathways: inOrder.slice(0, pathwaysLimit).map((candidate) => candidate.nodeId),
    reason: first.nodeId === viewer.at ? "stay" : moved,
  };
}

/** Each candidate's part of the viewers, by region and load. Not normalised. */
export function weightsOf(candidates: readonly Candidate[], region: string): Map<NodeId, number> {
  const known = candidates.flatMap(({ load }) => (load === null ? [] : [load.egressBps]));
  const meanBps = known.reduce((sum, egressBps) => sum + egressBps, 0) / Math.max(1, known.length);
  return new Map(
    candidates.map(({ nodeId, region: own, load }) => {
      const nearness = own === region ? 1 : farWeight;
      const headroom = load === null ? unknownHeadroom : headroomOf(load, meanBps);
      // Encoding takes what processor is left over, so a busy one says little; it decides between nodes alike.
      const leisure = 1 - clamped(load?.processor ?? 0) / 2;
      return [nodeId, nearness * Math.max(leastHeadroom, headroom) * leisure];
    }),
  );
}

// Against its limit where it has one, else against the others: idle 1, as much as they on average about 0.5.
function headroomOf(load: NodeLoad, meanBps: number): number {
  const compared = (meanBps + littleBps) / (meanBps + littleBps + load.egressBps);
  return Math.min(load.egressLimitBps > 0 ? 1 : compared, 1 - clamped(usageOf(load)));
}

/** The load as it was told; null when it was not, or is none that a node can have. */
export function soundLoad(load: NodeLoad | null): NodeLoad | null {
  if (load === null) return null;
  const { viewers, egressBps, egressLimitBps, connections, processor } = load;
  const amounts = [viewers, egressBps, egressLimitBps, connections, processor];
  return amounts.every((amount) => Number.isFinite(amount) && amount >= 0) ? load : null;
}

/** Share in use of what a node may send and of the connections that it takes; above 1 when it is past a limit. */
export function usageOf({ egressBps, egressLimitBps, connections }: NodeLoad): number {
  const sending = egressLimitBps > 0 ? egressBps / egressLimitBps : 0;
  return Math.max(sending, connections / httpLimits.connections);
}

function poolOf(candidates: readonly Candidate[]): readonly Candidate[] {
  const well = candidates.filter((candidate) => candidate.standing === "well");
  const homes = well.filter((candidate) => candidate.isHome);
  if (homes.length > 0) return homes;
  if (well.length > 0) return well;
  for (const standing of ["leaving", "ill", "gone"] as const) {
    const found = candidates.filter((candidate) => candidate.standing === standing);
    if (found.length > 0) return found;
  }
  return [];
}

/** Where a viewer of an overloaded node may go; empty: it stays. Only what is too much leaves, not all at once. */
function reliefFrom(current: Candidate, pool: readonly Candidate[], rng: Rng): readonly Candidate[] {
  const usage = current.load === null ? 0 : usageOf(current.load);
  if (usage <= overloadedAbove || rng() >= (usage - relievesBelow) / usage) return [];
  return pool.filter(({ load }) => load !== null && usageOf(load) < relievesBelow);
}

// Weighted, without putting back (Efraimidis and Spirakis 2006): the first one falls to each by its weight.
function inRandomOrder(
  candidates: readonly Candidate[],
  weights: ReadonlyMap<NodeId, number>,
  rng: Rng,
): readonly Candidate[] {
  return candidates
    .map((candidate) => ({ candidate, key: Math.log(1 - rng()) / (weights.get(candidate.nodeId) ?? leastHeadroom) }))
    .sort((one, other) => other.key - one.key)
    .map(({ candidate }) => candidate);
}

function clamped(share: number): number {
  return Math.min(1, Math.max(0, share));
}
