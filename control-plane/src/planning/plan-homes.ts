// Which nodes are to hold an asset from now on: homes that can stay do, those that are gone are replaced, and one
// that is to leave stays in the list until its copies stand elsewhere.
import type { NodeId } from "@vstream/core/ids.ts";
import { sourcePieceId } from "@vstream/core/ids.ts";
import type { NodeRecord } from "../catalog/records.ts";
import { bytesExpected, holdsAll } from "./asset-facts.ts";
import type { AssetFacts } from "./asset-facts.ts";
import { isLeaving } from "./cluster.ts";
import type { Cluster } from "./cluster.ts";
import type { Decision } from "./decisions.ts";
import { placeHomes } from "./place-replica.ts";
import { mayLeave } from "./plan-drain.ts";

/** What becomes of a home: it stays, leaves when its copies stand elsewhere, is replaced when another can, is gone. */
type Verdict = "stay" | "leave" | "replace" | "gone";

/** The homes in serving order: those that are up first, then those that leave, then those that are down. */
export function planHomes(facts: AssetFacts, cluster: Cluster): readonly NodeId[] {
  const { asset } = facts;
  const withVerdict = (verdict: Verdict): NodeId[] =>
    asset.homes.filter((nodeId) => judge(nodeId, facts, cluster) === verdict);

  const staying = withVerdict("stay");
  const kept = bestOf(staying, facts);
  const picked = pickHomes(facts, cluster, kept);
  const settled = [...kept, ...picked];
  const missing = Math.max(0, asset.replicasWanted - settled.length);
  const awaited = withVerdict("replace").slice(0, missing);
  const leaving = [...withVerdict("leave"), ...staying.filter((nodeId) => !kept.includes(nodeId))];
  const waiting = leaving.filter((nodeId) => !mayLeave({ nodeId, facts, cluster, others: settled }));

  const before = asset.homes.filter((nodeId) => [...kept, ...awaited, ...waiting].includes(nodeId));
  return inServingOrder([...before, ...picked], facts, cluster);
}

/** The decision that makes them so; none when they are. */
export function homesDecision(facts: AssetFacts, homes: readonly NodeId[]): Decision[] {
  const same = homes.length === facts.asset.homes.length && homes.every((home, at) => home === facts.asset.homes[at]);
  return same ? [] : [{ kind: "set-homes", assetId: facts.asset.id, homes }];
}

function judge(nodeId: NodeId, facts: AssetFacts, cluster: Cluster): Verdict {
  const node = cluster.byId.get(nodeId);
  if (node === undefined) return "gone";
  // The client holds a ticket for this node and may come back to it; if it asks for another, that moves the upload.
  if (isReceiving(nodeId, facts) && !isLeaving(node)) return "stay";
  if (node.health === "down") return isDownForGood(node, facts, cluster) ? "replace" : "stay";
  if (isLeaving(node)) return "leave";
  if (node.scheduling === "cordoned" && !holdsAll(facts, nodeId)) return "leave";
  return "stay";
}

function isReceiving(nodeId: NodeId, facts: AssetFacts): boolean {
  return !facts.pieces.has(sourcePieceId) && facts.asset.homes[0] === nodeId;
}

// A reboot is to move nothing of an asset that can be played; one that is still being made must not wait for it.
function isDownForGood(node: NodeRecord, facts: AssetFacts, cluster: Cluster): boolean {
  const finished = facts.asset.state === "ready" || facts.asset.state === "deleting";
  return !finished || cluster.at - node.healthSince >= cluster.settings.repairHoldMs;
}

// More homes than wanted are left when a drain is called off: the completest stay.
function bestOf(staying: readonly NodeId[], facts: AssetFacts): NodeId[] {
  const byCompleteness = staying.toSorted(
    (one, other) => Number(holdsAll(facts, other)) - Number(holdsAll(facts, one)),
  );
  return byCompleteness.slice(0, facts.asset.replicasWanted);
}

function pickHomes(facts: AssetFacts, cluster: Cluster, kept: readonly NodeId[]): NodeId[] {
  const { asset } = facts;
  const discarding = facts.view.openTasks.flatMap((task) => (task.kind === "discard" ? (task.nodeId ?? []) : []));
  return placeHomes(
    {
      assetId: asset.id,
      regions: asset.regions,
      count: asset.replicasWanted - kept.length,
      bytes: bytesExpected(facts),
      staying: kept,
      except: [...asset.homes, ...discarding],
    },
    cluster,
  );
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
