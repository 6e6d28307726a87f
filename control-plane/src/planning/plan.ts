// The whole of planning: a snapshot in, decisions out. Pure and deterministic; the same snapshot gives the same
// decisions, and a snapshot in which they have been applied gives none of them again.
import type { AssetView } from "../catalog/records.ts";
import { readAsset } from "./asset-facts.ts";
import { readCluster } from "./cluster.ts";
import type { PlanInput } from "./cluster.ts";
import type { Decision } from "./decisions.ts";
import { planAsset } from "./plan-asset.ts";
import { planDrained } from "./plan-drain.ts";

export function plan(input: PlanInput): Decision[] {
  const cluster = readCluster(input);
  const assets = input.snapshot.assets.toSorted(inTurn).map((view) => readAsset(view, cluster));
  return [...assets.flatMap((facts) => planAsset(facts, cluster)), ...planDrained(assets, cluster)];
}

function inTurn(one: AssetView, other: AssetView): number {
  return other.asset.priority - one.asset.priority || (one.asset.id < other.asset.id ? -1 : 1);
}
