// How far the emptying of a node is, for people: what it still waits for, and whether that can come at all.
import type { NodeId } from "@vstream/core/ids.ts";
import type { AssetView, NodeRecord } from "../catalog/records.ts";
import { bytesExpected, holdsAll, readAsset } from "./asset-facts.ts";
import type { AssetFacts } from "./asset-facts.ts";
import { isLeaving, isSchedulable, readCluster } from "./cluster.ts";
import type { Cluster, PlanInput } from "./cluster.ts";
import { candidatesFor } from "./place-replica.ts";
import { copiesNeededElsewhere, isHeldBy } from "./plan-drain.ts";
import { lacksRoom } from "./room.ts";

export interface HeldAsset {
  readonly nodeId: NodeId;
  /** Else it only holds pieces that the homes do not have yet. */
  readonly isHome: boolean;
  /** Whether as many other nodes as are needed have it, or may take it and have the room. */
  readonly othersCanTake: boolean;
}

/** For each asset of the snapshot, the draining nodes that it keeps. In small steps, as planByAsset. */
export function* findHeld(input: PlanInput): Generator<readonly HeldAsset[]> {
  const cluster = readCluster(input);
  const draining = cluster.nodes.filter((node) => node.scheduling === "draining");
  for (const view of draining.length === 0 ? [] : input.snapshot.assets) {
    const concerned = draining.filter((node) => isConcerned(node, view));
    if (concerned.length === 0) continue;
    const facts = readAsset(view, cluster);
    yield concerned
      .filter((node) => isHeldBy(node, facts, cluster))
      .map((node) => ({
        nodeId: node.id,
        isHome: facts.asset.homes.includes(node.id),
        othersCanTake: canGoElsewhere(node, facts, cluster),
      }));
  }
}

function isConcerned(node: NodeRecord, { asset, replicas }: AssetView): boolean {
  return asset.homes.includes(node.id) || replicas.some((replica) => replica.nodeId === node.id);
}

function canGoElsewhere(node: NodeRecord, facts: AssetFacts, cluster: Cluster): boolean {
  const { homes, pins, regions } = facts.asset;
  const staying = homes.filter((home) => home !== node.id && isLasting(cluster.byId.get(home), facts));
  const wish = { regions, pins, bytes: bytesExpected(facts), staying: [node.id], except: homes };
  const wanted = Math.max(1, copiesNeededElsewhere(facts, cluster, node));
  return staying.length + candidatesFor(wish, cluster).length >= wanted;
}

function isLasting(home: NodeRecord | undefined, facts: AssetFacts): boolean {
  if (home === undefined || home.health === "down" || isLeaving(home)) return false;
  return holdsAll(facts, home.id) || (isSchedulable(home) && !lacksRoom(home, facts));
}

export type DrainStep = "finishing tasks" | "copying" | "waiting for viewers" | "holding a last copy";

export interface DrainSituation {
  /** Of how many assets it is still a home, or holds what the homes do not have yet. */
  readonly assetsLeft: number;
  readonly tasksLeased: number;
  /** Whether any of these may go to other nodes: by region, schedulability and room. */
  readonly othersCanTake: boolean;
}

/** What a draining node waits for, in the order in which it goes; null for a node that is not draining. */
export function drainStep(node: Pick<NodeRecord, "scheduling">, situation: DrainSituation): DrainStep | null {
  if (node.scheduling !== "draining") return null;
  const { assetsLeft, othersCanTake, tasksLeased } = situation;
  if (tasksLeased > 0) return "finishing tasks";
  if (assetsLeft > 0) return othersCanTake ? "copying" : "holding a last copy";
  // Or, when these are gone already, for the next look at it.
  return "waiting for viewers";
}
