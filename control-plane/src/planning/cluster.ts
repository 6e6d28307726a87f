// What planning knows of the nodes, read once from a snapshot, and the plain questions about them.
import type { NodeId } from "@vstream/core/ids.ts";
import type { Load } from "@vstream/core/media.ts";
import type { AssetRecord, AssetView, NodeRecord, Snapshot } from "../catalog/records.ts";
import type { Ladders } from "./ladder-forms.ts";
import { PromisedHomes } from "./promised-homes.ts";

export interface PlanSettings {
  /** How long the home of a ready asset may be down before another node takes its place. */
  readonly repairHoldMs: number;
  /** How long a deleted asset, or what is left of a failed one, is kept. */
  readonly trashMs: number;
  /** How long an edition that was replaced is kept for viewers who began with it. */
  readonly editionGraceMs: number;
  /** How long an upload may take. */
  readonly uploadLimitMs: number;
  /** The most that a source may have. */
  readonly maxSourceBytes: number;
  /** The most segments of one chunk; null: by the length of the source. */
  readonly maxChunkSegments: number | null;
  readonly ladders: Ladders;
  /**
   * When all rungs of an asset together are encoded slower than this many times playback, its lowest goes first.
   * 0: never.
   */
  readonly lowestFirstBelow: number;
  /** How many copies in the whole cluster may be made at the same time for assets that are ready. */
  readonly repairCopiesAtOnce: number;
  /** How long a draining node must have been asked nothing by viewers; three segments. */
  readonly drainQuietMs: number;
}

export interface PlanInput {
  readonly snapshot: Snapshot;
  /** Of how many assets each node is a home, settled ones too. */
  readonly homeCounts: ReadonlyMap<NodeId, number>;
  /** From the newest heartbeats; none from nodes that were not heard of since this program started. */
  readonly loads: ReadonlyMap<NodeId, Load>;
  /** What one encode slot of each node does, see encode-cost.ts; none of nodes that were not measured yet. */
  readonly encodeSpeeds: ReadonlyMap<NodeId, number>;
  /** Most of their nodes fell silent together: what they held is not made again yet. */
  readonly brakedRegions: ReadonlySet<string>;
  readonly settings: PlanSettings;
}

export interface Cluster {
  readonly at: number;
  readonly settings: PlanSettings;
  /** In the order of their ids. */
  readonly nodes: readonly NodeRecord[];
  readonly byId: ReadonlyMap<NodeId, NodeRecord>;
  readonly homeCounts: ReadonlyMap<NodeId, number>;
  readonly loads: ReadonlyMap<NodeId, Load>;
  readonly encodeSpeeds: ReadonlyMap<NodeId, number>;
  /** Films that are encoded now, for the first time. */
  readonly filmsEncoded: number;
  readonly brakedRegions: ReadonlySet<string>;
  /** By the assets that were planned before, in this round. */
  readonly promised: PromisedHomes;
}

export function readCluster(input: PlanInput): Cluster {
  const nodes = input.snapshot.nodes.toSorted((one, other) => (one.id < other.id ? -1 : 1));
  return {
    at: input.snapshot.at,
    settings: input.settings,
    nodes,
    byId: new Map(nodes.map((node) => [node.id, node])),
    homeCounts: input.homeCounts,
    loads: input.loads,
    encodeSpeeds: input.encodeSpeeds,
    filmsEncoded: countEncoded(input.snapshot.assets),
    brakedRegions: input.brakedRegions,
    promised: new PromisedHomes(),
  };
}

// Of which nobody can play all that is to be played first.
function countEncoded(views: readonly AssetView[]): number {
  return views.filter(({ asset: { state, probe, measured } }) => {
    return (state === "processing" || state === "playable") && probe !== null && measured === null;
  }).length;
}

/** May be given new work and new copies. */
export function isSchedulable(node: NodeRecord | undefined): boolean {
  return node?.health === "up" && node.scheduling === "active";
}

/** Is to have no copies in the end. */
export function isLeaving(node: NodeRecord): boolean {
  return node.scheduling === "draining" || node.scheduling === "drained";
}

/**
 * How many verified copies of a piece are enough now: as many as wanted, or as there are nodes to hold them.
 * A suspect node counts, so that a short silence does not lower the bar.
 */
export function copiesWanted(asset: AssetRecord, cluster: Cluster): number {
  const able = cluster.nodes.filter(
    (node) => node.health !== "down" && node.scheduling === "active" && mayHold(asset, node),
  );
  return Math.min(asset.replicasWanted, able.length);
}

/** The same among homes that may be fewer, because no other node has the room. A home that is down takes no copies. */
export function copiesWantedOn(homes: readonly NodeId[], asset: AssetRecord, cluster: Cluster): number {
  const able = homes.filter((nodeId) => (cluster.byId.get(nodeId)?.health ?? "down") !== "down");
  return Math.max(1, Math.min(copiesWanted(asset, cluster), able.length));
}

/**
 * How many verified copies must stay when others are deleted. Nodes that are down or cordoned count too: a cluster
 * that is small only for an hour must not delete what it will miss.
 */
export function copiesToKeep(asset: AssetRecord, cluster: Cluster): number {
  return Math.min(asset.replicasWanted, Math.max(countLasting(asset, cluster), 1));
}

/** How many homes to aim at: those wanted, and what demand adds once it is finished. */
export function homesWanted(asset: AssetRecord): number {
  return asset.replicasWanted + (asset.state === "ready" ? asset.extraReplicas : 0);
}

/** As many of these as the cluster could have, now or when nodes that are away are back. */
export function homesPossible(asset: AssetRecord, cluster: Cluster): number {
  return Math.min(homesWanted(asset), Math.max(countLasting(asset, cluster), 1));
}

/** Whether what the node holds is not waited for any longer. A brake makes that later, because its region may return. */
export function isDownForGood(node: NodeRecord, cluster: Cluster): boolean {
  return isDownForTheHold(node, cluster) && !cluster.brakedRegions.has(node.region);
}

/** When the wall clock was set back, nobody knows for how long it has been down: then too. */
export function isDownForTheHold(node: NodeRecord, { at, settings }: Cluster): boolean {
  if (node.health !== "down") return false;
  return at - node.healthSince >= settings.repairHoldMs || node.healthSince - at > clockSlackMs;
}

/** Instants that lie further ahead were written before the wall clock was set back. */
const clockSlackMs = 60_000;

/** Pinned nodes may, wherever they stand. */
export function mayHold(
  wish: { readonly regions: readonly string[]; readonly pins: readonly NodeId[] },
  node: NodeRecord,
): boolean {
  return wish.pins.includes(node.id) || isInRegions(wish, node);
}

function countLasting(asset: AssetRecord, cluster: Cluster): number {
  return cluster.nodes.filter((node) => !isLeaving(node) && mayHold(asset, node)).length;
}

export function isInRegions(asset: { readonly regions: readonly string[] }, node: NodeRecord): boolean {
  return asset.regions.length === 0 || asset.regions.includes(node.region);
}
