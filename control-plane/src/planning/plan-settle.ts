// When an asset needs no more looks until something about it, or one of its nodes, changes.
import type { NodeId } from "@vstream/core/ids.ts";
import type { AssetRecord, NodeRecord } from "../catalog/records.ts";
import { copiesOf, holdsAll, plannedPieces } from "./asset-facts.ts";
import type { AssetFacts } from "./asset-facts.ts";
import { homesPossible, homesWanted, isLeaving, isSchedulable, mayHold } from "./cluster.ts";
import type { Cluster } from "./cluster.ts";
import type { Decision } from "./decisions.ts";
import { isForEveryHome } from "./keep-source.ts";

/** To be asked only when nothing else was decided. */
export function planSettle(facts: AssetFacts, cluster: Cluster): Decision[] {
  const { asset, view } = facts;
  if (view.openTasks.length > 0 || !isAtRest(facts, cluster)) return [];
  return [{ kind: "settle-asset", assetId: asset.id, manifestVersion: asset.manifestVersion }];
}

function isAtRest(facts: AssetFacts, cluster: Cluster): boolean {
  switch (facts.asset.state) {
    case "ready":
      return isWhole(facts, cluster);
    case "deleting":
      // What has no copy left is not made again in the trash, and no copy is too many there.
      return hasItsHomes(facts, cluster) && facts.asset.homes.every((home) => holdsWhatIsLeft(facts, home));
    default:
      return isSwept(facts);
  }
}

function isWhole(facts: AssetFacts, cluster: Cluster): boolean {
  const { homes, plan, nextEdition } = facts.asset;
  return (
    plan !== null &&
    nextEdition === null &&
    hasItsHomes(facts, cluster) &&
    homes.every((home) => holdsAll(facts, home)) &&
    plannedPieces(facts.view).every((pieceId) => copiesOf(facts, pieceId).length > 0) &&
    !hasUndecidedSurplus(facts, cluster)
  );
}

function hasItsHomes(facts: AssetFacts, cluster: Cluster): boolean {
  const { homes, leavingHomes } = facts.asset;
  return (
    leavingHomes.length === 0 &&
    homes.length >= homesPossible(facts.asset, cluster) &&
    !awaitsPinned(facts, cluster) &&
    homes.every((home) => isQuiet(home, facts, cluster))
  );
}

function holdsWhatIsLeft(facts: AssetFacts, home: NodeId): boolean {
  return [...facts.pieces.keys()].every((pieceId) => {
    const holders = copiesOf(facts, pieceId);
    if (!isForEveryHome(facts.asset, pieceId)) return true;
    return holders.length === 0 || holders.includes(home);
  });
}

// A pinned node that is away, or full, is to be a home again once it can.
function awaitsPinned({ asset }: AssetFacts, cluster: Cluster): boolean {
  return asset.pins.slice(0, homesWanted(asset)).some((pin) => {
    const node = cluster.byId.get(pin);
    return node !== undefined && !isLeaving(node) && !asset.homes.includes(pin);
  });
}

// One outside of the asset's regions goes as soon as a node in them can take its place: when there is none, only a node
// that joins, comes up or takes work again changes that.
function isQuiet(home: NodeId, { asset }: AssetFacts, cluster: Cluster): boolean {
  const node = cluster.byId.get(home);
  if (node?.health !== "up" || isLeaving(node)) return false;
  return mayHold(asset, node) || cluster.nodes.every((other) => !mayReplace(other, asset));
}

function mayReplace(node: NodeRecord, asset: AssetRecord): boolean {
  return isSchedulable(node) && mayHold(asset, node) && !asset.homes.includes(node.id);
}

// A suspect node's surplus is discarded once it is up again.
function hasUndecidedSurplus(facts: AssetFacts, cluster: Cluster): boolean {
  return facts.view.replicas.some(
    (replica) =>
      replica.state === "verified" &&
      !facts.asset.homes.includes(replica.nodeId) &&
      cluster.byId.get(replica.nodeId)?.health === "suspect",
  );
}

function isSwept(facts: AssetFacts): boolean {
  return facts.copies.size === 0;
}
