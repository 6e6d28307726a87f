// Which nodes are to hold an asset from now on: homes that can stay do, pinned nodes come first, those that are gone
// are replaced, and one that is to leave stays in the list until its copies stand elsewhere.
import { sourcePieceId } from "@vstream/core/ids.ts";
import type { NodeId } from "@vstream/core/ids.ts";
import { bytesExpected, holdsAll, isReceiving, openTask } from "./asset-facts.ts";
import type { AssetFacts } from "./asset-facts.ts";
import { homesWanted, isDownForGood, isLeaving, isSchedulable, mayHold } from "./cluster.ts";
import type { Cluster } from "./cluster.ts";
import type { Decision } from "./decisions.ts";
import type { NodeRecord } from "../catalog/records.ts";
import { keepBest } from "./keep-homes.ts";
import { candidatesFor, placeHomes } from "./place-replica.ts";
import type { PlacedHome, PlacementWish } from "./place-replica.ts";
import { mayLeave } from "./plan-drain.ts";
import { lacksRoom } from "./room.ts";

export interface HomesPlan {
  /** In serving order: those that are up first, then those that leave the cluster, then those that are down. */
  readonly homes: readonly NodeId[];
  /** Why, for those that are new. */
  readonly reasons: Readonly<Partial<Record<NodeId, string>>>;
}

/** What becomes of a home: it stays, leaves when its copies stand elsewhere, is replaced when another can, is gone. */
type Verdict = "stay" | "leave" | "replace" | "gone";

export function planHomes(facts: AssetFacts, cluster: Cluster): HomesPlan {
  const { asset } = facts;
  const withVerdict = (verdict: Verdict): NodeId[] =>
    asset.homes.filter((nodeId) => judge(nodeId, facts, cluster) === verdict);

  const staying = withVerdict("stay");
  const { kept, picked } = fillHomes(staying, facts, cluster);
  const settled = [...kept, ...picked.map(({ nodeId }) => nodeId)];
  const missing = Math.max(0, asset.replicasWanted - settled.length);
  const awaited = withVerdict("replace").slice(0, missing);
  const leaving = [...withVerdict("leave"), ...staying.filter((nodeId) => !kept.includes(nodeId))];
  const spare = spareHomes(homesWanted(asset) - settled.length, facts, cluster);
  const waiting = leaving.filter((nodeId) => {
    const others = [...settled, ...spare.filter((home) => home !== nodeId)];
    return !mayLeave({ nodeId, facts, cluster, others });
  });

  const before = asset.homes.filter((nodeId) => [...kept, ...awaited, ...waiting, ...spare].includes(nodeId));
  return {
    homes: inServingOrder([...before, ...picked.map(({ nodeId }) => nodeId)], facts, cluster),
    reasons: Object.fromEntries(picked.map(({ nodeId, reason }) => [nodeId, reason])),
  };
}

/** The decision that makes them so; none when they are. */
export function homesDecision({ asset }: AssetFacts, { homes, reasons }: HomesPlan): Decision[] {
  const same = homes.length === asset.homes.length && homes.every((home, at) => home === asset.homes[at]);
  return same ? [] : [{ kind: "set-homes", assetId: asset.id, expected: asset.homes, homes, reasons }];
}

function judge(nodeId: NodeId, facts: AssetFacts, cluster: Cluster): Verdict {
  const { asset } = facts;
  const node = cluster.byId.get(nodeId);
  if (node === undefined) return "gone";
  // The client holds a ticket for this node and may come back to it; if it asks for another, that moves the upload.
  // A source that a node fetches comes to another as well.
  const isAwaited = asset.sourceUrl === null || node.health !== "down";
  if (lackedRoom(nodeId, facts)) return "replace";
  if (isReceiving(nodeId, facts) && !isLeaving(node) && isAwaited) return "stay";
  if (asset.leavingHomes.includes(nodeId) && !asset.pins.includes(nodeId)) return "leave";
  if (node.health === "down") return isWaitedFor(node, facts, cluster) ? "stay" : "replace";
  if (isLeaving(node) || lacksRoom(node, facts) || !mayHold(asset, node)) return "leave";
  if (node.scheduling === "cordoned" && !holdsAll(facts, nodeId)) return "leave";
  return "stay";
}

