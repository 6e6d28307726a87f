// What planning knows of the nodes, read once from a snapshot, and the plain questions about them.
import type { NodeId } from "@vstream/core/ids.ts";
import type { AssetRecord, NodeRecord, Snapshot } from "../catalog/records.ts";

export interface PlanSettings {
  /** How long the home of a ready asset may be down before another node takes its place. */
  readonly repairHoldMs: number;
  /** How long a deleted asset, or what is left of a failed one, is kept. */
  readonly trashMs: number;
  /** How long an upload may take. */
  readonly uploadLimitMs: number;
  /** The most segments of one chunk; null: by the length of the source. */
  readonly maxChunkSegments: number | null;
}

export interface PlanInput {
  readonly snapshot: Snapshot;
  /** Of how many assets each node is a home, settled ones too. */
  readonly homeCounts: ReadonlyMap<NodeId, number>;
  readonly settings: PlanSettings;
}

export interface Cluster {
  readonly at: number;
  readonly settings: PlanSettings;
  /** In the order of their ids. */
  readonly nodes: readonly NodeRecord[];
  readonly byId: ReadonlyMap<NodeId, NodeRecord>;
  readonly homeCounts: ReadonlyMap<NodeId, number>;
}

export function readCluster(input: PlanInput): Cluster {
  const nodes = input.snapshot.nodes.toSorted((one, other) => (one.id < other.id ? -1 : 1));
  return {
    at: input.snapshot.at,
    settings: input.settings,
    nodes,
    byId: new Map(nodes.map((node) => [node.id, node])),
    homeCounts: input.homeCounts,
  };
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
    (node) => node.health !== "down" && node.scheduling === "active" && isInRegions(asset, node),
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
  const able = cluster.nodes.filter((node) => !isLeaving(node) && isInRegions(asset, node));
  return Math.min(asset.replicasWanted, Math.max(able.length, 1));
}

export function isInRegions(asset: { readonly regions: readonly string[] }, node: NodeRecord): boolean {
  return asset.regions.length === 0 || asset.regions.includes(node.region);
}