// How large it is nobody knew before.
function lackedRoom(nodeId: NodeId, facts: AssetFacts): boolean {
  const fetch = openTask(facts, { kind: "fetch", pieceId: sourcePieceId, nodeId });
  return fetch?.error?.code === "storage_full" && fetch.state !== "leased" && !facts.asset.pins.includes(nodeId);
}

// Homes that were moved from, and that would be chosen again as soon as they were gone, because no other node can be;
// and those outside of the regions that the asset is to be in by now, while there are too few nodes in these.
function spareHomes(missing: number, facts: AssetFacts, cluster: Cluster): NodeId[] {
  const { asset } = facts;
  const goes = (nodeId: NodeId): boolean =>
    asset.leavingHomes.includes(nodeId) || isMisplaced(cluster.byId.get(nodeId), facts);
  return asset.homes
    .filter((nodeId) => goes(nodeId) && canStay(cluster.byId.get(nodeId), facts))
    .slice(0, Math.max(0, missing));
}

function isMisplaced(node: NodeRecord | undefined, { asset }: AssetFacts): boolean {
  return node !== undefined && !mayHold(asset, node);
}

function canStay(node: NodeRecord | undefined, facts: AssetFacts): boolean {
  return node !== undefined && isSchedulable(node) && !lacksRoom(node, facts);
}

// A reboot is to move nothing of an asset that can be played; one that is still being made must not wait for it.
function isWaitedFor(node: NodeRecord, facts: AssetFacts, cluster: Cluster): boolean {
  const isFinished = facts.asset.state === "ready" || facts.asset.state === "deleting";
  return isFinished && !isDownForGood(node, cluster);
}

interface Filling {
  readonly kept: readonly NodeId[];
  readonly picked: readonly PlacedHome[];
}

/** As many homes as wanted: pinned nodes, the best of those that can stay, and others for what is missing. */
function fillHomes(staying: readonly NodeId[], facts: AssetFacts, cluster: Cluster): Filling {
  const count = homesWanted(facts.asset);
  const ground = { facts, cluster, staying };
  const pinned = pinsToAdd(ground, count);
  const kept = keepBest({ ...ground, joining: pinned, count: count - pinned.length });
  const placed = placeHomes({ ...wishFor(facts), staying: kept, count: count - kept.length }, cluster);
  const firstExtra = Math.max(0, facts.asset.replicasWanted - kept.length);
  const picked = placed.map(({ nodeId, reason }, at) => {
    return { nodeId, reason: at >= firstExtra ? `one more for its viewers; ${reason}` : reason };
  });
  return { kept, picked };
}

interface PinGround {
  readonly facts: AssetFacts;
  readonly cluster: Cluster;
  readonly staying: readonly NodeId[];
}

// Only into the places of homes that may be given up for them: neither another pinned one, nor the one that the upload
// goes to.
function pinsToAdd({ facts, cluster, staying }: PinGround, count: number): NodeRecord[] {
  const { pins } = facts.asset;
  if (pins.length === 0) return [];
  const fixed = staying.filter((nodeId) => pins.includes(nodeId) || isReceiving(nodeId, facts));
  return candidatesFor({ ...wishFor(facts), staying }, cluster)
    .filter((node) => pins.includes(node.id))
    .toSorted((one, other) => pins.indexOf(one.id) - pins.indexOf(other.id))
    .slice(0, Math.max(0, count - fixed.length));
}

function wishFor(facts: AssetFacts): Omit<PlacementWish, "staying" | "count"> {
  const { asset } = facts;
  const discarding = facts.view.openTasks.flatMap((task) => (task.kind === "discard" ? (task.nodeId ?? []) : []));
  return {
    assetId: asset.id,
    regions: asset.regions,
    pins: asset.pins,
    bytes: bytesExpected(facts),
    except: [...asset.homes, ...discarding],
  };
}

function inServingOrder(homes: readonly NodeId[], facts: AssetFacts, cluster: Cluster): NodeId[] {
  const place = (nodeId: NodeId): number => {
    const node = cluster.byId.get(nodeId);
    if (isReceiving(nodeId, facts)) return 0;
    if (node === undefined || node.health === "down") return 3;
    return isLeaving(node) ? 2 : 1;
  };
  return homes.toSorted((one, other) => place(one) - place(other));
}
